import names from "./types.json" with { type: "json" };

/** Types of R4 whose resources are kept as they were written; all others are made here from what the house knows. */
export const writtenTypes: readonly string[] = names;
const known: ReadonlySet<string> = new Set(names);

export const isWrittenType = (type: string): boolean => known.has(type);
