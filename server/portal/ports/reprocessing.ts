import type { AmendmentKind, PatientView } from "@openward/model";

/** What was sent in a span, by today's codecs, against what is stored. */
export type Reprocessing = (
  view: PatientView,
  request: {
    readonly from: number;
    readonly to: number;
    readonly deviceId: string | null;
    readonly patientId: string | null;
    readonly apply: { readonly reason: string; readonly confirm: string } | null;
  },
  signal: AbortSignal,
) => Promise<{
  readonly summary: {
    readonly messages: number;
    readonly skipped: number;
    readonly same: number;
    readonly counts: { readonly added: number; readonly changed: number; readonly missing: number };
    readonly byHand: number;
    readonly leftAlone: number;
    readonly streams: readonly StreamDifferences[];
    readonly streamsLeftOut: number;
    readonly refused: readonly {
      readonly code: string;
      readonly field: string;
      readonly places: number;
      readonly readings: number;
    }[];
    readonly unreadable: number;
    readonly faults: readonly {
      readonly position: number;
      readonly in: "raw input" | "journal";
      readonly code: string;
    }[];
  };
  readonly code: string;
  readonly applied: { readonly added: number; readonly amended: number; readonly resolved: number } | null;
}>;

interface StoredPoint {
  readonly time: number;
  readonly value: number | null;
  readonly unit: string | null;
  readonly patientId: string | null;
  readonly samples: number | null;
}

export interface StreamDifferences {
  readonly deviceId: string;
  readonly patientId: string | null;
  readonly signal: string;
  readonly unit: string | null;
  readonly kind: "numeric" | "waveform" | "event";
  readonly added: number;
  readonly changed: number;
  readonly missing: number;
  readonly from: number;
  readonly to: number;
  readonly byHand: readonly {
    readonly because: "event" | "waveform" | "patient" | "quality";
    readonly count: number;
  }[];
  readonly leftAlone: readonly { readonly by: string; readonly kind: AmendmentKind; readonly count: number }[];
  readonly examples: readonly {
    readonly difference: "added" | "changed" | "missing";
    readonly fate: "add" | "correct" | "enter in error" | "withdraw" | "replace" | "leave" | "by hand";
    readonly amendedBy: string | null;
    readonly before: StoredPoint | null;
    readonly after: StoredPoint | null;
  }[];
}
