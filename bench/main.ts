// Benchmarks, run by hand: npm run bench [-- throughput latency queries sealed start blocks access revocation turns codecs codecs-hl7 files fhir fhir-text fhir-validate physiology], or npm run bench -- store
import { access } from "./access/main.ts";
import { blocks } from "./blocks.ts";
import { codecs } from "./codecs.ts";
import { hl7Rows } from "./codecs-hl7.ts";
import { fhir } from "./fhir/main.ts";
import { fhirText } from "./fhir-text.ts";
import { fhirValidate } from "./fhir-validate.ts";
import { files } from "./files.ts";
import { latency } from "./latency.ts";
import { physiology } from "./physiology/main.ts";
import { queries } from "./queries.ts";
import { revocation } from "./revocation/main.ts";
import { sealed } from "./sealed.ts";
import { startAndMemory } from "./start-and-memory.ts";
import { store } from "./store/main.ts";
import { machine, table } from "./support.ts";
import { throughput } from "./throughput.ts";
import { turns } from "./turns.ts";

const parts = {
  throughput,
  latency,
  queries,
  sealed,
  start: startAndMemory,
  blocks,
  access,
  revocation,
  turns,
  codecs,
  "codecs-hl7": hl7Rows,
  files,
  fhir,
  "fhir-text": fhirText,
  "fhir-validate": fhirValidate,
  physiology,
} as const;

const wanted = process.argv.slice(2);
// Long, with options and parts of its own: never run by the way.
if (wanted[0] === "store") {
  console.log(`machine: ${machine()}; load generator, server and PostgreSQL together\n`);
  await store(wanted.slice(1), (line) => console.error(line));
  process.exit();
}
const unknown = wanted.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}
console.log(`machine: ${machine()}; load generator, server and PostgreSQL together\n`);
for (const [name, run] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`running ${name} ...`);
  console.log(`${table(await run())}\n`);
}
