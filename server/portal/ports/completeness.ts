import type { PatientView } from "@openward/model";
import type { Explained, GapCause } from "@openward/timeseries/completeness";

/** How much of what was expected came; the words of it are those of `@openward/timeseries/completeness`. */
export interface Completeness {
  table(
    view: PatientView,
    by: "patient" | "device",
    ids: readonly string[],
    days: number,
  ): Promise<
    readonly {
      readonly id: string;
      readonly days: readonly {
        readonly day: string;
        readonly expected: number;
        readonly received: number;
        readonly missing: Partial<Record<GapCause, number>>;
      }[];
    }[]
  >;
  day(
    view: PatientView,
    of: { readonly patientId: string } | { readonly deviceId: string },
    day: string,
  ): Promise<CompletenessDay>;
}

export interface CompletenessDay {
  readonly span: { readonly from: number; readonly to: number };
  readonly timeZone: string;
  readonly streams: readonly {
    readonly patientId: string;
    readonly deviceId: string;
    readonly signal: string;
    readonly intervalMs: number;
    readonly expected: number;
    readonly received: number;
    readonly late: number | null;
    readonly gaps: readonly Explained[];
  }[];
}

export type GapProof = Explained["proofs"][number];
