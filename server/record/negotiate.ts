import { RefusedInput } from "@openward/errors";

export const FHIR_JSON = "application/fhir+json";

const jsonTypes = new Set([FHIR_JSON, "application/json", "text/json", "application/*", "*/*"]);
const jsonFormats = new Set(["json", FHIR_JSON, "application/fhir json", "application/json", "text/json"]);

/**
 * May the answer be FHIR JSON of version 4.0? `_format` goes before `Accept`.
 *
 * @throws RefusedInput NOT_ACCEPTABLE
 */
export function negotiate(accept: string | undefined, format: string | undefined): void {
  if (format !== undefined) {
    const wanted = format.split(";")[0]?.trim().toLowerCase() ?? "";
    if (!jsonFormats.has(wanted)) throw new RefusedInput("NOT_ACCEPTABLE", { at: "http._format", expected: FHIR_JSON });
    return;
  }
  if (accept === undefined || accept.trim() === "") return;
  const acceptable = accept.split(",").some((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    if (!jsonTypes.has(type)) return false;
    return parameters.every((parameter) => {
      const [name, value = ""] = parameter.split("=").map((part) => part.trim());
      if (name === "q") return Number(value) > 0;
      return name !== "fhirversion" || value.replaceAll('"', "").startsWith("4.0");
    });
  });
  if (!acceptable) throw new RefusedInput("NOT_ACCEPTABLE", { at: "http.Accept", expected: FHIR_JSON });
}

/** `Prefer: handling=strict`. */
export function prefersStrict(prefer: string | string[] | undefined): boolean {
  const text = Array.isArray(prefer) ? prefer.join(",") : (prefer ?? "");
  return text.split(/[,;]/).some((part) => part.trim().toLowerCase().replaceAll('"', "") === "handling=strict");
}
