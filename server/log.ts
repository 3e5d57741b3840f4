import pino from "pino";

export type Logger = pino.Logger;

/** JSON lines on standard error. What goes in has no names, identifiers or values of patients; headers never go in. */
export function createLog(level: string, destination: pino.DestinationStream = standardError()): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ["*.token", "*.password", "*.authorization", "*.cookie"],
      serializers: { err: faultOf, reason: withoutQuotes },
    },
    destination,
  );
}

const standardError = () => pino.destination({ fd: 2, sync: true });

/** Facts of a database's error that name our own tables, never what is in them. */
const OURS = ["code", "syscall", "severity", "table", "constraint", "routine"] as const;
const CAUSES_MAX = 3;

/**
 * An error as the log may have it. A database's detail and a parser's message quote what they were given, which may be a
 * patient's name: quotations and everything that is not known to be ours stay out.
 */
export function faultOf(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { name: typeof error };
  const facts = Object.fromEntries(
    OURS.flatMap((key) => {
      const value = (error as unknown as Record<string, unknown>)[key];
      return typeof value === "string" ? [[key, value]] : [];
    }),
  );
  const places = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const hasCause = error.cause !== undefined && depth < CAUSES_MAX;
  return {
    name: error.name,
    ...facts,
    message: withoutQuotes(error.message),
    stack: places.slice(0, 20).join("\n"),
    ...(hasCause ? { cause: faultOf(error.cause, depth + 1) } : {}),
  };
}

/** What stands in double quotes is what came in, in the messages of PostgreSQL and of JSON.parse; "Received" is our own word for it. */
export function withoutQuotes(text: unknown): unknown {
  if (typeof text !== "string") return text;
  return text.replaceAll(/"[^"]*("|$)/g, '"..."').replace(/ Received .*$/s, "");
}
