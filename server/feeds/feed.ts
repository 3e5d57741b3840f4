export const WAYS = ["webhook", "mqtt", "broker"] as const;
/** We call; they come to our MQTT listener; we bring it to their broker. */
export type Way = (typeof WAYS)[number];

export const KINDS = ["readings", "alarms", "events", "devices"] as const;
export type Kind = (typeof KINDS)[number];

/** Where to, and how. */
export interface Target {
  /** Of a webhook "https://...", of a broker "mqtts://host:8883". */
  readonly url?: string;
  /** Of a webhook: what came meanwhile goes together, and so often at most. */
  readonly everySeconds?: number;
  /** Of a broker. */
  readonly username?: string;
  /** PEM of the authority that signed the broker's certificate, where it is no public one. */
  readonly ca?: string;
  /** Of MQTT: devices and values as Home Assistant discovers them. */
  readonly homeAssistant?: boolean;
  /** Where it discovers; left out: "homeassistant". */
  readonly discoveryPrefix?: string;
}

/** Who is sent what, in whose name. */
export interface Feed {
  readonly id: string;
  readonly organisationId: string;
  readonly owner: { readonly kind: "person" | "token"; readonly id: string };
  /** null: everybody whom the owner sees. */
  readonly patientId: string | null;
  readonly name: string;
  readonly way: Way;
  readonly kinds: readonly Kind[];
  /** null: all. */
  readonly signals: readonly string[] | null;
  readonly target: Target;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly pausedAt: number | null;
  /** null: somebody paused it; else why the house did. */
  readonly pauseReason: string | null;
}

/** A place in the order of the outbox: what is at or before it has been taken. */
export interface Place {
  readonly position: number;
  readonly number: number;
}

export interface Progress {
  readonly place: Place;
  /** When what stands there was written, server time. */
  readonly reachedAt: number;
  readonly delivered: number;
  readonly lastSuccessAt: number | null;
  readonly lastErrorAt: number | null;
  readonly lastError: string | null;
  readonly lastStatus: number | null;
  readonly failingSince: number | null;
  /** Retained at a broker outside. */
  readonly published: readonly string[];
}

export const isBefore = (a: Place, b: Place): boolean =>
  a.position < b.position || (a.position === b.position && a.number < b.number);
