import { definitions } from "../written/definitions.ts";

/** Whom others are about comes first, what is made of Observations last: so that little has to wait for what it names. */
const FIRST = ["Patient", "RelatedPerson", "Device", "DeviceMetric"];
const LAST = ["Observation", "DiagnosticReport", "Composition", "List", "Provenance", "Bundle"];

/** In which order files are written: places of the types that are given. */
export function inOrder(types: readonly string[]): number[] {
  const { compartment } = definitions();
  const ofPatients = new Set(
    compartment.resource.filter(({ param }) => (param?.length ?? 0) > 0).map(({ code }) => code),
  );
  const rank = (type: string): number => {
    if (FIRST.includes(type)) return 1 + FIRST.indexOf(type);
    if (LAST.includes(type)) return 100 + LAST.indexOf(type);
    return ofPatients.has(type) ? 50 : 0;
  };
  return [...types.keys()].sort((a, b) => rank(types[a] ?? "") - rank(types[b] ?? "") || a - b);
}
