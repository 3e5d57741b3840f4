import type { StoredVersion, Whose } from "@openward/fhir/store";
import type { BulkCursor, BulkPiece, BulkRequest } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { reachOfTexts } from "../write/reach.ts";
import { isReached, reachOf } from "../written/reach.ts";

/** In place of a type: what was deleted since comes behind everything that is there. */
export const DELETED = "deleted";

const AT_ONCE = 500;
const EVERYBODY: Whose = { isWithoutPatients: false, onlyPatients: undefined, withoutPatients: [] };

/**
 * What was deleted since the export before, as transactions that delete it, newest first. What is there again is not in it.
 *
 * @source FHIR Bulk Data Access 2.0, "deleted" of the manifest
 */
export async function* deletedPieces(
  context: RecordContext,
  request: BulkRequest,
  from: BulkCursor | null,
): AsyncGenerator<BulkPiece> {
  const { written, view } = context;
  const { since, types } = request;
  if (!written || since === undefined || (from && !from.after)) return;
  const wanted = request.patientIds && new Set(request.patientIds.flatMap((id) => view.recordsOf(id)));
  const isWanted = ({ patientIds }: StoredVersion) =>
    request.level === "system" && !wanted
      ? true
      : patientIds.length > 0 && (!wanted || patientIds.some((id) => wanted.has(id)));
  const reaches = new Map<string, Whose | undefined>(types.map((type) => [type, whoseOf(context, type)]));
  for (let before = from?.after === undefined ? undefined : Number(from.after[0]); ; ) {
    const page = await written.resources.history(view.principal, {
      since,
      ...(before === undefined ? {} : { before }),
      limit: AT_ONCE,
      whose: EVERYBODY,
    });
    const gone: StoredVersion[] = [];
    for (const one of page) {
      await context.turn();
      const whose = reaches.get(one.type);
      if (one.method !== "DELETE" || !whose || !isReached(view, whose, one.patientIds) || !isWanted(one)) continue;
      const newest = await written.resources.read(view.principal, one.type, one.id);
      if (newest?.version === one.version) gone.push(one);
    }
    before = page.at(-1)?.change ?? before;
    const groups = [...Map.groupBy(gone, ({ patientIds }) => patientIds.join(" ")).values()];
    for (const [i, group] of groups.entries()) {
      const entry = group.map(({ type, id }) => ({ request: { method: "DELETE", url: `${type}/${id}` } }));
      yield {
        type: DELETED,
        patientIds: group[0]?.patientIds ?? [],
        signal: null,
        isWritten: true,
        lines: 1,
        text: `${JSON.stringify({ resourceType: "Bundle", type: "transaction", entry })}\n`,
        // Of a page all or nothing is done: its pieces are added together.
        cursor: { type: DELETED, patientId: "", part: i === groups.length - 1 ? "" : "more", after: [before ?? 0] },
      };
    }
    if (page.length < AT_ONCE) return;
  }
}

function whoseOf(context: RecordContext, type: string): Whose | undefined {
  if (type !== "Observation") return reachOf(context, type, "s");
  const reach = reachOfTexts(context, "s");
  // Of what is gone nobody can say whether it was within a scope that is cut down.
  return reach?.conditions.length === 0 ? reach.whose : undefined;
}
