/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Millis = number;

/** Device X is on patient Y from `from` (inclusive) to `to` (exclusive); `to` null means still. */
export interface Association {
  readonly id: string;
  readonly organisationId: string;
  readonly deviceId: string;
  readonly patientId: string;
  readonly from: Millis;
  readonly to: Millis | null;
}

/**
 * One signal from one device on one patient, in the unit in which it is received.
 * `id` is derived from the other fields (`streamId` of server/ingest), so that two processes, or one before and
 * after a crash, name the same stream alike without asking a database.
 */
export interface Stream {
  readonly id: string;
  readonly organisationId: string;
  readonly patientId: string;
  readonly deviceId: string;
  /** Key of packages/signals. */
  readonly signal: string;
  readonly kind: "numeric" | "waveform";
  /** UCUM code as received. */
  readonly unit: string;
}

/** Bits of a reading's quality; 0 is a plain good reading. */
export const QUALITY = {
  /** The device sent no time; the server's stands in. */
  timeFromServer: 1,
  /** Another value of the same stream and time came first; this one is kept beside it. */
  conflicting: 2,
  /** Given to its patient by a person, from quarantine. */
  claimed: 4,
  /** The device marked the value as questionable. */
  questionable: 8,
  /** A person corrected the value; never in what is stored, only in answers. */
  corrected: 16,
  /** The device sent no time; when its gateway received the value stands in. */
  timeFromGateway: 32,
  /** The device's time said no zone, and nobody its offset: the zone of the patient stands in. */
  zoneAssumed: 64,
  /**
   * The device's clock was wrong then, or may have been. What is known of it stands in the device's clock states; where the
   * state of that time is "corrected", this is the corrected time, and the device's own is worked out from the state.
   */
  clockWrong: 128,
} as const;

/** Readings of one stream, in columns of equal length, in order of arrival. */
export interface Readings {
  readonly stream: Stream;
  readonly associationId: string;
  /** Device time, ms UTC. */
  readonly times: Float64Array;
  /** In the stream's unit, as received. */
  readonly values: Float64Array;
  /** Bits of QUALITY. */
  readonly quality: Uint8Array;
  /** The device's own offset from UTC in minutes, where it said so. */
  readonly utcOffsetMinutes: number | null;
  readonly receivedAt: Millis;
}

/** A sample that is missing inside a waveform: a gap stays a gap. */
export const ABSENT_SAMPLE = -2147483648;

/** Equidistant samples of one stream: value = sample x scale + origin, in the stream's unit. */
export interface Waveform {
  readonly stream: Stream;
  readonly associationId: string;
  /** Device time of the first sample, ms UTC; may have a fraction where the rate does not divide 1000. */
  readonly start: number;
  readonly rateHz: number;
  readonly scale: number;
  readonly origin: number;
  readonly samples: Int32Array;
  readonly quality: number;
  readonly utcOffsetMinutes: number | null;
  readonly receivedAt: Millis;
}

/** Something that happened; `id` is the device's own where it gave one, unique per device and time. */
export interface DeviceEvent {
  readonly id: string;
  readonly organisationId: string;
  readonly deviceId: string;
  readonly patientId: string | null;
  readonly associationId: string | null;
  /** Key of packages/signals of kind "event" ("sos-button"), or a device event ("sensor-off"). */
  readonly event: string;
  readonly at: Millis;
  readonly timeFromServer: boolean;
  readonly receivedAt: Millis;
  /** Whatever else the device said, as it said it. */
  readonly detail: Readonly<Record<string, unknown>>;
  /** Where the time is the server's: the name of the message in which it came, by which it is known however late it comes again. */
  readonly messageId?: string;
}

export interface DeviceStatus {
  readonly organisationId: string;
  readonly deviceId: string;
  readonly state: string;
  /** Percent, where known. */
  readonly battery: number | null;
  /** The device's own time when it sent this, where it said so. */
  readonly clock: Millis | null;
  readonly receivedAt: Millis;
}

/** One thing that was wrong with a message: which item, which field, why. */
export interface Problem {
  /** Position in the message's array; 0 for a single body. */
  readonly index: number;
  /** The last of several items in a row with the same problem; left out for a single item. */
  readonly through?: number;
  /** Code of packages/errors. */
  readonly code: string;
  readonly field: string;
  readonly expected?: string;
  /** For `index` items that hold many values: how many readings the problem keeps out. */
  readonly readings: number;
}

/** A message that could not be placed, or not all of it: kept whole, with its reasons. */
export interface QuarantineEntry {
  readonly id: string;
  readonly organisationId: string;
  readonly deviceId: string;
  readonly receivedAt: Millis;
  readonly kind: "readings" | "waveform" | "event" | "status" | "raw";
  readonly contentType: string;
  readonly problems: readonly Problem[];
  readonly raw: Uint8Array;
}
