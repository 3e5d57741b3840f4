import type { AmendmentDraft, AmendmentRecord, PatientView, Principal, Problem, Stream } from "@openward/model";

/** What a client signed in with: for one patient, in the name of whoever made it. */
export interface Key {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly name: string;
  /** As which device it uploads; null: it only reads. */
  readonly deviceId: string | null;
}

export interface LetIn {
  readonly authenticated: { readonly principal: Principal };
  readonly key: Key;
}

export interface Access {
  readonly nightscout: {
    /** @param secret itself, or its SHA-1. @throws RefusedInput NOT_SIGNED_IN */
    signIn(secret: string): Promise<LetIn>;
    /** @throws RefusedInput NOT_SIGNED_IN */
    signInById(keyId: string): Promise<LetIn>;
  };
  viewOf(principal: Principal): Promise<PatientView>;
}

/** Wrong secrets, counted with all others. */
export interface Guesses {
  waitMs(guess: { readonly what: string; readonly address: string }): number;
  failed(guess: { readonly what: string; readonly address: string }): void;
}

/** What a device may send before it is asked to wait. @returns ms to wait; 0: it was paid */
export interface Pace {
  spend(deviceId: string, cost: number): number;
}

/** Is it still a device of the house? */
export interface Devices {
  isActive(deviceId: string): boolean;
}

/** Resolves after the commit. */
export interface Ingest {
  accept(message: {
    readonly deviceId: string;
    readonly organisationId: string;
    readonly kind: "raw";
    readonly format: string;
    readonly body: Uint8Array;
    readonly receivedAt: number;
    readonly deliveryKey: null;
    readonly isRedelivery: false;
  }): Promise<{ readonly accepted: number; readonly quarantined: readonly Problem[] }>;
}

export interface Reading {
  readonly stream: Stream;
  readonly time: number;
  /** In the stream's unit; NaN: none that counts. */
  readonly value: number;
  readonly ordinal: number;
  readonly utcOffsetMinutes: number | null;
  readonly receivedAt: number;
}

/** What was measured; a patient outside the view is as if there were none. */
export interface Telemetry {
  streams(view: PatientView, patientId: string): Promise<readonly { readonly stream: Stream }[]>;
  latest(view: PatientView, patientId: string): readonly Reading[];
  readings(
    view: PatientView,
    query: {
      readonly patientId: string;
      readonly streamIds: readonly string[];
      /** Inclusive. */
      readonly from: number;
      /** Exclusive. */
      readonly to: number;
      readonly order: "ascending" | "descending";
      readonly limit: number;
      readonly after?: { readonly time: number; readonly streamId: string; readonly ordinal: number };
    },
  ): Promise<readonly Reading[]>;
}

export interface Amendments {
  /** @throws RefusedInput READING_NOT_THERE, AMENDED_MEANWHILE, NOT_FOUND */
  make(view: PatientView, draft: AmendmentDraft, author: Principal): Promise<unknown>;
  ofPatient(view: PatientView, patientId: string): readonly AmendmentRecord[];
}

export type Content = Readonly<Record<string, unknown>>;

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
  readonly content: Content;
}

export interface Where {
  readonly asker: Pick<Principal, "organisationId" | "id">;
  readonly patientIds: readonly string[];
  readonly collection: string;
}

/** What clients wrote, under the grants of who asks. */
export interface Documents {
  find(
    where: Where,
    query: {
      readonly by: "at" | "modified";
      /** Both inclusive. */
      readonly from: number;
      readonly to: number;
      readonly isDescending: boolean;
      readonly limit: number;
      readonly skip?: number;
      readonly withDeleted: boolean;
    },
  ): Promise<readonly StoredDocument[]>;
  same(
    where: Where,
    by: {
      readonly ids: readonly string[];
      readonly identifiers: readonly string[];
      readonly samenesses: readonly string[];
    },
  ): Promise<readonly StoredDocument[]>;
  save(where: Where, documents: readonly StoredDocument[]): Promise<void>;
  newest(where: Omit<Where, "collection">): Promise<ReadonlyMap<string, number>>;
  forgetBefore(where: Where, at: number): Promise<number>;
}
