import type { JournalEntry, Stream } from "@openward/model";
import { type Seeded, seeded } from "../../../../packages/timeseries/testing/random.ts";
import { type ReadingKeys, readBatch } from "../batch.ts";

export { type Seeded, seeded };

export const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
export const ASSOCIATION = "018f0000-0000-7000-8000-0000000000bb";
export const PATIENT = "018f0000-0000-7000-8000-0000000000cc";

export function testStream(n: number, kind: Stream["kind"] = "numeric", organisationId = ORGANISATION): Stream {
  return {
    id: `018f0000-0000-7000-8000-${kind === "numeric" ? "1" : "2"}${n.toString(16).padStart(11, "0")}`,
    organisationId,
    patientId: PATIENT,
    deviceId: `device-${n}`,
    signal: kind === "numeric" ? "heart-rate" : "ecg-lead-ii",
    kind,
    unit: kind === "numeric" ? "/min" : "mV",
  };
}

export function readingsOf(
  stream: Stream,
  times: readonly number[],
  values: readonly number[],
  receivedAt = times[0] ?? 0,
): JournalEntry {
  return {
    kind: "readings",
    readings: {
      stream,
      associationId: ASSOCIATION,
      times: Float64Array.from(times),
      values: Float64Array.from(values),
      quality: new Uint8Array(times.length),
      utcOffsetMinutes: null,
      receivedAt,
    },
  };
}

export function randomEntries(r: Seeded, count: number): JournalEntry[] {
  const now = 1_795_327_200_000;
  return Array.from({ length: count }, (_, i): JournalEntry => {
    const n = r.int(5);
    switch (r.int(9)) {
      case 0: {
        const samples = Int32Array.from({ length: r.int(50) }, () => r.pick([r.int(100), -2147483648, 2147483647, -5]));
        const scale = { start: now + r.float(), rateHz: 360, scale: 0.005, origin: -1 };
        const stream = testStream(n, "waveform");
        return {
          kind: "waveform",
          waveform: {
            stream,
            associationId: ASSOCIATION,
            ...scale,
            samples,
            quality: 1,
            utcOffsetMinutes: 60,
            receivedAt: now + 3,
          },
        };
      }
      case 1:
        return {
          kind: "delivery",
          delivery: {
            organisationId: ORGANISATION,
            deviceId: `d${n}`,
            key: "k-\u0000-é",
            receivedAt: now,
            associationId: r.pick([null, ASSOCIATION]),
          },
        };
      case 2: {
        const problems = [{ index: 0, code: "NO_ASSOCIATION", field: "at", readings: 1 }];
        const raw = Uint8Array.from({ length: r.int(9) }, () => r.int(256));
        const id = `018f0000-0000-7000-8000-${i.toString(16).padStart(12, "3")}`;
        const base = { organisationId: ORGANISATION, deviceId: "d", receivedAt: now, contentType: "application/json" };
        return { kind: "quarantine", entry: { id, ...base, kind: "readings", problems, raw } };
      }
      case 3:
        return { kind: "stream", stream: testStream(n) };
      default: {
        const length = r.pick([0, 1, 1, 1, 2, 20]);
        const value = r.pick([
          () => r.int(100),
          () => r.int(1000) / 10,
          () => r.float(),
          () => r.pick([-0, 1e-7, 1e300, 2 ** 52, -3]),
        ]);
        const sameQuality = r.int(2) * 8;
        return {
          kind: "readings",
          readings: {
            stream: testStream(n),
            associationId: r.pick([ASSOCIATION, PATIENT]),
            times: Float64Array.from({ length }, () => now + r.int(10_000) - 5000 + (r.int(40) === 0 ? 0.5 : 0)),
            values: Float64Array.from({ length }, value),
            quality: Uint8Array.from({ length }, () => (r.int(3) === 0 ? r.int(2) : sameQuality)),
            utcOffsetMinutes: r.pick([null, 0, -720]),
            receivedAt: now + r.int(1000),
          },
        };
      }
    }
  });
}

/** Readings one by one, so that entries can be compared with what a batch gives back. */
export function oneByOne(entries: readonly JournalEntry[]): JournalEntry[] {
  return entries.flatMap((entry) => {
    if (entry.kind !== "readings") return [entry];
    const { readings } = entry;
    return Array.from(readings.times, (_, i): JournalEntry => {
      const columns = {
        times: readings.times.slice(i, i + 1),
        values: readings.values.slice(i, i + 1),
        quality: readings.quality.slice(i, i + 1),
      };
      return { kind: "readings", readings: { ...readings, ...columns } };
    });
  });
}

/** A batch as entries, in the order of its slices; it names streams by id alone, so they are those of `testStream`. */
export function collect(batch: Uint8Array, keys: ReadingKeys): JournalEntry[] {
  const streams = new Map<string, Stream>();
  for (let n = 0; n < 5; n++)
    for (const kind of ["numeric", "waveform"] as const) streams.set(testStream(n, kind).id, testStream(n, kind));
  const entries: JournalEntry[] = [];
  readBatch<{ stream: Stream; associationId: string }>(
    batch,
    {
      stream: (id, associationId) => ({ stream: streams.get(id) as Stream, associationId }),
      reading(open, time, value, quality, utcOffsetMinutes, receivedAt) {
        const columns = {
          times: Float64Array.of(time),
          values: Float64Array.of(value),
          quality: Uint8Array.of(quality),
        };
        entries.push({ kind: "readings", readings: { ...open, ...columns, utcOffsetMinutes, receivedAt } });
      },
      waveform(open, { length, ...head }, samples) {
        entries.push({ kind: "waveform", waveform: { ...open, ...head, samples: samples() } });
      },
      entry: (entry) => entries.push(entry),
    },
    keys,
  );
  return entries;
}
