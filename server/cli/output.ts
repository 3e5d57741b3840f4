import { OutsideTrouble, RefusedInput } from "@openward/errors";

/** Exit codes of every command. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** With --json one JSON object goes to standard output and nothing else; without, lines for a person. */
export function print(isJson: boolean, result: Record<string, unknown>, lines: readonly string[]): void {
  process.stdout.write(isJson ? `${JSON.stringify(result)}\n` : `${lines.join("\n")}\n`);
}

/** Progress and advice go to standard error, so that standard output stays clean for programs. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** An error as a person or a program reads it, and the exit code that goes with it. */
export function fail(error: unknown, isJson: boolean): number {
  const isExpected = error instanceof RefusedInput || error instanceof OutsideTrouble;
  const code = isExpected ? error.code : "INTERNAL";
  const message = error instanceof Error ? error.message : String(error);
  if (isJson) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  else tell(isExpected ? message : `failed: ${error instanceof Error ? (error.stack ?? message) : message}`);
  return error instanceof RefusedInput && error.code === "FIELD_INVALID" ? EXIT.usage : EXIT.failed;
}
