// What packages/physiology is worth on recordings of real people: npm run validate -- --data DIR [--task qrs] [--records] [--write]
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Report, sectionOf } from "./report.ts";
import { tasks } from "./tasks/index.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: join(import.meta.dirname, "../../shared/data") },
    task: { type: "string", multiple: true },
    records: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const { data, records } = values;
const unknown = (values.task ?? []).filter((id) => !tasks.some((task) => task.id === id));
if (unknown.length > 0 || !existsSync(data)) {
  const why = existsSync(data)
    ? `unknown: ${unknown.join(", ")}; there are ${tasks.map(({ id }) => id).join(", ")}`
    : `there is no folder ${data}`;
  console.error(why);
  process.exit(2);
}
const reports: Report[] = [];
for (const task of tasks) {
  if (values.task && !values.task.includes(task.id)) continue;
  const missing = task.needs.filter((folder) => !existsSync(join(data, folder)));
  if (missing.length > 0) {
    console.error(`${task.id}: left out, there is no ${missing.join(", ")}`);
    continue;
  }
  console.error(`${task.id} ...`);
  const report = { task, result: await task.run(data) };
  reports.push(report);
  console.log(`${sectionOf(report, data, records)}\n`);
}
if (values.write) {
  const head =
    "# Validation\n\nWhat `packages/physiology` is worth on recordings of real people. Written by `npm run validate -- --data DIR --write`; the recordings are not part of this repository. Development results.";
  const text = [head, ...reports.map((report) => sectionOf(report, data, false))].join("\n\n");
  writeFileSync(join(import.meta.dirname, "../docs/validation.md"), `${text}\n`);
}
