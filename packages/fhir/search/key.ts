import { RefusedInput } from "@openward/errors";

/** "code", "code:not", "subject:Patient" */
export interface Plain {
  readonly kind: "plain";
  readonly name: string;
  readonly modifier: string | undefined;
}

/** "subject:Patient.name:exact": what is referred to must be so. */
export interface Chain {
  readonly kind: "chain";
  readonly name: string;
  readonly type: string | undefined;
  /** Asked of what is referred to. */
  readonly rest: string;
}

/** "_has:Observation:patient:code": something refers to it, and is so. */
export interface Has {
  readonly kind: "has";
  readonly type: string;
  readonly reference: string;
  readonly rest: string;
}

export type Asked = Plain | Chain | Has;

/** Chains of chains of chains: each step is a search. */
const DEPTH_MAX = 4;

/**
 * What the name of a search parameter asks for.
 *
 * @throws RefusedInput PARAMETER_UNKNOWN where it has no such form
 */
export function parseKey(key: string): Asked {
  if ((key.match(/\./g)?.length ?? 0) + (key.match(/_has:/g)?.length ?? 0) > DEPTH_MAX)
    throw new RefusedInput("PARAMETER_UNKNOWN", {
      at: `http.${printable(key)}`,
      expected: `at most ${DEPTH_MAX} steps`,
    });
  if (key.startsWith("_has:")) {
    const [, type, reference, rest] = /^_has:([A-Z][A-Za-z]+):([a-z][\w-]*):(.+)$/s.exec(key) ?? [];
    if (type === undefined || reference === undefined || rest === undefined)
      throw unknown(key, "_has:Type:reference:name");
    return { kind: "has", type, reference, rest };
  }
  const [, name, qualifier, dotted] = /^([_a-z][\w-]*)(?::([\w-]+))?(?:\.(.+))?$/s.exec(key) ?? [];
  if (name === undefined) throw unknown(key, "the name of a parameter");
  if (dotted === undefined) return { kind: "plain", name, modifier: qualifier };
  return { kind: "chain", name, type: qualifier, rest: dotted };
}

const unknown = (key: string, expected: string) =>
  new RefusedInput("PARAMETER_UNKNOWN", { at: `http.${printable(key)}`, expected });

/** A name that came from outside, fit for an answer. */
export function printable(name: string): string {
  return name.replaceAll(/[^\w:.-]/g, "?").slice(0, 64);
}

/** Splits at a separator that is not escaped; the parts keep their escapes. */
export function splitUnescaped(text: string, separator: "," | "|" | "$"): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === separator) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}

/** FHIR escapes `,` `|` `$` and `\` with a backslash. */
export function unescapeValue(text: string): string {
  return text.replaceAll(/\\([\\,|$])/g, "$1");
}
