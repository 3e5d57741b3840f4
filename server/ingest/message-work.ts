import type { Decoded, Ignored } from "@openward/codecs/raw";
import type { ClockState, JournalEntry, Millis } from "@openward/model";
import type { RecentDeliveries } from "./deliveries.ts";
import type { DeviceMessage } from "./index.ts";
import type { Directory, FirstDelivery } from "./ports.ts";
import { Problems } from "./problems.ts";
import { type Retiming, retimingOf } from "./retime.ts";
import type { DeviceState, Slot } from "./streams.ts";
import { NOTHING_IGNORED, type Place, type Span, type Work } from "./work.ts";

/** What the messages of one ingest have in common. */
export interface Neighbours {
  readonly directory: Pick<Directory, "associationAt" | "associations" | "recordNumbersOf">;
  readonly recent: RecentDeliveries;
}

/** A message that has just come. One object for each, with methods in place of functions of its own: tens of thousands wait. */
export class MessageWork implements Work {
  readonly organisationId: string;
  readonly deviceId: string;
  readonly device: DeviceState;
  readonly receivedAt: Millis;
  readonly isWill: boolean;
  readonly latest: Millis;
  readonly clockOffsetMs: number;
  readonly quality = 0;
  readonly isWanted = undefined;
  readonly shiftMs = undefined;
  readonly shiftsAll = false;
  readonly entries: JournalEntry[] = [];
  readonly problems = new Problems();
  newSlots: Slot[] | undefined = undefined;
  stampedAt: Millis | undefined = undefined;
  accepted = 0;
  ignored: readonly Ignored[] = NOTHING_IGNORED;
  readonly retiming: Retiming | undefined;
  newest: Millis = Number.NaN;
  sighted: Millis = Number.NaN;
  gatewaySighting: Decoded["gatewaySighting"] | undefined = undefined;
  gatewayHeardAt: Millis | undefined = undefined;
  toldClock: Millis | undefined = undefined;
  decided: ClockState | undefined = undefined;
  instant: Float64Array | undefined = undefined;
  span: Span | undefined = undefined;
  waitsFor: Promise<void> | undefined = undefined;
  readonly #message: DeviceMessage;
  readonly #neighbours: Neighbours;
  /** Where a re-delivery was placed before the device was moved in hindsight; by the time that stands in for its own. */
  #placedBefore: Map<Millis, Place> | undefined;

  constructor(message: DeviceMessage, device: DeviceState, latest: Millis, neighbours: Neighbours) {
    this.organisationId = message.organisationId;
    this.deviceId = message.deviceId;
    this.device = device;
    this.receivedAt = message.receivedAt;
    this.isWill = message.isWill === true;
    this.latest = latest;
    this.clockOffsetMs = device.clock.statedOffsetMs;
    this.retiming = retimingOf(device.known.timeline, message.receivedAt);
    this.#message = message;
    this.#neighbours = neighbours;
  }

  stamp(): Millis {
    if (this.stampedAt !== undefined) return this.stampedAt;
    // Asked for only here: the transport hashes the body for it.
    const { deliveryKey, isRedelivery } = this.#message;
    this.stampedAt = deliveryKey === null ? this.receivedAt : this.#first(deliveryKey, isRedelivery);
    return this.stampedAt;
  }

  /** An event that names itself is the same whenever it comes again. */
  firstHeard(event: string): Millis {
    return this.#first(`event ${event}`, true);
  }

  get messageId(): string | undefined {
    return this.#message.messageId;
  }

  placeAt(time: Millis): Place | undefined {
    return this.#placedBefore?.get(time) ?? this.#neighbours.directory.associationAt(this.deviceId, time);
  }

  recordNumbersOf(patientId: string): readonly string[] {
    return this.#neighbours.directory.recordNumbersOf(patientId);
  }

  #first(key: string, isRedelivery: boolean): Millis {
    const { organisationId, deviceId } = this;
    const { recent, directory } = this.#neighbours;
    this.waitsFor ??= recent.pending(deviceId, key, isRedelivery);
    if (this.waitsFor) return this.receivedAt;
    const placeOf = (at: Millis) => directory.associationAt(deviceId, at)?.id ?? null;
    const first = recent.received(deviceId, key, this.receivedAt, isRedelivery, placeOf);
    this.entries.push({ kind: "delivery", delivery: { organisationId, deviceId, key, ...first } });
    this.#placeAsBefore(first);
    return first.receivedAt;
  }

  /** Otherwise it would lie with both patients. */
  #placeAsBefore({ receivedAt: at, associationId }: FirstDelivery): void {
    if (associationId === null) return;
    const { directory } = this.#neighbours;
    if (directory.associationAt(this.deviceId, at)?.id === associationId) return;
    const before = directory.associations(this.deviceId).find(({ id }) => id === associationId);
    if (!before) return;
    this.#placedBefore ??= new Map();
    this.#placedBefore.set(at, { ...before, from: at, to: at + 1 });
  }
}
