import type { Change, History } from "./history.ts";

/** Who wore the device then, of these changes; they stand in the order of their times. */
function wearerOf(changes: readonly Change[], deviceId: string, at: number): string | null {
  let wearer: string | null = null;
  for (const change of changes) if (change.deviceId === deviceId && change.at <= at) wearer = change.patientId;
  return wearer;
}

/** On whom a reading is to be, by what happened and by what anybody had told: it asks nothing of the server. */
export function createOracle({ changes, clockAhead }: History) {
  return {
    /** Whose it is. null: nobody wore the device. */
    truth: (deviceId: string, at: number) => wearerOf(changes, deviceId, at),

    /**
     * Could whoever knew all that had been told by then, of patients and of the device's clock, have had a doubt?
     * Not where the right time and the time that the device says are the same patient's, and that patient's truly.
     */
    isUnambiguous(deviceId: string, at: number, arrivedAt: number, isTimeless: boolean): boolean {
      const told = changes.filter(({ toldAt }) => toldAt <= arrivedAt);
      const truth = wearerOf(changes, deviceId, at);
      if (truth === null || wearerOf(told, deviceId, at) !== truth) return false;
      if (isTimeless) return true;
      const said = at + (clockAhead.get(deviceId) ?? 0);
      return said <= arrivedAt + FUTURE_MS && wearerOf(told, deviceId, said) === truth;
    },
  };
}

/** DESIGN: what is dated further ahead is in nobody's past. */
const FUTURE_MS = 5 * 60_000;
