import type {
  Association,
  ClockState,
  Delivery,
  DeviceEvent,
  DeviceStatus,
  JournalEntry,
  RawInput,
  Readings,
  Stream,
  Waveform,
} from "@openward/model";

/** Resolves when all entries are durable. Rejects with OutsideTrouble STORE_UNAVAILABLE: nothing may be acknowledged. */
export interface Journal {
  /** @param raw what the entries came of, as it was sent; left out: it stands in them, or nobody sent it */
  append(entries: readonly JournalEntry[], raw?: RawInput): Promise<void>;
}

/** What ingest must know of devices and patients, from memory. */
export interface Directory {
  /** The association that covers the device at that time (ms UTC, device time). */
  associationAt(deviceId: string, at: number): Association | undefined;
  associations(deviceId: string): readonly Association[];
  /** Streams that are already in the journal or the database; a stream not known must be journaled before its readings. */
  knowsStream(streamId: string): boolean;
  addStream(stream: Stream): void;
  /** IANA zone of the patient on whom the device was then, or last: what a clock that says no zone is read by. */
  timeZoneAt(deviceId: string, at: number): string | undefined;
  /** Numbers by which the patient is known, of records that were merged into theirs too; empty where nobody knows who it is. */
  recordNumbersOf(patientId: string): readonly string[];
  /** Key of packages/drivers. */
  deviceType(deviceId: string): string | undefined;
}

/** When a message came for the first time, and on which association it was placed (null: on none). */
export type FirstDelivery = Pick<Delivery, "receivedAt" | "associationId">;

/** Deliveries without a time of their own, of the last minutes, recovered after a crash. */
export interface Deliveries {
  first(deviceId: string, key: string): FirstDelivery | undefined;
  /** Resolves when those of before the start are known; rejects with OutsideTrouble when it takes long. */
  readonly pending?: Promise<void> | undefined;
}

/** The alarms' side: fed before the commit, so that it works with the database stopped. */
export interface Watch {
  readings(readings: Readings): void;
  waveform(waveform: Waveform): void;
  /** @param isWill said in the device's name because its connection broke, or said long ago: no sign of life */
  event(event: DeviceEvent, isWill: boolean): void;
  status(status: DeviceStatus, isWill: boolean): void;
  /** What was decided of a device's clock; after a start, of each. */
  clock(state: ClockState): void;
  connection(deviceId: string, organisationId: string, connected: boolean, at: number): void;
}

/** The screens' side: fed at once, and never slower for it. */
export interface Live {
  readings(readings: Readings): void;
  waveform(waveform: Waveform): void;
}
