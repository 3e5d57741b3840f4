import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";

/** What was acknowledged, on disk: a line counts only after it is flushed. */
export interface Ledger {
  note(line: string): void;
  /** Flush what was noted; how many lines are safe now. */
  flush(): number;
  /** Reads the file back, not the memory. */
  lines(): string[];
  close(): void;
}

export function openLedger(path: string): Ledger {
  const file = openSync(path, "a");
  let pending: string[] = [];
  let safe = 0;
  const flush = () => {
    if (pending.length > 0) {
      writeSync(file, `${pending.join("\n")}\n`);
      fdatasyncSync(file);
      safe += pending.length;
      pending = [];
    }
    return safe;
  };
  return {
    note: (line) => void pending.push(line),
    flush,
    lines: () => readFileSync(path, "utf8").split("\n").filter(Boolean),
    close() {
      flush();
      closeSync(file);
    },
  };
}
