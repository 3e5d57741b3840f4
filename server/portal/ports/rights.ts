import type { Readable } from "node:stream";
import type { PatientView } from "@openward/model";
import type { Authenticated } from "./authenticated.ts";

/** Of whom nothing may be erased or have its time. */
export interface Hold {
  readonly id: string;
  readonly patientId: string;
  readonly mrn: string;
  readonly reason: string;
  readonly from: number;
  readonly to: number | null;
  readonly createdBy: string;
  readonly endedAt: number | null;
  readonly endedBy: string | null;
  readonly endReason: string | null;
}

export interface Holds {
  list(organisationId: string, filter: { readonly ended: boolean }): Promise<Hold[]>;
  place(
    organisationId: string,
    hold: { readonly patient: string; readonly reason: string; readonly until: number | null },
    by: string,
  ): Promise<Hold>;
  end(organisationId: string, holdId: string, reason: string, by: string): Promise<Hold>;
}

/** The record with this number, for who looks after rights. */
export interface Records {
  find(organisationId: string, mrn: string, by: string): Promise<{ readonly patientId: string; readonly mrn: string }>;
}

/** Everything about one patient. */
export interface Everything {
  /** @throws OutsideTrouble DATABASE_UNREACHABLE */
  begin(request: {
    readonly view: PatientView;
    readonly organisation: Authenticated["organisation"];
    readonly patientId: string;
    readonly reason: string;
    stillMay(): Promise<boolean>;
  }): Promise<Readable>;
}
