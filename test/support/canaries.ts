/** Words and numbers that stand for what is known of one patient, and occur nowhere else. */
export const CANARY = {
  name: "Zqxvorkan, Ylmira",
  mrn: "ZQX-77-4419",
  birthDate: "1931-07-29",
  note: "zqxnotiz",
  body: "zqxrohtext",
  mail: "zqxmail@home.example",
  value: 71.83457,
  phone: "+99 555 0147 221",
} as const;

/** What is looked for: each also where it was split, escaped for an address, or written as base64. */
const WORDS = [
  "zqxvorkan",
  "ylmira",
  "zqx-77-4419",
  "1931-07-29",
  "zqxnotiz",
  "zqxrohtext",
  "zqxmail",
  "71.83457",
  "555 0147",
];

const PATTERNS: readonly (readonly [what: string, pattern: string])[] = WORDS.flatMap((word) => [
  [word, word] as const,
  [`${word} in an address`, encodeURIComponent(word).toLowerCase()] as const,
]);

/** base64 of a word depends on where in its text it begins: three ways, without the letters that its neighbours share. */
const BASE64 = [CANARY.name, CANARY.mrn, CANARY.note, CANARY.body, String(CANARY.value)].flatMap((word) =>
  [0, 1, 2].map((shift) => {
    const text = Buffer.from(`${" ".repeat(shift)}${word}`)
      .toString("base64")
      .replace(/=+$/, "");
    return [`${word} as base64`, text.slice(shift === 0 ? 0 : shift + 1, -1)] as const;
  }),
);

/** Which canaries are in a text. */
export function canariesIn(text: string): string[] {
  const lower = text.toLowerCase();
  const plain = PATTERNS.filter(([, pattern]) => lower.includes(pattern)).map(([what]) => what);
  const encoded = BASE64.filter(([, pattern]) => text.includes(pattern)).map(([what]) => what);
  return [...new Set([...plain, ...encoded])];
}

type Json = Readonly<Record<string, unknown>>;

/** A value in the form of a JSON schema, with canaries wherever text is free. */
export function filled(schema: unknown, known: Readonly<Record<string, unknown>>, name = ""): unknown {
  const s = schema as Json;
  if (name in known) return known[name];
  if (s.const !== undefined) return s.const;
  if (Array.isArray(s.enum)) return s.enum[0];
  const choice = (s.anyOf ?? s.oneOf) as unknown[] | undefined;
  if (choice) return filled(choice[0], known, name);
  if (Array.isArray(s.allOf)) return Object.assign({}, ...s.allOf.map((one) => filled(one, known, name)));
  switch (s.type) {
    case "object":
      return Object.fromEntries(
        Object.entries((s.properties ?? {}) as Json).map(([key, value]) => [key, filled(value, known, key)]),
      );
    case "array":
      return [filled(s.items ?? {}, known, name)];
    case "number":
    case "integer":
      return s.minimum ?? CANARY.value;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return `${CANARY.note} of ${CANARY.name}`.slice(0, Number(s.maxLength ?? 200));
  }
}
