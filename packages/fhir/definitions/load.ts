import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import type { Definitions } from "./data.ts";
import { backport } from "./guides/backport.ts";
import { balp } from "./guides/balp.ts";
import { cgm } from "./guides/cgm.ts";
import { openward } from "./guides/openward.ts";
import { pcf } from "./guides/pcf.ts";
import { phd } from "./guides/phd.ts";
import { pocd } from "./guides/pocd.ts";
import { smart } from "./guides/smart.ts";

/** R4 and US Core as `make/main.ts` packed them: 0.9 MB of text in 60 kB, read when they are first needed; and what is restated here of others. */
export function loadDefinitions(): readonly Definitions[] {
  const packed = ["r4", "us-core"].map(
    (name) =>
      JSON.parse(
        brotliDecompressSync(readFileSync(new URL(`./generated/${name}.json.br`, import.meta.url))).toString("utf8"),
      ) as Definitions,
  );
  return [...packed, balp, pcf, phd, pocd, cgm, smart, backport, openward];
}
