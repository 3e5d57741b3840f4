import { saysGlucose } from "@openward/codecs/nightscout";
import { RefusedInput } from "@openward/errors";
import type { PatientView, Principal } from "@openward/model";
import { isHidden } from "@openward/signals/categories";
import type { Collection } from "./collections.ts";
import { type Condition, matches, valueAt } from "./filter.ts";
import { entryOf, type Glucose, glucoseOf, glucoseStreams } from "./glucose.ts";
import type { Content, Documents, Key, Reading, StoredDocument, Telemetry, Where } from "./ports.ts";

/** Who looks, and at whom. */
export interface Looker {
  readonly key: Key;
  readonly principal: Principal;
  readonly view: PatientView;
}

export interface Question {
  readonly conditions: readonly Condition[];
  /** ms UTC, both inclusive. */
  readonly from: number;
  readonly to: number;
  readonly isDescending: boolean;
  readonly limit: number;
  readonly skip: number;
  /** Left out: by time. */
  readonly sort?: string | undefined;
}

/** Nobody's question reads more than this. */
const SCANNED_MAX = 20_000;
const PAGE = 1_000;
/** Of what came late to a stream without documents, so much is looked for. */
const LATE_MS = 3 * 86_400_000;
const AHEAD_MS = 10 * 60_000;
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/** Answers from the store: glucose from what was measured, whatever device it came from; the rest as it was written. */
export function createLooking({
  documents,
  telemetry,
}: {
  readonly documents: Documents;
  readonly telemetry: Telemetry;
}) {
  const whereOf = ({ principal, view, key }: Looker, collection: Collection): Where => ({
    asker: principal,
    patientIds: view.recordsOf(key.patientId),
    collection: collection.name,
  });
  const isHiddenFrom = (looker: Looker, collection: Collection) =>
    isHidden(looker.view, looker.key.patientId, collection.signal);

  /** Documents that the question is about, one page after the other. */
  async function* written(looker: Looker, collection: Collection, { from, to, isDescending }: Question) {
    const where = whereOf(looker, collection);
    for (let skip = 0; skip < SCANNED_MAX; skip += PAGE) {
      const span = { from: Math.max(from, EARLIEST), to: Math.min(to, LATEST) };
      const page = await documents.find(where, {
        by: "at",
        ...span,
        isDescending,
        limit: PAGE,
        skip,
        withDeleted: false,
      });
      yield* page;
      if (page.length < PAGE) return;
    }
    throw tooCostly();
  }

  /** Readings of glucose with the documents that brought them. */
  async function* measured(looker: Looker, collection: Collection, question: Question): AsyncGenerator<Content> {
    const { from, to, isDescending, conditions, limit, skip } = question;
    const streamIds = await glucoseStreams(telemetry, looker.view, looker.key.patientId, typeAsked(conditions));
    if (streamIds.length === 0) return;
    // The arrow of the last of a page needs the one before it.
    const pageSize = Math.min(PAGE, limit + skip + 2 * streamIds.length);
    let after: { time: number; streamId: string; ordinal: number } | undefined;
    for (let scanned = 0; scanned < SCANNED_MAX; scanned += pageSize) {
      const page = await telemetry.readings(looker.view, {
        patientId: looker.key.patientId,
        streamIds,
        from: Math.max(from, EARLIEST),
        to: Math.min(to, LATEST) + 1,
        order: isDescending ? "descending" : "ascending",
        limit: pageSize,
        ...(after && { after }),
      });
      yield* await told(looker, collection, page);
      const last = page.at(-1);
      if (!last || page.length < pageSize) return;
      after = { time: last.time, streamId: last.stream.id, ordinal: last.ordinal };
    }
    throw tooCostly();
  }

  async function told(looker: Looker, collection: Collection, readings: readonly Reading[]): Promise<Content[]> {
    const found = readings.flatMap((reading) => glucoseOf(reading) ?? []);
    if (found.length === 0) return [];
    const brought = await broughtBy(looker, collection, found);
    const inOrder = [...found].sort((a, b) => a.reading.time - b.reading.time);
    const before = new Map<Glucose, Glucose>();
    const newest = new Map<string, Glucose>();
    for (const one of inOrder) {
      const earlier = newest.get(one.reading.stream.id);
      if (earlier) before.set(one, earlier);
      newest.set(one.reading.stream.id, one);
    }
    return found.map((one) => entryOf(one, brought.get(`${one.type} ${one.reading.time}`), before.get(one)));
  }

  async function broughtBy(looker: Looker, collection: Collection, found: readonly Glucose[]) {
    const times = found.map(({ reading }) => reading.time);
    const span = { from: Math.min(...times), to: Math.max(...times) };
    const where = whereOf(looker, collection);
    const limit = 4 * PAGE;
    const all = await documents.find(where, { by: "at", ...span, isDescending: false, limit, withDeleted: false });
    return new Map(all.map((document) => [`${document.content.type} ${document.at}`, document]));
  }

  async function take(
    parts: AsyncIterable<Content>,
    conditions: readonly Condition[],
    wanted: number,
  ): Promise<Content[]> {
    const taken: Content[] = [];
    for await (const one of parts) {
      if (!matches(one, conditions)) continue;
      taken.push(one);
      if (taken.length >= wanted) break;
    }
    return taken;
  }

  async function* asContent(found: AsyncIterable<StoredDocument>, isWanted: (document: StoredDocument) => boolean) {
    for await (const document of found) if (isWanted(document)) yield contentOf(document);
  }

  return {
    /** @throws RefusedInput SEARCH_TOO_COSTLY, FIELD_INVALID */
    async search(looker: Looker, collection: Collection, question: Question): Promise<Content[]> {
      if (isHiddenFrom(looker, collection)) return [];
      const { conditions, limit, skip, sort, isDescending } = question;
      // Sorted by something else, all that match must be known.
      const wanted = sort === undefined ? skip + limit : SCANNED_MAX;
      const isEntries = collection.name === "entries";
      const documentsToo = asContent(
        written(looker, collection, question),
        ({ content }) => !isEntries || !saysGlucose(content),
      );
      const type = isEntries ? typeAsked(conditions) : undefined;
      const ofDocuments = type === undefined ? await take(documentsToo, conditions, wanted) : [];
      const ofReadings = isEntries ? await take(measured(looker, collection, question), conditions, wanted) : [];
      const all = [...ofReadings, ...ofDocuments];
      const sign = isDescending ? -1 : 1;
      if (isEntries || sort !== undefined) all.sort((a, b) => sign * compare(a, b, sort ?? "date"));
      return all.slice(skip, skip + limit);
    },

    /** One document by either name; deleted ones too. */
    async find(looker: Looker, collection: Collection, name: string): Promise<StoredDocument | undefined> {
      if (isHiddenFrom(looker, collection)) return undefined;
      const named = { ids: [name.toLowerCase()], identifiers: [name], samenesses: [] };
      const found = await documents.same(whereOf(looker, collection), named);
      return found.find(({ identifier }) => identifier === name) ?? found[0];
    },

    /** What changed after this time, by the server's clock, the first of it first; deleted ones too. */
    async history(
      looker: Looker,
      collection: Collection,
      since: number,
      limit: number,
      now: number,
    ): Promise<Content[]> {
      if (isHiddenFrom(looker, collection)) return [];
      const where = whereOf(looker, collection);
      const asked = {
        by: "modified",
        from: since + 1,
        to: LATEST,
        isDescending: false,
        limit,
        withDeleted: true,
      } as const;
      const changed = await documents.find(where, asked);
      if (collection.name !== "entries") return changed.map(contentOf);
      const { view, key } = looker;
      const streamIds = await glucoseStreams(telemetry, view, key.patientId);
      const read = (from: number, to: number) =>
        streamIds.length === 0
          ? Promise.resolve([])
          : telemetry.readings(view, {
              patientId: key.patientId,
              streamIds,
              from,
              to,
              order: "ascending",
              limit: SCANNED_MAX,
            });
      const late = (await read(Math.max(EARLIEST, since - LATE_MS), now + AHEAD_MS)).filter(
        ({ receivedAt }) => receivedAt > since,
      );
      const lateOnes = await told(looker, collection, late);
      const lateIds = new Set(lateOnes.map(({ _id }) => _id));
      const glucose = changed.filter((one) => one.isValid && saysGlucose(one.content) && !lateIds.has(one.id));
      const times = glucose.map(({ at }) => at);
      const older =
        times.length === 0
          ? []
          : await told(looker, collection, await read(Math.min(...times), Math.max(...times) + 1));
      const wanted = new Set(glucose.map(({ id }) => id));
      const all = [
        ...changed.filter((one) => !one.isValid || !saysGlucose(one.content)).map(contentOf),
        ...lateOnes.filter(({ srvModified }) => (srvModified as number) > since),
        // What stands in quarantine, or was taken back since, is not told as if it had been measured.
        ...older.filter(({ _id }) => wanted.has(_id as string)),
      ];
      return all.sort((a, b) => compare(a, b, "srvModified")).slice(0, limit);
    },

    /** Of each collection when something of it changed last, ms UTC. */
    async lastModified(looker: Looker, collections: readonly Collection[]): Promise<Record<string, number>> {
      const { view, key, principal } = looker;
      const newest = await documents.newest({ asker: principal, patientIds: view.recordsOf(key.patientId) });
      const heard = telemetry.latest(view, key.patientId).filter((reading) => glucoseOf(reading) !== undefined);
      const last: Record<string, number> = {};
      for (const collection of collections) {
        if (isHiddenFrom(looker, collection)) continue;
        const times = [newest.get(collection.name) ?? 0];
        if (collection.name === "entries") times.push(...heard.map(({ receivedAt }) => receivedAt));
        const at = Math.max(...times);
        if (at > 0) last[collection.name] = at;
      }
      return last;
    },
  };
}

export type Looking = ReturnType<typeof createLooking>;

/** With the names and times that the server gave it. */
export function contentOf({ id, identifier, createdAt, modifiedAt, isValid, content }: StoredDocument): Content {
  return {
    ...content,
    _id: id,
    identifier: identifier ?? id,
    srvCreated: createdAt,
    srvModified: modifiedAt,
    ...(!isValid && { isValid: false }),
  };
}

function typeAsked(conditions: readonly Condition[]): "sgv" | "mbg" | undefined {
  const asked = conditions.find(({ field, operator }) => field === "type" && operator === "eq")?.value;
  return asked === "sgv" || asked === "mbg" ? asked : undefined;
}

function compare(a: Content, b: Content, field: string): number {
  const [x, y] = [valueAt(a, field), valueAt(b, field)];
  if (x === y) return 0;
  if (x === undefined || x === null) return -1;
  if (y === undefined || y === null) return 1;
  return x < y ? -1 : 1;
}

const tooCostly = () =>
  new RefusedInput("SEARCH_TOO_COSTLY", {
    at: "query",
    expected: `a question about fewer than ${SCANNED_MAX} documents`,
  });
