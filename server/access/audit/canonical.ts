/** What the audit log is made of: whole numbers, and no undefined. */
export type Canonical =
  | null
  | boolean
  | number
  | string
  | readonly Canonical[]
  | { readonly [name: string]: Canonical };

/**
 * JSON in the one form that is hashed: members sorted by their names, no white space. What was parsed gives the same text
 * again, so that a text which does not is not ours.
 */
export function canonical(value: Canonical): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonical).join(",")}]`;
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name] as Canonical)}`);
  return `{${members.join(",")}}`;
}

const isList = (value: Canonical): value is readonly Canonical[] => Array.isArray(value);
