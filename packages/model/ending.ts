import type { Millis } from "./telemetry.ts";

/** A certificate or token that ends by itself and must be renewed. */
export interface Ending {
  readonly kind: "device-certificate" | "device-token" | "api-token" | "server-certificate" | "authority";
  /** Of the credential or token. */
  readonly subject: string;
  readonly deviceId: string | null;
  readonly isGateway: boolean;
  readonly display: string;
  readonly endsAt: Millis;
  /** It has something else to sign in with, that lasts longer. */
  readonly isCovered: boolean;
  /** On a patient now. */
  readonly isInUse: boolean;
}

/** An ending that is to be told, so many days before. */
export interface DueEnding {
  readonly kind: string;
  readonly subject: string;
  readonly endsAt: Millis;
  readonly daysBefore: number;
}

/** Two of the same key are told once. */
export const keyOfDueEnding = ({ kind, subject, endsAt, daysBefore }: DueEnding): string =>
  `${kind} ${subject} ${endsAt} ${daysBefore}`;
