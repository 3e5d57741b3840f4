import type { AmendmentDraft, PatientView, Problem, Stream } from "@openward/model";

/** The format of packages/codecs in which Observations go to ingest. */
export const FORMAT = "fhir/observation";

/** What the record needs so that others can write Observations. */
export interface ObservationIntake {
  /** Who wore the device then; undefined: nobody. */
  wearerAt(deviceId: string, at: number): string | undefined;
  /** How a stream will be called, before anything is in it. */
  streamIdOf(stream: Omit<Stream, "id">): string;
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
  /** The same of one reading, which has been decoded. Resolves after the commit. */
  measured(reading: {
    readonly organisationId: string;
    readonly deviceId: string;
    readonly signal: string;
    readonly unit: string;
    readonly utcOffsetMinutes: number | null;
    /** ms UTC. */
    readonly time: number;
    /** In `unit`. */
    readonly value: number;
    /** The Observation that says it: what quarantine keeps. */
    text(): string;
  }): Promise<{ readonly quarantined: readonly Problem[] }>;
  /** Says of a reading that it is another value, or none. @throws RefusedInput, OutsideTrouble */
  amend(
    view: PatientView,
    draft: AmendmentDraft,
    author: { readonly id: string; readonly display: string },
  ): Promise<unknown>;
  /** What was written under a name before texts were kept: the id by which it is read. */
  written(organisationId: string, hash: Uint8Array): Promise<string | undefined>;
}
