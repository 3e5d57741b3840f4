import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import type { Definitions } from "./data.ts";
import { guides } from "./guides/index.ts";

/** R4 and US Core as `make/main.ts` packed them: 0.9 MB of text in 60 kB, read when they are first needed; and what is restated here of others. */
export function loadDefinitions(): readonly Definitions[] {
  const packed = ["r4", "us-core"].map(
    (name) =>
      JSON.parse(
        brotliDecompressSync(readFileSync(new URL(`./generated/${name}.json.br`, import.meta.url))).toString("utf8"),
      ) as Definitions,
  );
  return [...packed, ...guides];
}
