import type { Resource } from "@medplum/fhirtypes";
import type { Resource as Plain } from "@openward/fhir/json";
import type { Condition, StoredResource } from "@openward/fhir/store";
import { applyView, parseView } from "@openward/fhir/view";
import type { BulkCursor, BulkPiece, BulkRequest, PatientView } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { everythingOf } from "../operations/everything.ts";
import { ofOne, within } from "../reach.ts";
import { redactedResource } from "../redaction.ts";
import { GATEWAY_ID } from "../resources/gateway.ts";
import { reachOfTexts } from "../write/reach.ts";
import { resourceOf } from "../written/present.ts";
import { readQuery } from "../written/query.ts";
import { isReached, reachOf } from "../written/reach.ts";
import { DELETED, deletedPieces } from "./deleted.ts";
import { measuredPieces } from "./measured.ts";

const WRITTEN_AT_ONCE = 500;
const LINES_MAX = 4_000;

/** Types of which the house makes resources about a patient. */
export const MADE_TYPES: ReadonlySet<string> = new Set([
  "Patient",
  "Device",
  "DeviceMetric",
  "DeviceUseStatement",
  "Observation",
  "Consent",
  "Provenance",
]);

/** A resource as its line, of what may be told and was asked for. */
export type LineText = (resource: Resource) => string;

/**
 * What an export says, in an order that is the same each time, from behind `from` on. Each piece is looked at through the view
 * when it is made; who takes them decides the pace.
 */
export async function* piecesOf(
  context: RecordContext,
  request: BulkRequest,
  from: BulkCursor | null,
): AsyncGenerator<BulkPiece> {
  const { types } = request;
  const first = from ? Math.max(0, types.indexOf(from.type)) : 0;
  if (from?.type === DELETED) return yield* deletedPieces(context, request, from);
  for (const type of types.slice(first)) {
    const behind = from?.type === type ? from : null;
    // What others wrote comes behind what the house makes: it is of no one patient's turn.
    const isMade = MADE_TYPES.has(type);
    const isOfTexts = !isMade || behind?.patientId === "";
    if (!isOfTexts) yield* madePieces(context, request, type, behind);
    // A patient is one record, here and there.
    if (type !== "Patient") yield* writtenPieces(context, request, type, isOfTexts ? behind : null);
  }
  yield* deletedPieces(context, request, null);
}

/** Patients in an order that does not change, from the one on where it stopped. */
function patientsOf(view: PatientView, { patientIds }: BulkRequest, from: BulkCursor | null): string[] {
  const wanted = patientIds && new Set(patientIds);
  return view
    .patientIds()
    .filter((id) => (!wanted || wanted.has(id)) && id >= (from?.patientId ?? ""))
    .sort();
}

async function* madePieces(
  whole: RecordContext,
  request: BulkRequest,
  type: string,
  from: BulkCursor | null,
): AsyncGenerator<BulkPiece> {
  const context = within(whole, type, "s");
  const textOf = lineTextOf(context, request);
  let hasGateway = false;
  for (const patientId of patientsOf(context.view, request, from)) {
    const behind = from?.patientId === patientId ? from : null;
    if (type === "Observation") {
      yield* measuredPieces(context, request, patientId, behind, textOf);
      continue;
    }
    if (behind) continue;
    const one = { ...context, view: ofOne(context.view, patientId) };
    const part = everythingOf(one, patientId).find((each) => each.type === type);
    if (!part) continue;
    const cursor = { type, patientId, part: "", after: undefined };
    const lines: string[] = [];
    for await (const resource of part.resources()) {
      await context.turn();
      // The house is the same gateway to all of them.
      const isGateway = type === "Device" && resource.id === GATEWAY_ID;
      if (isGateway && hasGateway) continue;
      hasGateway ||= isGateway;
      if (isSince(resource, request.since)) lines.push(textOf(resource));
    }
    if (lines.length > 0 && context.view.has(patientId))
      yield {
        type,
        patientIds: [patientId],
        signal: null,
        isWritten: false,
        lines: lines.length,
        text: lines.join(""),
        cursor,
      };
  }
}

