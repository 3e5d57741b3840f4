import type { Principal } from "@openward/model";

export type Asker = Pick<Principal, "organisationId" | "id">;

/** In whose name, and whose documents of which collection. */
export interface Where {
  readonly asker: Asker;
  readonly patientIds: readonly string[];
  readonly collection: string;
}

export interface StoredDocument {
  readonly patientId: string;
  /** 24 hexadecimal digits. */
  readonly id: string;
  readonly identifier: string | null;
  /** Hexadecimal. */
  readonly sameness: string;
  /** ms UTC. */
  readonly at: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly isValid: boolean;
  /** As its client wrote it. */
  readonly content: Readonly<Record<string, unknown>>;
}

export type NewDocument = StoredDocument;

export interface DocumentQuery {
  readonly by: "at" | "modified";
  /** Both inclusive, ms UTC. */
  readonly from: number;
  readonly to: number;
  readonly isDescending: boolean;
  readonly limit: number;
  readonly skip?: number;
  readonly withDeleted: boolean;
}

/** What clients of Nightscout wrote, under the grants of who asks. */
export interface NightscoutDocuments {
  find(where: Where, query: DocumentQuery): Promise<StoredDocument[]>;
  /** Those that have one of these; deleted ones too. */
  same(
    where: Where,
    by: {
      readonly ids: readonly string[];
      readonly identifiers: readonly string[];
      readonly samenesses: readonly string[];
    },
  ): Promise<StoredDocument[]>;
  /** @throws RefusedInput CONFLICT where another came meanwhile under the same name */
  save(where: Where, documents: readonly NewDocument[]): Promise<void>;
  /** Of each collection when something of it changed last. */
  newest(where: Omit<Where, "collection">): Promise<ReadonlyMap<string, number>>;
  forgetBefore(where: Where, at: number): Promise<number>;
  /** Everything, for the house. */
  ofPatients(
    organisationId: string,
    patientIds: readonly string[],
  ): AsyncGenerator<StoredDocument & { readonly collection: string }>;
}
