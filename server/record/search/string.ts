import { splitUnescaped, unescapeValue } from "@openward/fhir/search";
import type { ParameterValue } from "./query.ts";

/**
 * Is there a text that begins with the value, whatever the case and accents? `:contains` anywhere within, `:exact` as
 * it stands.
 */
export function matchesString(occurrences: readonly ParameterValue[], texts: readonly string[]): boolean {
  const folded = texts.map(fold);
  return occurrences.every(({ value, modifier }) =>
    splitUnescaped(value, ",").some((part) => {
      const wanted = unescapeValue(part).trim();
      if (modifier === "exact") return texts.includes(wanted);
      const like = fold(wanted);
      return folded.some((text) => (modifier === "contains" ? text.includes(like) : text.startsWith(like)));
    }),
  );
}

function fold(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
