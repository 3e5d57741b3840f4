import pino from "pino";

export type Logger = pino.Logger;

/** JSON lines on standard error. What goes in has no names, identifiers or values of patients; headers never go in. */
export function createLog(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ["*.token", "*.password", "*.authorization", "*.cookie"],
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
