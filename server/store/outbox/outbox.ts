import { RefusedInput } from "@openward/errors";
import type { OutboxChange, OutboxNotice, OutboxPage, OutboxPlace, PlacedChange, Stream } from "@openward/model";
import type { Timers } from "@openward/runtime";
import { type BatchVisitor, readBatch } from "../journal/batch.ts";
import type { Journal } from "../journal/index.ts";
import type { JournalLog } from "../journal/ports.ts";
import type { DataKeys } from "../keys/ports.ts";
import type { Outbox, OutboxDeps, Wanted } from "./ports.ts";
import type { NumberedNotice, OutboxRows } from "./rows.ts";

const PAGE_ROWS = 32;
const PAGE_NOTICES = 256;
/** Who is told of nothing hears of a change of another process so late. */
const LOOK_EVERY_MS = 2_000;
const DAY_MS = 86_400_000;
/** Followers that are at the end ask for the same page at the same moment. */
const PAGES_KEPT = 2;
const PAGE_FOR_MS = 1_000;
/** A day goes once a day. */
const HELD_FOR_MS = 60_000;

interface OutboxOptions extends OutboxDeps {
  readonly rows: OutboxRows;
  readonly journal: Pick<Journal, "state" | "onStateChange">;
  readonly keys: Pick<DataKeys, "ofPatient" | "byId">;
  readonly clock: { now(): number };
  readonly timers: Timers;
  /** Notices are held for so many days. */
  readonly days: number;
  readonly log: JournalLog;
}

type Rows = Awaited<ReturnType<OutboxRows["journal"]>>;

/**
 * Reads the journal and the notices beside it. While PostgreSQL does not answer batches wait on the disk, and some that are behind
 * them may be in the table already: so nothing is read behind the last position that was confirmed while all was well.
 *
 * `committed` is called with the last position of each commit, in order, before anybody is answered.
 */
