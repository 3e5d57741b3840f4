import type { Problem } from "@openward/model";

/** What the record needs so that others can write Observations. */
export interface ObservationIntake {
  /** Who wore the device then; undefined: nobody. */
  wearerAt(deviceId: string, at: number): string | undefined;
  /** A device in whose name somebody writes who names none; it is on this patient, and made where it is not there yet. */
  ensureDevice(device: {
    readonly organisationId: string;
    readonly deviceId: string;
    readonly display: string;
    readonly patientId: string;
    readonly by: string;
  }): Promise<void>;
  /** Resolves after the commit. */
  accept(message: {
    readonly organisationId: string;
    readonly deviceId: string;
    readonly format: string;
    readonly body: Uint8Array;
  }): Promise<{ readonly quarantined: readonly Problem[] }>;
  /** What was written under a name that its writer gave it: the id by which it is read. */
  written(organisationId: string, hash: Uint8Array): Promise<string | undefined>;
  /** @returns false where another came first */
  note(row: {
    readonly organisationId: string;
    readonly hash: Uint8Array;
    readonly patientId: string;
    readonly observationId: string;
    readonly by: string;
  }): Promise<boolean>;
}
