import type { AuditQueries } from "./queries.ts";
import type { AuditRecord } from "./record.ts";

const PAGE = 1_000;
const GIVEN_AWAY = new Set([
  "command.export",
  "export.created",
  "api.exportMine",
  "api.exportPatient",
  "feed.send",
  "subscription.send",
]);

/** Accounting of disclosures: what of a patient went to programs, and out of the house as files; newest first. */
export async function disclosuresOf(
  queries: Pick<AuditQueries, "search">,
  organisationId: string,
  { patientIds, from, to }: { readonly patientIds: readonly string[]; readonly from: number; readonly to: number },
): Promise<AuditRecord[]> {
  const found: AuditRecord[] = [];
  for (let before: string | undefined; ; ) {
    const query = { patientIds, from, to, outcome: "allowed", before, limit: PAGE };
    const page = await queries.search(organisationId, query);
    found.push(...page.filter(isDisclosure));
    if (page.length < PAGE) return found;
    before = page.at(-1)?.id;
  }
}

/** To a program, which may hand it on, or out of the house as files. */
function isDisclosure({ who, code, action }: AuditRecord): boolean {
  if (GIVEN_AWAY.has(code)) return true;
  return (who.kind === "token" || who.kind === "application") && (action === "R" || code.startsWith("fhir."));
}