export async function createOutbox(options: OutboxOptions): Promise<Outbox & { committed(last: number): void }> {
  const { rows, journal, keys, streamOf, clock, timers, log } = options;
  const listeners = new Set<() => void>();
  const pages = new Map<string, Promise<Rows>>();
  let last = await rows.lastPosition();
  let confirmed = last;
  let numbered = await rows.number(confirmed);
  let isLooking = false;
  let held: { readonly askedAt: number; readonly since: Promise<number | null> } | undefined;
  let isDue = false;
  let isClosed = false;

  const tell = () => {
    for (const listener of listeners) listener();
  };

  /** Several who ask while one looks are asked for once more, when that one is through. */
  const look = () => {
    isDue = true;
    if (!isLooking) void lookNow();
  };
  const lookNow = async () => {
    isLooking = true;
    try {
      while (isDue && !isClosed) {
        isDue = false;
        const before = numbered;
        numbered = await rows.number(confirmed);
        if (numbered > before) tell();
      }
    } catch (error) {
      // The timer looks again.
      log.warn({ reason: (error as Error).message }, "changes beside the journal could not be numbered yet");
    }
    isLooking = false;
  };
  const looks = timers.every(LOOK_EVERY_MS, look);
  const drops = timers.every(DAY_MS, () => {
    rows.dropNotices(clock.now() - options.days * DAY_MS).catch((error: unknown) => {
      log.warn({ reason: (error as Error).message }, "notices that have had their time could not be let go");
    });
  });
  const stopListening = journal.onStateChange((state) => {
    if (state !== "ok") return;
    confirmed = last;
    tell();
  });

  function rowsBehind(after: number, until: number): Promise<Rows> {
    const key = `${after} ${until}`;
    let page = pages.get(key);
    if (!page) {
      page = rows.journal(after, until, PAGE_ROWS);
      pages.set(key, page);
      timers.after(PAGE_FOR_MS, () => pages.delete(key));
      page.catch(() => pages.delete(key));
      if (pages.size > PAGES_KEPT) pages.delete(pages.keys().next().value as string);
    }
    return page;
  }

  function keysOf({ organisationId, patientIds }: Wanted): Set<number> {
    const ids = new Set<number>();
    for (const patientId of patientIds) {
      try {
        ids.add(keys.ofPatient(organisationId, patientId).id);
      } catch (error) {
        // Erased meanwhile: there is nothing of theirs to be read.
        if (!(error instanceof RefusedInput && error.code === "KEY_DESTROYED")) throw error;
      }
    }
    return ids;
  }

  function changesIn(position: number, batch: Uint8Array, wanted: Wanted, open: ReadonlySet<number>): OutboxChange[] {
    const changes: OutboxChange[] = [];
    const patients = new Set(wanted.patientIds);
    const visitor: BatchVisitor<{ stream: Stream; associationId: string }> = {
      slice: (keyId) => open.has(keyId),
      stream(streamId, associationId) {
        const stream = streamOf(streamId);
        if (!stream) log.warn({ position }, "the journal tells of a stream that is not known");
        return stream && patients.has(stream.patientId) ? { stream, associationId } : undefined;
      },
      reading() {},
      readings(of, { times, values, quality, utcOffsetMinutes, receivedAt }) {
        const columns = { times: times.slice(), values: values.slice(), quality: quality.slice() };
        changes.push({ kind: "readings", readings: { ...of, ...columns, utcOffsetMinutes, receivedAt } });
      },
      waveform() {},
      entry(entry) {
        if (entry.kind === "alarm" && patients.has(entry.alarm.patientId))
          changes.push({ kind: "alarm", alarm: entry.alarm });
        if (entry.kind === "event" && entry.event.patientId !== null && patients.has(entry.event.patientId))
          changes.push({ kind: "event", event: entry.event });
      },
    };
    const onFault = (error: RefusedInput) =>
      log.error({ position, reason: error.message }, "a part of the journal cannot be read, and nobody is told of it");
    try {
      readBatch(batch, visitor, keys, onFault);
    } catch (error) {
      onFault(error as RefusedInput);
    }
    return changes;
  }

  return {
    committed(position) {
      last = position;
      if (journal.state !== "ok") return;
      confirmed = position;
      tell();
    },
    end: async () => ({ position: confirmed, number: numbered }),

    async read(after, wanted): Promise<OutboxPage> {
      const end: OutboxPlace = { position: confirmed, number: numbered };
      const found = after.position < end.position ? await rowsBehind(after.position, end.position) : [];
      const newest = found.at(-1);
      let until = found.length === PAGE_ROWS && newest ? newest.position : Math.max(after.position, end.position);
      const notices = after.number < numbered ? await rows.notices(after.number, until, PAGE_NOTICES) : [];
      const lastNotice = notices.at(-1);
      // What stands behind the last of a full page may have notices before it that are not on the page.
      if (lastNotice && notices.length === PAGE_NOTICES)
        until = Math.max(after.position, Math.min(until, lastNotice.after));

      const open = keysOf(wanted);
      const changes: PlacedChange[] = [];
      let number = after.number;
      let at = clock.now();
      const patients = new Set(wanted.patientIds);
      // What is about nobody is for everybody of the organisation.
      const isWanted = ({ patientId, organisationId }: OutboxNotice) =>
        patientId === null ? organisationId === wanted.organisationId : patients.has(patientId);
      const waiting: NumberedNotice[] = [...notices];
      const takeNotices = (position: number) => {
        for (let next = waiting[0]; next && next.after < position; next = waiting[0]) {
          waiting.shift();
          number = next.number;
          if (isWanted(next.notice)) {
            const place = { position: Math.max(after.position, next.after), number };
            changes.push({ place, change: { kind: "notice", notice: next.notice } });
          }
        }
      };
      for (const { position, writtenAt, batch } of found) {
        if (position > until) break;
        takeNotices(position);
        at = writtenAt;
        for (const change of changesIn(position, batch, wanted, open))
          changes.push({ place: { position, number }, change });
      }
      takeNotices(Number.POSITIVE_INFINITY);
      const isAtEnd = until >= end.position && number >= end.number;
      return { changes, upTo: { position: until, number }, at: isAtEnd ? clock.now() : at, isAtEnd };
    },

    placeAt: (at) => rows.placeAt(at),
    timeOf: ({ position }) => rows.writtenAt(position),
    heldSince() {
      const now = clock.now();
      if (!held || now - held.askedAt > HELD_FOR_MS) held = { askedAt: now, since: rows.firstDay() };
      held.since.catch(() => {
        held = undefined;
      });
      return held.since;
    },
    onMore(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    look,
    close() {
      isClosed = true;
      looks.cancel();
      drops.cancel();
      stopListening();
      listeners.clear();
    },
  };
}