async function* writtenPieces(
  context: RecordContext,
  request: BulkRequest,
  type: string,
  from: BulkCursor | null,
): AsyncGenerator<BulkPiece> {
  const { written, view } = context;
  const texts = type === "Observation" ? reachOfTexts(context, "s") : undefined;
  if (!written || (type === "Observation" && !texts)) return;
  const textOf = lineTextOf(context, request);
  const wanted = request.patientIds && new Set(request.patientIds.flatMap((id) => view.recordsOf(id)));
  const isWanted = ({ patientIds }: StoredResource) =>
    request.level === "system" && !wanted
      ? true
      : patientIds.length > 0 && (!wanted || patientIds.some((id) => wanted.has(id)));
  let after = String(from?.after?.[0] ?? "");
  if (from && !from.after) return;
  const filters = (request.filters[type] ?? []).map((filter): Condition => {
    const { conditions } = readQuery({ ...context, strict: true }, type, new URLSearchParams(filter));
    return { kind: "all", of: conditions };
  });
  // Of several any is enough.
  const conditions: Condition[] = [
    ...(filters.length > 0 ? [{ kind: "any", of: filters } as const] : []),
    ...(texts?.conditions ?? []),
  ];
  const asks = conditions.length > 0 ? conditions : undefined;
  for (;;) {
    const whose = texts?.whose ?? reachOf(context, type, "s");
    const page = asks
      ? await written.resources.search(view.principal, {
          type,
          conditions: [...asks, ...(request.since === undefined ? [] : [updatedFrom(request.since)])],
          sort: [{ by: "id", isDescending: false }],
          limit: WRITTEN_AT_ONCE,
          ...(after === "" ? {} : { after: [after, Number.MAX_SAFE_INTEGER] }),
          whose,
        })
      : await written.resources.list(view.principal, {
          types: [type],
          ...(request.since === undefined ? {} : { since: request.since }),
          ...(after === "" ? {} : { after: { type, id: after } }),
          limit: WRITTEN_AT_ONCE,
          whose,
        });
    const seen = page.filter((one) => isReached(view, whose, one.patientIds) && isWanted(one));
    after = page.at(-1)?.id ?? after;
    const groups = [...Map.groupBy(seen, ({ patientIds }) => patientIds.join(" ")).values()];
    for (const [i, group] of groups.entries()) {
      await context.turn();
      const lines = group.map((one) => textOf(resourceOf(one) as unknown as Resource)); // it was held against R4
      const isLast = i === groups.length - 1;
      yield {
        type,
        patientIds: group[0]?.patientIds ?? [],
        signal: null,
        isWritten: true,
        lines: lines.length,
        text: lines.join(""),
        // Of a page all or nothing is done: its pieces are added together.
        cursor: { type, patientId: "", part: isLast ? "" : "more", after: [after] },
      };
    }
    if (page.length < WRITTEN_AT_ONCE) return;
  }
}

const updatedFrom = (since: number) => ({ kind: "updated" as const, anyOf: [{ lowFrom: since }] });

/** Redacted as the role asks, and in the elements that were asked for. */
export function lineTextOf({ view }: Pick<RecordContext, "view">, { elements }: BulkRequest): LineText {
  const { role } = view.principal;
  const shown = elements === undefined ? undefined : parseView({ _elements: elements });
  return (resource) => {
    const told = redactedResource(resource, role);
    return `${JSON.stringify(shown ? applyView(told as unknown as Plain, shown) : told)}\n`;
  };
}

export function isSince({ meta }: Pick<Resource, "meta">, since: number | undefined): boolean {
  return since === undefined || meta?.lastUpdated === undefined || Date.parse(meta.lastUpdated) >= since;
}

/** Lines of one stream, as they are put together. */
export class Lines {
  #parts: string[] = [];
  #bytes = 0;

  get count(): number {
    return this.#parts.length;
  }

  get isFull(): boolean {
    return this.#parts.length >= LINES_MAX || this.#bytes >= 4_000_000;
  }

  add(line: string): void {
    this.#parts.push(line);
    this.#bytes += line.length;
  }

  take(): { lines: number; text: string } {
    const taken = { lines: this.#parts.length, text: this.#parts.join("") };
    this.#parts = [];
    this.#bytes = 0;
    return taken;
  }
}
