import type {
  PatientView,
  Problem,
  QuarantineEntry,
  QuarantineFilter,
  QuarantineRun,
  QuarantineRunState,
} from "@openward/model";
import type { Asker } from "./asker.ts";

export interface QuarantineRecord {
  readonly entry: QuarantineEntry;
  readonly state: "open" | "claimed" | "dismissed";
  readonly resolvedBy: string | null;
  readonly resolvedAt: number | null;
  readonly patientId: string | null;
  /** Its raw input has expired: `entry.raw` is empty. */
  readonly isExpired?: boolean;
}

export interface Quarantine {
  list(
    asker: Asker,
    filter: {
      state: "open" | "claimed" | "dismissed";
      deviceId?: string;
      code?: string;
      contentType?: string;
      from?: number;
      to?: number;
      before?: string;
      limit: number;
    },
  ): Promise<QuarantineRecord[]>;
  find(asker: Asker, id: string): Promise<QuarantineRecord | undefined>;
  resolve(
    organisationId: string,
    id: string,
    as: "claimed" | "dismissed",
    by: string,
    detail: { patientId?: string; reason?: string },
  ): Promise<QuarantineRecord>;
}

/** Quarantined messages, many at once. */
export interface QuarantineRuns {
  counts(asker: Asker): Promise<{ code: string; deviceId: string; contentType: string; messages: number }[]>;
  list(asker: Asker): Promise<readonly QuarantineRun[]>;
  start(view: PatientView, filter: QuarantineFilter): Promise<QuarantineRunState>;
  state(view: PatientView, runId: string): QuarantineRunState;
  apply(view: PatientView, runId: string, reason: string): Promise<QuarantineRunState>;
  undo(
    view: PatientView,
    runId: string,
    reason: string,
  ): Promise<{ readonly opened: number; readonly amended: number; readonly leftAlone: number }>;
}

/** The way of what a device sent; resolves after the commit. */
export interface Ingest {
  accept(message: {
    readonly deviceId: string;
    readonly organisationId: string;
    readonly kind: "raw";
    readonly format: string;
    readonly body: Uint8Array;
    readonly receivedAt: number;
    readonly deliveryKey: string;
    readonly isRedelivery: true;
    readonly messageId: string;
  }): Promise<{ readonly accepted: number; readonly quarantined: readonly Problem[] }>;
}

/** Ingest's second look at a quarantined message: for this patient, whatever the associations said. */
export type Reprocess = (
  entry: QuarantineEntry,
  claim: { readonly patientId: string; readonly useReceivedTime: boolean; readonly by: string },
) => Promise<{ readonly accepted: number; readonly quarantined: readonly Problem[] }>;
