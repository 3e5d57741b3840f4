import type {
  Alarm,
  AmendmentRecord,
  Feed,
  OutboxPage,
  OutboxPlace,
  PatientView,
  Principal,
  Readings,
  Stream,
} from "@openward/model";

/** Everything that was accepted or changed, in one order. */
export interface Outbox {
  end(): Promise<OutboxPlace>;
  read(
    after: OutboxPlace,
    wanted: { readonly organisationId: string; readonly patientIds: readonly string[] },
  ): Promise<OutboxPage>;
  placeAt(at: number): Promise<OutboxPlace>;
  timeOf(place: OutboxPlace): Promise<number | null>;
  heldSince(): Promise<number | null>;
  onMore(listener: () => void): () => void;
}

/** What counts today of what was received. */
export interface Counting {
  screenReadings(readings: Readings): Readings | undefined;
  screenAlarm(alarm: Alarm): Alarm;
  /** Looked for again where another process made it a moment ago. */
  amendment(view: PatientView, amendmentId: string): Promise<AmendmentRecord | undefined>;
  streamOf(streamId: string): Stream | undefined;
  /** What counts in a span of a patient's device, or of one stream of it: by stream, at most `limit` readings of each. */
  restated(
    view: PatientView,
    span: {
      readonly patientId: string;
      readonly deviceId: string;
      readonly streamId: string | null;
      readonly from: number;
      readonly to: number;
      readonly limit: number;
    },
  ): Promise<
    readonly {
      readonly stream: Stream;
      readonly readings: readonly { readonly time: number; readonly value: number; readonly quality: number }[];
    }[]
  >;
}

/** In whose name, and what they see; undefined: nobody any more. */
export interface Owners {
  principalOf(owner: Feed["owner"], organisationId: string): Promise<Principal | undefined>;
  viewOf(principal: Principal): Promise<PatientView>;
  /** Does what an application may ask for reach this stream? Of a person's feed nobody asks. */
  mayRead(owner: Feed["owner"], stream: Stream): boolean;
}

export interface AuditedSending {
  readonly feed: Feed;
  readonly owner: Principal;
  readonly patientIds: readonly string[];
  /** Signals and kinds. */
  readonly what: readonly string[];
}

/** Resolves when it is durable that this leaves. @throws OutsideTrouble AUDIT_UNAVAILABLE */
export type RecordSending = (sending: AuditedSending) => Promise<void>;

/** Small secrets, encrypted. */
export interface Vault {
  seal(name: string, plain: Uint8Array): { keyId: number; sealed: Uint8Array };
  open(name: string, keyId: number, sealed: Uint8Array): Uint8Array;
}

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

export interface Log {
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}
