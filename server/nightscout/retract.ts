import { decodeRaw } from "@openward/codecs/raw";
import { RefusedInput } from "@openward/errors";
import type { PatientView, Principal } from "@openward/model";
import type { Collection } from "./collections.ts";
import type { Amendments, Content, Key, Telemetry } from "./ports.ts";

interface Measured {
  readonly signal: string;
  readonly unit: string | null;
  readonly time: number;
  readonly value: number;
}

/** In whose record, and in whose name. */
export interface Author {
  readonly key: Key;
  readonly principal: Principal;
  readonly view: PatientView;
}

/** So many values of one stream at one time are looked through. */
const AT_ONE_TIME = 100;

/**
 * A document that changes or goes takes with it what was measured by its old words: each such reading was entered in error, in the
 * name of whoever's key it is. What comes again after that holds again.
 */
export function createRetraction({
  amendments,
  telemetry,
}: {
  readonly amendments: Amendments;
  readonly telemetry: Pick<Telemetry, "streams" | "readings">;
}) {
  async function streamOf({ key, view }: Author, { signal, unit }: Measured): Promise<string | undefined> {
    const streams = await telemetry.streams(view, key.patientId);
    return streams.find(
      ({ stream }) =>
        stream.deviceId === key.deviceId && stream.signal === signal && (unit === null || stream.unit === unit),
    )?.stream.id;
  }

  async function takeBack(author: Author, one: Measured): Promise<void> {
    const { key, view, principal } = author;
    const streamId = await streamOf(author, one);
    if (streamId === undefined) return;
    const { time } = one;
    const there = await telemetry.readings(view, {
      patientId: key.patientId,
      streamIds: [streamId],
      from: time,
      to: time + 1,
      order: "ascending",
      limit: AT_ONE_TIME,
    });
    const reading = there.find(({ value }) => value === one.value);
    // Quarantined, or amended since.
    if (!reading) return;
    const { ordinal } = reading;
    await unlessDone(() =>
      amendments.make(
        view,
        { kind: "entered-in-error", streamId, at: time, ordinal, seen: null, reason: reasonOf(key) },
        principal,
      ),
    );
  }

  /** What a person of the house took back stays so. */
  async function giveBack(author: Author, one: Measured): Promise<void> {
    const { key, view, principal } = author;
    const streamId = await streamOf(author, one);
    if (streamId === undefined) return;
    const own = amendments
      .ofPatient(view, key.patientId)
      .find(
        ({ amendment: { kind, streamId: of, from, reading, by, reason }, withdrawnBy }) =>
          !withdrawnBy &&
          kind === "entered-in-error" &&
          of === streamId &&
          from === one.time &&
          reading?.received === one.value &&
          by === principal.id &&
          reason === reasonOf(key),
      );
    if (!own) return;
    const { id: amendmentId } = own.amendment;
    await unlessDone(() =>
      amendments.make(view, { kind: "withdrawn", amendmentId, reason: `said again in ${key.name}` }, principal),
    );
  }

  return {
    /** @param after null: it is deleted. Called before what it says now is measured. */
    async before(author: Author, collection: Collection, before: Content, after: Content | null): Promise<void> {
      const now = new Set(after === null ? [] : measuredIn(collection, after).map(nameOf));
      for (const one of measuredIn(collection, before)) if (!now.has(nameOf(one))) await takeBack(author, one);
    },

    /** Called after what it says now was measured: the same value of the same time is one reading, and it may be one taken back. */
    async after(author: Author, collection: Collection, after: Content): Promise<void> {
      for (const one of measuredIn(collection, after)) await giveBack(author, one);
    },
  };
}

export type Retraction = ReturnType<typeof createRetraction>;

const reasonOf = ({ name }: Key) => `changed or deleted in ${name}`;

const nameOf = ({ signal, unit, time, value }: Measured) => `${signal} ${unit} ${time} ${value}`;

/** What one document says that was measured. */
function measuredIn(collection: Collection, content: Content): Measured[] {
  const context = { item: 0, at: 0, atQuality: 0, utcOffsetMinutes: null, timeZone: null, session: {} };
  const { readings } = decodeRaw(new TextEncoder().encode(JSON.stringify(content)), collection.codec, context);
  return readings.flatMap(({ signal, unit, times, values }) =>
    Array.from(values, (value, i) => ({ signal, unit, time: times[i] as number, value })),
  );
}

/** Amended by a person meanwhile, or by this before a break: then it stands as they left it. */
async function unlessDone(make: () => Promise<unknown>): Promise<void> {
  try {
    await make();
  } catch (error) {
    const isDone =
      error instanceof RefusedInput &&
      ["READING_NOT_THERE", "AMENDED_MEANWHILE", "NOT_FOUND", "CONFLICT"].includes(error.code);
    if (!isDone) throw error;
  }
}
