import { createHash, type Hash } from "node:crypto";
import { rmSync } from "node:fs";
import type { JournalEntry, Stream } from "@openward/model";
import { seeded } from "../../packages/timeseries/testing/random.ts";
import {
  ASSOCIATION,
  DAY,
  MINUTE,
  numericEntry,
  ORGANISATION,
  openTestArchive,
  openTestStore,
  PATIENT,
  START,
  temporaryArchive,
  VIEW,
} from "../../server/store/archive/testing/ward.ts";
import { openTestDatabase } from "../../server/store/database/testing/database.ts";
import { settableRuntime, type TestStore } from "../../server/store/telemetry/testing/open-store.ts";

export type Say = (line: string) => void;

/** A store that everything goes into, is archived out of, and is read back from after a start. */
export async function openCampaign(say: Say) {
  const database = await openTestDatabase();
  const runtime = settableRuntime(START);
  const folder = temporaryArchive();
  let archive = await openTestArchive(database, runtime, folder);
  let store = await openTestStore(database, runtime, undefined, undefined, { archive });
  const newest: Stream[] = [];
  return {
    runtime,
    get store(): TestStore {
      return store;
    },
    async add(stream: Stream): Promise<void> {
      newest.push(stream);
      await store.journal.append([{ kind: "stream", stream }]);
    },
    /** Everything but a last reading of each stream, of much later, moves; then the server starts anew. */
    async archiveAll() {
      runtime.time += 100 * DAY;
      for (let n = 0; n < 3; n++) {
        await store.journal.append(newest.map((stream) => later(stream, runtime.time)));
        await store.telemetry.seal({ everything: true });
        runtime.time += 11 * MINUTE;
      }
      await store.telemetry.seal({ everything: true });
      const days = await store.telemetry.compact({ everything: true });
      say(`${days} days put together`);
      const began = performance.now();
      const run = await archive.run({ everything: true });
      const statistics = await archive.statistics();
      const seconds = (performance.now() - began) / 1000;
      say(`${run.moved} blocks moved in ${seconds.toFixed(1)} s: ${statistics.files} files, ${statistics.bytes} bytes`);
      const old = await database.worker.query(
        `SELECT (SELECT count(*) FROM block WHERE period_start < $1)
           + (SELECT count(*) FROM day_block WHERE day_start < $1) AS n`,
        [runtime.time - DAY],
      );
      await store.close();
      await archive.close();
      archive = await openTestArchive(database, runtime, folder);
      store = await openTestStore(database, runtime, undefined, undefined, { archive });
      return { ...run, ...statistics, leftHot: old.rows[0].n as number };
    },
    async close(): Promise<void> {
      await store.close();
      await archive.close();
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type Campaign = Awaited<ReturnType<typeof openCampaign>>;

function later(stream: Stream, time: number): JournalEntry {
  if (stream.kind === "numeric") return numericEntry(stream, Float64Array.of(time), Float64Array.of(1), time);
  const form = { rateHz: 1, scale: 1, origin: 0, samples: Int32Array.of(1), quality: 0, utcOffsetMinutes: null };
  const waveform = { stream, associationId: ASSOCIATION, start: time, ...form, receivedAt: time };
  return { kind: "waveform", waveform };
}

let streams = 0;
export function newStream(kind: Stream["kind"]): Stream {
  const n = (++streams).toString(16).padStart(11, "0");
  const id = `018f0000-0000-7000-8000-${kind === "numeric" ? "3" : "4"}${n}`;
  const origin = { organisationId: ORGANISATION, patientId: PATIENT, deviceId: `device-${n}` };
  return kind === "numeric"
    ? { id, ...origin, signal: "heart-rate", kind, unit: "/min" }
    : { id, ...origin, signal: "ecg-lead-ii", kind, unit: "mV" };
}

export interface HourResult {
  readonly readings: number;
  readonly readBack: number;
  /** Streams whose hash is another than that of what was sent. */
  readonly wrong: number;
  readonly moved: number;
  readonly archiveBytes: number;
}

/** An hour at 1 Hz of as many streams as make so many readings: sent, archived, read back, compared by hash. */
export async function archiveHour(readings: number, seed: number, say: Say): Promise<HourResult> {
  const campaign = await openCampaign(say);
  try {
    const SECONDS = 3600;
    const r = seeded(seed);
    const all = Array.from({ length: Math.ceil(readings / SECONDS) }, () => {
      const value = 60 + r.int(40);
      return { stream: newStream("numeric"), value, sent: createHash("sha256") };
    });
    for (const { stream } of all) await campaign.add(stream);
    const { runtime, store } = campaign;
    const began = performance.now();
    for (let minute = 0; minute < 60; minute++) {
      const entries = all.map((each) => {
        const times = Float64Array.from({ length: 60 }, (_, k) => runtime.time + k * 1000);
        const values = times.map(() => {
          each.value += (r.int(3) - 1) / 10;
          return Math.round(each.value * 10) / 10;
        });
        update(each.sent, times, values);
        return numericEntry(each.stream, times, values, runtime.time);
      });
      for (let at = 0; at < entries.length; at += 100) await store.journal.append(entries.slice(at, at + 100));
      runtime.time += MINUTE;
      if (minute % 15 === 14) await store.telemetry.seal();
    }
    say(`${all.length * SECONDS} readings sent in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    const { moved, bytes, leftHot } = await campaign.archiveAll();
    if (leftHot > 0) throw new Error(`${leftHot} blocks are still in the database`);
    const reading = performance.now();
    let readBack = 0;
    let wrong = 0;
    for (const { stream, sent } of all) {
      const query = { patientId: PATIENT, streamIds: [stream.id], from: START, to: START + DAY };
      const found = await campaign.store.telemetry.readings(VIEW, { ...query, order: "ascending", limit: 2 * SECONDS });
      const got = createHash("sha256");
      // As it was sent, minute by minute.
      for (let at = 0; at < found.length; at += 60) {
        const part = found.slice(at, at + 60);
        update(
          got,
          Float64Array.from(part, (each) => each.time),
          Float64Array.from(part, (each) => each.value),
        );
      }
      readBack += found.length;
      if (got.digest("hex") !== sent.digest("hex")) wrong++;
    }
    say(`${readBack} readings read back in ${((performance.now() - reading) / 1000).toFixed(1)} s`);
    return { readings: all.length * SECONDS, readBack, wrong, moved, archiveBytes: bytes };
  } finally {
    await campaign.close();
  }
}

function update(hash: Hash, times: Float64Array, values: Float64Array): void {
  hash.update(new Uint8Array(times.buffer, times.byteOffset, times.byteLength));
  hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
