import { QUALITY, type Stream } from "@openward/model";
import type { Said } from "@openward/timeseries/clocks";

interface Read {
  readonly stream: Stream;
  readonly time: number;
  readonly quality: number;
}

interface Telemetry<V, Q, R extends Read> {
  latest(view: V, patientId: string): readonly R[];
  readings(view: V, query: Q): Promise<readonly R[]>;
  reading(view: V, streamId: string, time: number, ordinal: number): Promise<R | undefined>;
}

/** Readings whose time was corrected, with what their device said. */
export function withSaidTimes<V, Q, R extends Read, T extends Telemetry<V, Q, R>>(
  telemetry: T & Telemetry<V, Q, R>,
  said: (deviceId: string, time: number) => readonly Said[],
): T {
  const tell = (reading: R): R => {
    if ((reading.quality & QUALITY.clockWrong) === 0) return reading;
    const found = said(reading.stream.deviceId, reading.time);
    if (found.length === 0) return reading;
    return { ...reading, said: found.map(({ deviceTime, state }) => ({ deviceTime, kind: state.kind })) };
  };
  return {
    ...telemetry,
    latest: (view: V, patientId: string) => telemetry.latest(view, patientId).map(tell),
    readings: async (view: V, query: Q) => (await telemetry.readings(view, query)).map(tell),
    async reading(view: V, streamId: string, time: number, ordinal: number) {
      const found = await telemetry.reading(view, streamId, time, ordinal);
      return found && tell(found);
    },
  };
}
