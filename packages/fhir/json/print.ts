/**
 * JSON text of a resource or a part of one, decimals as they were written.
 *
 * @param value what `parseFhir` gives, or a plain object; members that are undefined are left out
 */
export function printFhir(value: unknown, { pretty = false }: { readonly pretty?: boolean } = {}): string {
  return JSON.stringify(value, undefined, pretty ? 2 : undefined);
}
