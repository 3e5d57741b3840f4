import type { PatientView, Readings, Stream, Waveform } from "@openward/model";

interface Feed {
  readings(readings: Readings): void;
  waveform(waveform: Waveform): void;
}

interface Latest {
  readonly stream: Stream;
  readonly time: number;
  readonly value: number;
  readonly ordinal: number;
  readonly quality: number;
  readonly utcOffsetMinutes: number | null;
  readonly receivedAt: number;
}

interface Shown<L> {
  streams(view: PatientView, patientId: string): Promise<readonly { stream: Stream; lastAt: number | null }[]>;
  latest(view: PatientView, patientId: string): readonly L[];
}

/**
 * What screens show after a start, until the journal has been read: what was measured since the start. Everything else may
 * be older than what is not known yet, and is left out; when the rest is known, tiles are made anew.
 *
 * @param startedAt server time
 */
export function createReadingBack<L extends Latest>(deps: {
  readonly startedAt: number;
  readonly memory: {
    readonly isWhole: boolean;
    knownStreams(view: PatientView, patientId: string): readonly Stream[];
  };
  readonly whole: Shown<L>;
  readonly live: Feed;
}) {
  const { startedAt, memory, whole, live } = deps;
  const newest = new Map<string, Latest>();

  const keep = ({ stream, times, values, quality, utcOffsetMinutes, receivedAt }: Readings): boolean => {
    let last = newest.get(stream.id);
    let isNews = false;
    for (let i = 0; i < times.length; i++) {
      const time = times[i] as number;
      if (time < startedAt) continue;
      isNews = true;
      if (last && time <= last.time) continue;
      const [value, bits] = [values[i] as number, quality[i] as number];
      last = { stream, time, value, ordinal: 0, quality: bits, utcOffsetMinutes, receivedAt };
    }
    if (last) newest.set(stream.id, last);
    return isNews;
  };

  return {
    live: {
      readings(readings: Readings) {
        if (memory.isWhole || keep(readings)) live.readings(readings);
      },
      waveform: (waveform: Waveform) => live.waveform(waveform),
    },
    /** What tiles begin with; it never waits. */
    shown: {
      async streams(view: PatientView, patientId: string) {
        if (memory.isWhole) return whole.streams(view, patientId);
        const known = memory.knownStreams(view, patientId);
        return known.map((stream) => ({ stream, lastAt: newest.get(stream.id)?.time ?? null }));
      },
      latest(view: PatientView, patientId: string): readonly Latest[] {
        if (memory.isWhole) return whole.latest(view, patientId);
        return memory.knownStreams(view, patientId).flatMap(({ id }) => newest.get(id) ?? []);
      },
    },
    /** Everything is known. */
    end: () => newest.clear(),
  };
}
