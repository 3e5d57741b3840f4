import { OutsideTrouble } from "@openward/errors";
import type {
  Amendment,
  AmendmentDraft,
  AmendmentRecord,
  JournalEntry,
  PatientView,
  Principal,
  Stream,
} from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { isHidden } from "@openward/signals/categories";
import type { DataKeys } from "../keys/ports.ts";
import { audit } from "../registry/audit.ts";
import { needSeen, type Tables } from "../registry/transaction.ts";
import type { StoreLog } from "../telemetry/blocks.ts";
import { Book, holds, overlaps } from "./book.ts";
import { checkDraft, checkReason } from "./draft.ts";
import { countsToday, createNewestBook } from "./newest.ts";
import { createOverlay } from "./overlay.ts";
import type { Amendments, Author, Received } from "./ports.ts";
import { recordOnly } from "./received.ts";
import { createReprocessed } from "./reprocessed.ts";
import type { StreamIdOf } from "./resolve.ts";
import { insertAmendment, loadAmendments, lockAmendments } from "./rows.ts";
import { createScreens } from "./screens.ts";
import { amendTelemetry } from "./telemetry.ts";
import { wearerOf } from "./wearer.ts";

export interface AmendmentsOptions {
  readonly runtime: Runtime;
  readonly tables: Tables;
  readonly keys: DataKeys;
  readonly received: Received;
  /** How ingest names streams: what is given to a patient is called as if it had been theirs from the beginning. */
  readonly streamIdOf: StreamIdOf;
  readonly log: StoreLog;
}

/** Of several who amend at once, one waits here for the others and looks again. */
const TRIES = 5;
const RETRY_MS = 2_000;

/** Reads every amendment that there is. @throws OutsideTrouble DATABASE_UNREACHABLE */
export async function openAmendments(options: AmendmentsOptions): Promise<Amendments> {
  const { runtime, tables, keys, received, streamIdOf, log } = options;
  const book = new Book();
  const listeners = new Set<(amendment: Amendment) => void>();
  const dirty = new Set<string>();
  const newest = createNewestBook({ received, book, streamIdOf, view: viewOfAll("") });
  const overlay = createOverlay({ received, book, newest, streamIdOf });
  let looking: Promise<void> = Promise.resolve();

  /** Every record that a change of one device on one patient reaches, by way of what was given on. */
  const markDirty = (patientId: string, deviceId: string, deep = 0) => {
    const key = `${patientId} ${deviceId}`;
    if (dirty.has(key) || deep > 8) return;
    dirty.add(key);
    for (const { amendment } of book.of({ id: "", patientId, deviceId })) {
      if (amendment.patientId === patientId && amendment.toPatientId !== null)
        markDirty(amendment.toPatientId, deviceId, deep + 1);
    }
  };

  const lookAgain = (): Promise<void> => {
    looking = looking.then(async () => {
      for (const key of [...dirty]) {
        dirty.delete(key);
        try {
          await newest.refresh(...splitKey(key));
        } catch (error) {
          // Until then the newest that counts is not known, and nothing is shown in its place.
          dirty.add(key);
          log.warn(
            { reason: (error as Error).message },
            "the newest readings behind an amendment could not be read yet",
          );
          runtime.timers.after(RETRY_MS, () => void lookAgain());
          return;
        }
      }
    });
    return looking;
  };

  const take = (amendments: readonly Amendment[]): Amendment[] => {
    const fresh = amendments.filter((amendment) => book.add(amendment));
    for (const { patientId, toPatientId, deviceId } of fresh) {
      for (const whose of [patientId, toPatientId]) if (whose !== null) markDirty(whose, deviceId);
    }
    if (fresh.length > 0) for (const key of dirty) newest.hide(...splitKey(key));
    return fresh;
  };
  /** Of many about one device on one patient the last is enough: who listens looks at what counts now. */
  const tell = (fresh: readonly Amendment[]) => {
    const last = new Map(fresh.map((each) => [`${each.patientId} ${each.toPatientId} ${each.deviceId}`, each]));
    for (const amendment of last.values()) for (const listener of listeners) listener(amendment);
  };

  const made = async (amendments: readonly Amendment[]) => {
    const fresh = take(amendments);
    await lookAgain();
    tell(fresh);
  };

  async function refresh(): Promise<void> {
    const { amendments, damaged } = await tables.everywhere((tx) => loadAmendments(tx, keys, book.newest));
    for (const facts of damaged)
      log.error({ ...facts }, "an amendment cannot be read; what it took back is shown again");
    const fresh = take(amendments);
    if (fresh.length === 0) return;
    await lookAgain();
    tell(fresh);
  }

  async function make(view: PatientView, draft: AmendmentDraft, author: Author): Promise<Amendment> {
    const reason = checkReason(draft.reason);
    const { organisationId } = view.principal;
    const wearer = (...asked: Parameters<typeof wearerOf> extends [unknown, ...infer Rest] ? Rest : never) =>
      wearerOf(tables, ...asked);
    for (let n = 0; n < TRIES; n++) {
      const known = book.newestOf(organisationId);
      const said = await checkDraft({ overlay, wearer, now: () => runtime.clock.now() }, view, draft);
      const fresh = await tables.inOrganisation(organisationId, async (tx) => {
        if ((await lockAmendments(tx)) !== known || book.newestOf(organisationId) !== known) return undefined;
        const at = runtime.clock.now();
        const id = runtime.ids.uuid();
        const whole = {
          ...said,
          id,
          organisationId,
          by: author.id,
          byDisplay: author.display,
          reason,
          at,
          via: "person",
        } as const;
        const { patientId: whose, toPatientId: whoseElse } = said;
        await needSeen(tx, author.id, whoseElse === null ? [whose] : [whose, whoseElse]);
        const amendment = await insertAmendment(tx, keys, whole);
        const { kind, deviceId, patientId, toPatientId } = amendment;
        for (const whose of toPatientId === null ? [patientId] : [patientId, toPatientId]) {
          // The reason is a person's own words and stays in the encrypted row.
          const entry = { organisationId, at, by: author.id, action: `amendment.${kind}`, deviceId };
          await audit(tx, { ...entry, patientId: whose, detail: { amendmentId: id } });
        }
        return amendment;
      });
      if (fresh) {
        await made([fresh]);
        return fresh;
      }
      await refresh();
    }
    throw new OutsideTrouble("STORE_UNAVAILABLE", true, { at: "amendments" });
  }

  await refresh();
  const isShown = (view: PatientView, amendment: Amendment) =>
    (view.has(amendment.patientId) || (amendment.toPatientId !== null && view.has(amendment.toPatientId))) &&
    isOfShown(view, amendment);
  /** One about a stream tells of its values; one about a device does not. */
  const isOfShown = (view: PatientView, { streamId, patientId, toPatientId }: Amendment) => {
    const hides = [patientId, toPatientId].some((id) => id !== null && view.hiddenOf(id) !== undefined);
    const signal = hides && streamId !== null ? received.queries.known(viewOfAll(""), streamId)?.signal : undefined;
    return signal === undefined || ![patientId, toPatientId].some((id) => id !== null && isHidden(view, id, signal));
  };

  return {
    telemetry: amendTelemetry(overlay),
    make,
    makeAsSystem: (organisationId, draft, author) => make(viewOfAll(organisationId), draft, author),
    reprocessed: createReprocessed({ runtime, tables, keys, book, streamIdOf, refresh, made }),
    ofPatient(view, patientId) {
      const records = view
        .recordsOf(patientId)
        .flatMap((id) => book.ofPatient(id))
        .filter(({ amendment }) => isOfShown(view, amendment));
      const sorted = [...records].sort((a, b) => b.amendment.sequence - a.amendment.sequence);
      return sorted.map((record) => withoutOthersValue(book, record));
    },
    find(view, amendmentId) {
      const record = book.find(amendmentId);
      return record && isShown(view, record.amendment) ? withoutOthersValue(book, record) : undefined;
    },
    ...createScreens(book, (streamId) => received.queries.known(viewOfAll(""), streamId)),
    restated: ({ patientId, deviceId }) =>
      received
        .latest(recordOnly(patientId, viewOfAll("")), patientId)
        .filter(({ stream, time, value }) => stream.deviceId === deviceId && !countsToday(book, stream, time, value))
        .map(({ stream }) => ({ streamId: stream.id, value: newest.find(stream)?.reading?.value ?? null })),
    onAmended: (listener) => void listeners.add(listener),
    refresh,
    forget(patientId) {
      book.forget(patientId);
      newest.forget(patientId);
    },
    async settle() {
      for (const patientId of book.patients())
        for (const deviceId of book.devicesOf(patientId)) markDirty(patientId, deviceId);
      await lookAgain();
    },
    committed(entries) {
      if (book.isEmpty) return;
      let isIn = false;
      for (const entry of entries) {
        const [stream, from, to] = spanOfEntry(entry) ?? [];
        if (!stream) continue;
        const records = book.of(stream);
        if (!records.some(({ amendment }) => overlaps(amendment, from as number, to as number))) continue;
        markDirty(stream.patientId, stream.deviceId);
        isIn = true;
      }
      if (isIn) void lookAgain();
    },
  };
}

