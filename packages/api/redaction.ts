import { type FieldKind, type PrincipalRole, withheldFrom } from "@openward/model";
import { z } from "zod";

const kinds = z.registry<{ readonly kind: FieldKind }>();

/** Says what a field tells, so that it can be withheld from a role (packages/model/redaction.ts). */
export function telling<T extends z.ZodType>(kind: FieldKind, schema: T): T {
  const own = schema.clone();
  kinds.add(own as z.ZodType, { kind });
  return own;
}

/** What stands in the place of a text that is withheld; a field that may be null is null, a choice is "unknown". */
export const WITHHELD_TEXT = "Withheld";

type Redactor = (value: unknown, withheld: ReadonlySet<FieldKind>) => unknown;

/** How a schema looks to who walks it. */
interface Shape {
  readonly def: {
    readonly type: string;
    readonly shape?: Readonly<Record<string, z.ZodType>>;
    readonly element?: z.ZodType;
    readonly innerType?: z.ZodType;
    readonly options?: readonly z.ZodType[];
  };
}

const compiled = new WeakMap<z.ZodType, Redactor | null>();

/** null: there is nothing beneath that could be withheld. */
function redactorOf(schema: z.ZodType): Redactor | null {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  compiled.set(schema, null);
  const made = compile(schema);
  compiled.set(schema, made);
  return made;
}

function compile(schema: z.ZodType): Redactor | null {
  const { def } = schema as unknown as Shape;
  const told = kinds.get(schema)?.kind;
  if (told !== undefined) {
    const instead = insteadOf(def);
    return (value, withheld) => (withheld.has(told) && value !== undefined ? instead : value);
  }
  switch (def.type) {
    case "object":
      return ofObject(def.shape ?? {});
    case "array": {
      const each = def.element && redactorOf(def.element);
      if (!each) return null;
      return (value, withheld) => (Array.isArray(value) ? value.map((one) => each(one, withheld)) : value);
    }
    case "nullable":
    case "optional":
    case "default": {
      const inner = def.innerType && redactorOf(def.innerType);
      return inner ? (value, withheld) => (value == null ? value : inner(value, withheld)) : null;
    }
    case "union":
      return ofUnion(def.options ?? []);
    default:
      return null;
  }
}

function ofObject(shape: Readonly<Record<string, z.ZodType>>): Redactor | null {
  const fields = Object.entries(shape).flatMap(([name, field]) => {
    const redact = redactorOf(field);
    return redact ? [[name, redact] as const] : [];
  });
  if (fields.length === 0) return null;
  return (value, withheld) => {
    if (typeof value !== "object" || value === null) return value;
    const told: Record<string, unknown> = { ...value };
    for (const [name, redact] of fields) if (name in told) told[name] = redact(told[name], withheld);
    return told;
  };
}

/** Of messages the one whose `type` it is; of others whichever it may be. */
function ofUnion(options: readonly z.ZodType[]): Redactor | null {
  const all = options.map((option) => ({ option, redact: redactorOf(option) })).filter(({ redact }) => redact);
  if (all.length === 0) return null;
  return (value, withheld) => {
    const one = all.find(({ option }) => option.safeParse(value).success);
    return one?.redact ? one.redact(value, withheld) : value;
  };
}

function insteadOf({ type, innerType }: Shape["def"]): unknown {
  if (type === "nullable") return null;
  if (type === "optional" && innerType) return undefined;
  return type === "enum" ? "unknown" : WITHHELD_TEXT;
}

/** What this role is shown of a body. The body itself stays as it is. */
export function redacted<T>(schema: z.ZodType, body: T, role: PrincipalRole): T {
  const withheld = withheldFrom(role);
  const redact = withheld.size === 0 ? null : redactorOf(schema);
  return redact ? (redact(body, withheld) as T) : body; // of the same schema
}

/** Every text in a schema and what it tells; undefined: nobody said. For the test that nothing is forgotten. */
export function textsOf(
  schema: z.ZodType,
  path = "",
  seen: readonly z.ZodType[] = [],
): Map<string, FieldKind | undefined> {
  const found = new Map<string, FieldKind | undefined>();
  if (seen.includes(schema)) return found;
  const { def } = schema as unknown as Shape;
  const told = kinds.get(schema)?.kind;
  const inside = (inner: z.ZodType | undefined, place: string) => {
    if (inner) for (const [name, kind] of textsOf(inner, place, [...seen, schema])) found.set(name, kind);
  };
  if (told !== undefined) found.set(path, told);
  else if (def.type === "string" && !("format" in def)) found.set(path, undefined);
  else if (def.type === "object")
    for (const [name, field] of Object.entries(def.shape ?? {})) inside(field, path === "" ? name : `${path}.${name}`);
  else if (def.type === "union") for (const option of def.options ?? []) inside(option, path);
  else inside(def.element ?? def.innerType, path);
  return found;
}
