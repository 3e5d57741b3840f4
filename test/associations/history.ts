import { START } from "../../server/ingest/testing/harness.ts";

/** Who wears a device from `at` on: null, nobody. What is so is told at `toldAt`, which may be hours later. */
export interface Change {
  readonly deviceId: string;
  readonly patientId: string | null;
  readonly at: number;
  readonly toldAt: number;
  /** The patient's encounter has ended: nobody says anything of the device. */
  readonly isDischarge: boolean;
}

export interface Measured {
  readonly deviceId: string;
  /** When it was measured, by a clock that is right. */
  readonly at: number;
  /** Of one device no two are alike: by it a reading is known again wherever it lies. */
  readonly value: number;
}

export interface Upload {
  readonly deviceId: string;
  readonly arrivesAt: number;
  readonly key: string;
  /** In the order in which they are sent. */
  readonly readings: readonly Measured[];
  /** Sent without a time: the server's stands in. */
  readonly isTimeless: boolean;
  /** When it is delivered once more. */
  readonly againAt: readonly number[];
}

/** What really happened, and what of it came when. Nothing here knows how the server decides. */
export interface History {
  readonly devices: readonly string[];
  /** By their own time. */
  readonly changes: readonly Change[];
  readonly measured: readonly Measured[];
  readonly uploads: readonly Upload[];
  /** What a device's clock shows too much, ms; it tells so itself. */
  readonly clockAhead: ReadonlyMap<string, number>;
}

export const PATIENTS = ["a", "b", "c", "d"].map(
  (p) => `${p.repeat(8)}-${p.repeat(4)}-4${p.repeat(3)}-8${p.repeat(3)}-${p.repeat(12)}`,
);
const DEVICES = ["scale", "patch"];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LATENESS = [0, 0, 0, 5_000, 10 * MINUTE, 5 * HOUR, 30 * HOUR, 96 * HOUR];
const CLOCKS_AHEAD = [0, 0, 0, 2_000, -2_000, 45_000, -200_000, 200_000, -HOUR, -12 * HOUR, 12 * HOUR];

export function randomHistory(float: () => number): History {
  const int = (n: number) => Math.floor(float() * n);
  const pick = <T>(from: readonly T[]): T => from[int(from.length)] as T;
  const changes = randomChanges(int, pick);
  const end = (changes.at(-1)?.at ?? START) + int(2 * HOUR);
  const clockAhead = new Map(DEVICES.map((deviceId) => [deviceId, pick(CLOCKS_AHEAD)]));
  const measured: Measured[] = [];
  const uploads: Upload[] = [];
  for (const deviceId of DEVICES) {
    const times = new Set<number>();
    // Where one patient ends and another begins, to the millisecond.
    for (const { at } of changes.filter((change) => change.deviceId === deviceId)) {
      for (const near of [-1, 0, 1]) times.add(at + near);
    }
    for (let n = 4 + int(16); n > 0; n--) times.add(START + int(end - START));
    const own = [...times].sort((a, b) => a - b).map((at, i) => ({ deviceId, at, value: 40 + i / 64 }));
    measured.push(...own);
    uploads.push(...randomUploads(own, clockAhead.get(deviceId) === 0, int, pick));
  }
  return { devices: DEVICES, changes, measured, uploads, clockAhead };
}

function randomChanges(int: (n: number) => number, pick: <T>(from: readonly T[]) => T): Change[] {
  const changes: Change[] = [];
  const wornBy = new Map<string, string | null>();
  let at = START;
  for (let n = 2 + int(8); n > 0; n--) {
    at += 1 + int(pick([10_000, HOUR, 8 * HOUR]));
    const deviceId = pick(DEVICES);
    const before = wornBy.get(deviceId) ?? null;
    if (before !== null && int(5) === 0) {
      for (const each of DEVICES) {
        if (wornBy.get(each) !== before) continue;
        changes.push({ deviceId: each, patientId: null, at, toldAt: at, isDischarge: true });
        wornBy.set(each, null);
      }
      continue;
    }
    const patientId = before !== null && int(3) === 0 ? null : pick(PATIENTS.filter((one) => one !== before));
    const toldAt = int(3) === 0 ? at + int(6 * HOUR) : at;
    changes.push({ deviceId, patientId, at, toldAt, isDischarge: false });
    wornBy.set(deviceId, patientId);
  }
  // Whoever tells of a change knows those of before, and has told of them.
  return changes.map((change, i) => {
    const next = changes.slice(i + 1).find(({ deviceId }) => deviceId === change.deviceId);
    return { ...change, toldAt: Math.min(change.toldAt, next?.at ?? Number.POSITIVE_INFINITY) };
  });
}

function randomUploads(
  measured: readonly Measured[],
  isClockRight: boolean,
  int: (n: number) => number,
  pick: <T>(from: readonly T[]) => T,
): Upload[] {
  const uploads: Upload[] = [];
  for (let i = 0; i < measured.length; ) {
    const isTimeless = isClockRight && int(8) === 0;
    const readings = measured.slice(i, i + (isTimeless ? 1 : 1 + int(20)));
    i += readings.length;
    const { deviceId, at } = readings.at(-1) as Measured;
    // Mostly as they were measured; from a device that empties its memory backwards, or in no order.
    const order = int(3);
    if (order === 0) readings.reverse();
    else if (order === 1) readings.sort((a, b) => ((a.value * 6_700_417) % 1_013) - ((b.value * 6_700_417) % 1_013));
    const arrivesAt = at + (isTimeless ? 0 : int(pick(LATENESS) + 1));
    const againAt: number[] = [];
    while (int(4) === 0) againAt.push(arrivesAt + int(isTimeless ? 9 * MINUTE : 48 * HOUR));
    uploads.push({ deviceId, arrivesAt, key: `${deviceId} ${i}`, readings, isTimeless, againAt });
  }
  return uploads;
}
