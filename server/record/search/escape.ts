/** FHIR escapes `,` `|` `$` and `\` in search values with a backslash. */

/** Splits at a separator that is not escaped; the parts keep their escapes. */
export function splitUnescaped(text: string, separator: "," | "|"): string[] {
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

export function unescapeValue(text: string): string {
  return text.replaceAll(/\\([\\,|$])/g, "$1");
}
