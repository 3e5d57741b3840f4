import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import type { Definitions } from "./data.ts";

/** R4 and US Core as `make/main.ts` packed them: 0.9 MB of text in 60 kB, read when they are first needed. */
export function loadDefinitions(): readonly Definitions[] {
  return ["r4", "us-core"].map(
    (name) =>
      JSON.parse(
        brotliDecompressSync(readFileSync(new URL(`./generated/${name}.json.br`, import.meta.url))).toString("utf8"),
      ) as Definitions,
  );
}
