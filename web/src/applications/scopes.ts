import type { ApplicationBody } from "@openward/api";

type Kind = ApplicationBody["kind"];

export const kindWord: Readonly<Record<Kind, string>> = {
  public: "in a browser or a phone, without a secret",
  secret: "on a server, with a secret",
  key: "on a server, with its own keys",
  backend: "a program that acts for nobody",
};

/** What is usually asked for, by who acts; others are typed. */
const OFFERED: readonly { readonly scope: string; readonly words: string; readonly of: "person" | "nobody" }[] = [
  { scope: "openid", words: "Know that somebody has signed in", of: "person" },
  { scope: "fhirUser", words: "Know who has signed in", of: "person" },
  { scope: "launch", words: "Be opened from a patient's page", of: "person" },
  { scope: "launch/patient", words: "Ask which patient it is about", of: "person" },
  { scope: "offline_access", words: "Go on while the person is away", of: "person" },
  { scope: "patient/Patient.r", words: "Read name, birth date and record number of the one patient", of: "person" },
  { scope: "patient/Observation.rs", words: "Read measurements of the one patient", of: "person" },
  { scope: "user/Patient.rs", words: "Read who the patients are whom the person may see", of: "person" },
  { scope: "user/Observation.rs", words: "Read measurements of every patient whom the person may see", of: "person" },
  { scope: "system/Patient.rs", words: "Read who the patients are, every one", of: "nobody" },
  { scope: "system/Observation.rs", words: "Read measurements of every patient", of: "nobody" },
  {
    scope: "system/Observation.rs?category=vital-signs",
    words: "Read vital signs of every patient",
    of: "nobody",
  },
];

export const scopesFor = (kind: Kind) => OFFERED.filter(({ of }) => (of === "nobody") === (kind === "backend"));

/** As the server wants it: the ticked ones first, then what was typed, each once. */
export function scopeText(ticked: readonly string[], typed: string): string {
  return [...new Set([...ticked, ...typed.split(/\s+/).filter(Boolean)])].join(" ");
}

/** One address a line. */
export const linesOf = (text: string): string[] => text.split(/\s+/).filter(Boolean);

/** A JSON Web Key Set, or an address of one; "" is neither; undefined: it is not one of them. */
export function keysOf(text: string): { jwks?: { keys: Record<string, unknown>[] }; jwksUri?: string } | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return {};
  if (/^https?:\/\/\S+$/.test(trimmed)) return { jwksUri: trimmed };
  try {
    const parsed: unknown = JSON.parse(trimmed);
    if (typeof parsed !== "object" || parsed === null || !("keys" in parsed) || !Array.isArray(parsed.keys))
      return undefined;
    return { jwks: { keys: parsed.keys as Record<string, unknown>[] } }; // the server looks at each
  } catch {
    return undefined;
  }
}
