import type { X509Certificate } from "node:crypto";
import type { RefusalCode } from "@openward/errors";
import type { Problem } from "@openward/model";

/** What a device sent, as bytes, with who it is proven to be. */
export interface DeviceMessage {
  readonly deviceId: string;
  readonly organisationId: string;
  readonly kind: "readings" | "waveform" | "event" | "status" | "raw";
  /** "json" or "cbor", told apart by content type, or by the first byte where there is none; for raw the codec's id. */
  readonly format: string;
  readonly body: Uint8Array;
  readonly receivedAt: number;
  /** What this message and its re-delivery have in common. null where the transport has nothing of the kind. */
  readonly deliveryKey: string | null;
  /**
   * The sender says that it may have sent this before (DUP, an idempotency key). Without it the message is a new one, though
   * an earlier one had the same key: packet ids are used again.
   */
  readonly isRedelivery: boolean;
  /** The sender hears of a body that does not parse (RefusedInput) and nothing is kept; otherwise it is quarantined. */
  readonly rejectMalformed?: boolean;
  /** Whoever passes it on knows that it cannot be placed, and why: it is quarantined. */
  readonly unplaceable?: RefusalCode;
  /** Written when the connection began and sent when it broke: kept as it is, and no sign of life. */
  readonly isWill?: boolean;
  /** By which its sender knows this message for ever: quarantined and sent again, however late, it is there once. */
  readonly messageId?: string;
}

export interface Receipt {
  /** Readings (waveform samples count as one chunk, an event as one) that are durable now. */
  readonly accepted: number;
  readonly quarantined: readonly Problem[];
  /** What a codec left of raw bytes: item, byte, and what it is. */
  readonly ignored?: readonly { readonly index: number; readonly offset: number; readonly what: string }[];
}

/** Resolves after the commit, and only then may an ack go out. Rejects with OutsideTrouble: no ack. */
export interface Ingest {
  accept(message: DeviceMessage): Promise<Receipt>;
  /** A device came or went; `state` "offline" may be its last will. */
  connection(deviceId: string, organisationId: string, connected: boolean): void;
  /** Two at once use the identity of a device, or only one does any more. */
  twin?(deviceId: string, organisationId: string, hasTwin: boolean): void;
}

export interface SignedInDevice {
  readonly deviceId: string;
  readonly organisationId: string;
  /** What it signed in with. */
  readonly credentialId?: string;
  /** Devices in the charge of this gateway, whose subtrees it may also use. */
  readonly inCharge: ReadonlySet<string>;
}

/** Shown by a client that has proven to have its key. */
export interface DeviceCertificate {
  /** The common name of its subject. */
  readonly deviceId: string;
  /** SHA-256 of its DER. */
  readonly hash: Uint8Array;
  readonly x509: X509Certificate;
}

/** The exchange of a claim code for what a device signs in with. */
export interface Claims {
  /**
   * @param csr PEM, of a key that the device keeps; null: it wants a token
   * @throws RefusedInput CLAIM_EXPIRED, FIELD_INVALID
   */
  claim(
    code: string,
    csr: string | null,
  ): Promise<{
    readonly deviceId: string;
    readonly token: string | null;
    /** PEM, with that of the authority that signed it. */
    readonly certificate: { readonly cert: string; readonly expiresAt: number; readonly authority: string } | null;
  }>;
}

/** The next certificate of a device, and the authority that signs it; both as PKCS #7. */
export interface Renewal {
  authorities(): Promise<Uint8Array>;
  /**
   * @param csr PEM, of a key that the device keeps
   * @throws RefusedInput FIELD_INVALID, CONFLICT
   */
  renew(
    device: { readonly deviceId: string; readonly organisationId: string; readonly credentialId: string },
    csr: string,
  ): Promise<Uint8Array>;
}

/** What a gateway works by; its version is another one whenever something is otherwise. */
export interface GatewayConfigurations {
  /** @throws OutsideTrouble while the database is away */
  configuration(gateway: {
    readonly deviceId: string;
    readonly organisationId: string;
  }): Promise<{ readonly version: string }>;
}

/** Answers from memory, so that devices can sign in while the database is down. */
export interface DeviceAccess {
  signIn(deviceId: string, token: string): SignedInDevice | undefined;
  signInByCertificate(certificate: DeviceCertificate): SignedInDevice | undefined;
  /** Whom the operator's settings name for what comes over this machine's own loopback. */
  signInBySetting?(deviceId: string): SignedInDevice | undefined;
  /**
   * Still allowed? Asked again for every message of a long session.
   *
   * @param credentialId what it signed in with; left out: by whatever it has
   */
  isActive(deviceId: string, credentialId?: string): boolean;
  /** Called with the id of each device whose access, or one of whose credentials, ends; returns how to stop listening. */
  onRevoked(listener: (deviceId: string) => void): () => void;
}

/** One try at something that can be guessed. */
export interface Guess {
  readonly what: string;
  readonly account?: string;
  readonly address: string;
}

/** Wrong ones, counted for MQTT and HTTP together. */
export interface Guesses {
  /** After how many milliseconds the next try counts; 0: now. */
  waitMs(guess: Guess): number;
  failed(guess: Guess): void;
}

/** What a device may send over HTTP before it is asked to wait. */
export interface Pace {
  /** @returns 0 where it was paid; else after how many milliseconds it can be */
  spend(deviceId: string, cost: number): number;
  /** Is taken in any case. */
  charge(deviceId: string, cost: number): void;
}

/** Who reads a feed over MQTT, as the feed sees them. */
export interface FeedReader {
  /** @param token comes back by `acknowledged`, of QoS 0 when it was written */
  send(
    message: { readonly topic: string; readonly payload: Buffer; readonly retain: boolean },
    qos: 0 | 1,
    token: number,
  ): void;
  close(why: "taken over" | "ended" | "stopped"): void;
  /** So many may be on the way to it. */
  readonly room: number;
}

/** What a reader of a feed may do. */
export interface FeedSitting {
  /** @returns the QoS that is granted; null: it is none of this feed's topics */
  subscribe(filter: string, qos: 0 | 1): 0 | 1 | null;
  /** @returns whether it was there */
  unsubscribe(filter: string): boolean;
  /** @returns what was expected, where it is refused; null: done */
  publish(topic: string, payload: Uint8Array): Promise<string | null>;
  acknowledged(token: number): void;
  left(): void;
}

/** Those who read a feed sign in as it, with its secret. */
export interface FeedDoor {
  /** From memory. undefined: wrong, ended or paused */
  seatOf(feedId: string, secret: string): { sit(reader: FeedReader): FeedSitting } | undefined;
}
