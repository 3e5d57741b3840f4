import type { PatientView, Principal, Stream } from "@openward/model";

export interface Transaction {
  rows<T extends object>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  run(sql: string, values?: readonly unknown[]): Promise<number>;
}

export interface Tables {
  inOrganisation<T>(
    asker: string | Pick<Principal, "organisationId" | "id">,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T>;
  everywhere<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** What was measured, as it counts today and as far as who asks may see it. */
export interface Measured {
  streams(view: PatientView, patientId: string): Promise<readonly { readonly stream: Stream }[]>;
  readings(
    view: PatientView,
    query: {
      readonly patientId: string;
      readonly streamIds: readonly string[];
      readonly from: number;
      readonly to: number;
      readonly order: "ascending";
      readonly limit: number;
    },
  ): Promise<readonly { readonly time: number }[]>;
}
