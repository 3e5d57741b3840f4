import { isOfThePatient } from "@openward/drivers";
import type { Association, PatientView, Stream } from "@openward/model";
import { sees } from "@openward/signals/categories";
import { SLOT_MS } from "@openward/timeseries";
import { type Expected, overlap, type Span, united } from "@openward/timeseries/completeness";
import type { Streamed } from "./evidence.ts";
import type { Buckets, Rhythms } from "./ports.ts";

const WEAR = "wear-state";
const BATTERY = "battery-level";

/** What is expected of one signal of a device on a patient, and its stream, where there is one. */
export interface Wanted {
  readonly association: Association;
  readonly stream: Stream | null;
  readonly signal: string;
  readonly intervalMs: number;
  readonly expected: readonly Expected[];
}

/** What was expected while the devices were worn. */
export function wantedOf(
  rhythms: Rhythms,
  confirmed: ReadonlyMap<string, number | null>,
  view: PatientView,
  worn: readonly Association[],
  streams: ReadonlyMap<string, readonly Stream[]>,
  span: Span,
): Wanted[] {
  const wanted: Wanted[] = [];
  const pairs = Map.groupBy(worn, ({ deviceId, patientId }) => `${deviceId} ${patientId}`);
  for (const associations of pairs.values()) {
    const [association] = associations as [Association];
    const { deviceId, patientId } = association;
    const spans = united(
      associations.flatMap(({ from, to }) => overlap({ from, to: to ?? Number.POSITIVE_INFINITY }, span) ?? []),
    );
    const add = (stream: Stream | null, signal: string, intervalMs: number) => {
      const expected = spans.map((each) => ({ ...each, intervalMs }));
      if (expected.length > 0) wanted.push({ association, stream, signal, intervalMs, expected });
    };
    const own = (streams.get(patientId) ?? []).filter((stream) => stream.deviceId === deviceId);
    const ofPatient = own.filter(({ signal }) => isOfThePatient(signal) && signal !== WEAR);
    for (const stream of ofPatient) {
      const said = confirmed.get(stream.id);
      const intervalMs = said === undefined ? rhythms.of(deviceId, stream.signal) : said;
      if (intervalMs != null) add(stream, stream.signal, intervalMs);
    }
    if (ofPatient.length > 0) continue;
    // It never said anything of its patient: the first that its type names stands for all of them.
    const [first] = rhythms
      .ofDevice(deviceId)
      .filter(({ signal, intervalMs }) => intervalMs !== null && isOfThePatient(signal) && signal !== WEAR)
      .filter(({ signal }) => sees(view, { patientId, signal }));
    if (first?.intervalMs) add(null, first.signal, first.intervalMs);
  }
  return wanted;
}

/** Readings by quarters of an hour from `start` on, by stream. */
export interface Counted {
  readonly start: number;
  readonly byId: ReadonlyMap<string, Buckets>;
}

/** What a device's own streams tell of it, by quarters of an hour. */
export function streamedOf({ start, byId }: Counted, own: readonly Stream[], but: Stream | null): Streamed {
  const streamed = {
    battery: [] as { at: number; percent: number }[],
    worn: [] as { at: number; isWorn: boolean }[],
    others: [] as number[],
  };
  const others = new Set<number>();
  for (const stream of own) {
    const trend = byId.get(stream.id);
    if (!trend || stream.id === but?.id) continue;
    for (let i = 0; i < trend.count.length; i++) {
      if ((trend.count[i] as number) === 0) continue;
      const at = start + i * SLOT_MS + SLOT_MS / 2;
      if (stream.signal === BATTERY) streamed.battery.push({ at, percent: trend.last[i] as number });
      else if (stream.signal === WEAR) streamed.worn.push({ at, isWorn: (trend.last[i] as number) > 0 });
      else others.add(at);
    }
  }
  streamed.others = [...others].sort((a, b) => a - b);
  return streamed;
}
