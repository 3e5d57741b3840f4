import { publishedIn } from "./published.ts";
import type { Task, TaskResult } from "./task.ts";

export interface Report {
  readonly task: Task;
  readonly result: TaskResult;
}

/** One section of Markdown a task. @param withRecords a line for each record as well */
export function sectionOf({ task, result }: Report, dir: string, withRecords: boolean): string {
  const head = ["measure", "ours", "95 % interval, by record", "target", "reached"];
  const lines = result.rows.map(({ measure, ours, interval, target, isReached }) => [
    measure,
    ours,
    interval ? `${interval[0]} to ${interval[1]}` : "",
    target ?? "",
    isReached === null ? "" : isReached ? "yes" : "**no**",
  ]);
  const parts = [`## ${task.title}`, table(head, lines), ...result.notes.map((note) => `- ${note}`)];
  const others = task.published === null ? [] : publishedIn(dir, task.published);
  if (others.length > 0)
    parts.push("Published by others:", table(["method", "on", "figures", "citation", "figure was"], others));
  if (withRecords) parts.push(table(result.records.head, result.records.lines));
  return joined(parts);
}

/** Notes stand together, everything else apart. */
const joined = (parts: readonly string[]) =>
  parts.reduce((text, part, i) => {
    const isNextNote = part.startsWith("- ") && parts[i - 1]?.startsWith("- ");
    return i === 0 ? part : `${text}${isNextNote ? "\n" : "\n\n"}${part}`;
  }, "");

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [row(head), row(head.map(() => "---")), ...lines.map(row)].join("\n");
}
