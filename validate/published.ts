import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Published {
  readonly task: string;
  readonly method: string;
  readonly citation: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly checked: string;
}

/** Figures of others that DIR has; nothing of them is known here. @param beginning of the task's name */
export function publishedIn(dir: string, beginning: string): string[][] {
  const file = join(dir, "reference-results/reference-results.json");
  if (!existsSync(file)) return [];
  const all: readonly Published[] = JSON.parse(readFileSync(file, "utf8"));
  return all
    .filter(({ task }) => task.startsWith(beginning))
    .map(({ task, method, values, citation, checked }) => [
      method,
      task,
      JSON.stringify(values).replace(/[{}"]/g, "").replaceAll(",", ", "),
      citation,
      checked.startsWith("seen") ? "seen" : "recalled",
    ]);
}
