import type { CodeableConcept, Coding } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { splitUnescaped, unescapeValue } from "@openward/fhir/search";
import type { ParameterValue } from "./query.ts";

/** `system|code`; `system` undefined: any, "" : none; `code` undefined: any of that system. */
export interface Token {
  readonly system?: string;
  readonly code?: string;
}

/** @throws RefusedInput FIELD_INVALID */
export function parseTokens({ value, at }: ParameterValue): Token[] {
  return splitUnescaped(value, ",").map((part) => {
    const pieces = splitUnescaped(part, "|").map((piece) => unescapeValue(piece).trim());
    const [first = "", second] = pieces;
    if (pieces.length > 2 || (first === "" && (second ?? "") === "")) {
      throw new RefusedInput("FIELD_INVALID", { at, expected: "code, system|code or system|" });
    }
    if (second === undefined) return { code: first };
    return { system: first, ...(second === "" ? {} : { code: second }) };
  });
}

export function tokenMatches(token: Token, coding: Pick<Coding, "system" | "code">): boolean {
  if (token.system !== undefined && token.system !== (coding.system ?? "")) return false;
  return token.code === undefined || token.code === coding.code;
}

/** Every occurrence (AND) has a token (OR) that one of the codings answers to. */
export function matchesTokens(
  occurrences: readonly (readonly Token[])[],
  concepts: readonly CodeableConcept[],
): boolean {
  return occurrences.every((tokens) =>
    tokens.some((token) => concepts.some(({ coding }) => coding?.some((c) => tokenMatches(token, c)) ?? false)),
  );
}

/** The same for identifiers: `value` stands where a coding has its code. */
export function matchesIdentifier(
  occurrences: readonly (readonly Token[])[],
  identifiers: readonly { readonly system?: string; readonly value?: string }[],
): boolean {
  return occurrences.every((tokens) =>
    tokens.some((token) =>
      identifiers.some(({ system, value }) =>
        tokenMatches(token, {
          ...(system === undefined ? {} : { system }),
          ...(value === undefined ? {} : { code: value }),
        }),
      ),
    ),
  );
}
