import type { Asker } from "./asker.ts";

/** One access or change of the log; what is not known is left out. */
export interface AuditRecord {
  readonly id: string;
  readonly at: number;
  readonly who: AuditWho;
  readonly onBehalfOf?: AuditWho | undefined;
  readonly through?: AuditWho | undefined;
  readonly action: "C" | "R" | "U" | "D" | "E";
  readonly code: string;
  readonly patients: readonly string[];
  readonly entity: string;
  readonly entityId?: string | undefined;
  readonly via: string;
  readonly purpose?: string | undefined;
  readonly basis?: string | undefined;
  readonly outcome: "allowed" | "refused" | "failed";
  readonly refusal?: string | undefined;
  readonly address?: string | undefined;
}

interface AuditWho {
  readonly kind: string;
  readonly id: string | null;
  readonly display: string;
  readonly role: string | null;
}

export interface AuditLog {
  /** Newest first. @throws RefusedInput NOT_FOUND for a `before` that is no record */
  search(
    asker: Asker,
    query: {
      readonly patientIds?: readonly string[] | undefined;
      readonly agentId?: string | undefined;
      readonly actions?: readonly string[] | undefined;
      readonly entities?: readonly string[] | undefined;
      readonly outcome?: string | undefined;
      readonly from?: number | undefined;
      readonly to?: number | undefined;
      readonly before?: string | undefined;
      readonly limit: number;
    },
  ): Promise<readonly AuditRecord[]>;
  /** What went to programs and out as files, newest first. */
  disclosures(
    organisationId: string,
    query: { readonly patientIds: readonly string[]; readonly from: number; readonly to: number },
  ): Promise<readonly AuditRecord[]>;
  /** Whom a person, token or device was shown. */
  affected(
    organisationId: string,
    query: { readonly agentId: string; readonly from: number; readonly to: number },
  ): Promise<
    readonly {
      readonly patientId: string;
      readonly times: number;
      readonly first: number;
      readonly last: number;
      readonly entities: readonly string[];
    }[]
  >;
  /** As a patient would say it. */
  inWords(record: AuditRecord): string;
}
