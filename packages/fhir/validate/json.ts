/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** No list, and no number that is kept as it was written. */
export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Number);