/**
 * What was said of one reading tells its value. Where the reading has been given to another patient since, or was given to
 * this one and taken back, it tells that it was said, and not the value.
 */
function withoutOthersValue(book: Book, record: AmendmentRecord): AmendmentRecord {
  const { amendment } = record;
  const { reading, patientId, sequence, from, to } = amendment;
  if (!reading) return record;
  const isOthers = book.of(amendment).some((other) => {
    const { kind, patientId: whose, sequence: made } = other.amendment;
    if (kind !== "re-attributed" || !overlaps(other.amendment, from, to)) return false;
    return whose === patientId ? holds(other) : made < sequence && !holds(other);
  });
  if (!isOthers) return record;
  const hidden = { ordinal: reading.ordinal, received: Number.NaN };
  return { ...record, amendment: { ...amendment, reading: hidden, corrected: null } };
}

function spanOfEntry(entry: JournalEntry): [stream: Stream, from: number, to: number] | undefined {
  if (entry.kind === "waveform") {
    const { stream, start, rateHz, samples } = entry.waveform;
    return [stream, start, start + (samples.length * 1000) / rateHz];
  }
  if (entry.kind !== "readings" || entry.readings.times.length === 0) return undefined;
  const { stream, times } = entry.readings;
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const time of times) {
    if (time < from) from = time;
    if (time > to) to = time;
  }
  return [stream, from, to + 1];
}

function splitKey(key: string): [patientId: string, deviceId: string] {
  const [patientId = "", deviceId = ""] = key.split(" ");
  return [patientId, deviceId];
}

/** For programs of the server itself. */
function viewOfAll(organisationId: string): PatientView {
  const principal: Principal = {
    kind: "system",
    id: "system",
    display: "Openward",
    organisationId,
    role: "integration",
  };
  return { principal, has: () => true, patientIds: () => [], recordsOf: (id) => [id], hiddenOf: () => undefined };
}
