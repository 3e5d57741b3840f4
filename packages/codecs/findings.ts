import { QUALITY } from "@openward/model";
import type {
  DecodeContext,
  Decoded,
  DecodedRawStatus,
  DeviceFact,
  DeviceFacts,
  Ignored,
  Instant,
  Subject,
} from "./codec.ts";
import type { DecodedEvent } from "./event.ts";
import type { ReadingColumn } from "./reading-columns.ts";
import type { ItemProblem } from "./refusals.ts";
import type { DecodedWaveform } from "./waveform.ts";

const NONE: readonly never[] = [];
const NO_FACTS: DeviceFacts = {};
const FROM_RECEIVER = QUALITY.timeFromServer | QUALITY.timeFromGateway;

/** What a codec finds in one value, as it finds it. Lists are begun with their first entry: most stay empty. */
export class Findings implements Decoded {
  readings: readonly ReadingColumn[] = NONE;
  waveforms: readonly DecodedWaveform[] = NONE;
  events: readonly DecodedEvent[] = NONE;
  status: DecodedRawStatus | null = null;
  facts: DeviceFacts = NO_FACTS;
  ignored: readonly Ignored[] = NONE;
  refused: readonly ItemProblem[] = NONE;
  readonly #context: DecodeContext;
  #instant: Instant | undefined;
  /** Bits that every further reading gets besides those of its time. */
  quality = 0;
  /** Of whom the bytes say that what follows is. */
  subject: Subject | undefined;
  /** Which item of the body what follows is. */
  item: number;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.item = context.item;
  }

  /** The body has other items: what is in this one is not counted. */
  get isPart(): boolean {
    return this.#context.isPart === true;
  }

  /** ms UTC. */
  get receivedAt(): number {
    return this.#context.at;
  }

  /** When it was measured: what the device said, or else when it was received. */
  get instant(): Instant {
    this.#instant ??= receptionOf(this.#context);
    return this.#instant;
  }

  set instant(instant: Instant) {
    this.#instant = instant;
  }

  /**
   * A value of a signal. One that is no number (11073 has words for that) is not taken and named among what was ignored.
   *
   * @param offset of the value in the bytes
   * @param time ms UTC, where it is not that of the others
   */
  reading(signal: string, unit: string, value: number, offset: number, time?: number): void {
    if (!Number.isFinite(value)) {
      const why =
        value > 0 ? "above what the device can tell" : value < 0 ? "below what the device can tell" : "no number";
      this.ignore(offset, `${signal}: ${why}`);
      return;
    }
    const { time: measured, utcOffsetMinutes, quality } = this.instant;
    const column: ReadingColumn = {
      signal,
      unit,
      utcOffsetMinutes,
      times: [time ?? measured],
      values: [value],
      items: [this.item],
      quality: quality | this.quality,
      ...(this.subject && { subject: this.subject }),
    };
    if (this.readings === NONE) this.readings = [column];
    else (this.readings as ReadingColumn[]).push(column);
  }

  /** @param detail plain JSON, which is kept and shown */
  event(event: string, detail: Readonly<Record<string, unknown>>): void {
    const { time, utcOffsetMinutes, quality } = this.instant;
    // The server's own time is none: it gives the event one, and knows it again when it is delivered twice.
    const at = (quality & QUALITY.timeFromServer) !== 0 ? Number.NaN : time;
    const said = (quality & QUALITY.zoneAssumed) !== 0 ? { ...detail, zone: "assumed" } : detail;
    if (this.events === NONE) this.events = [];
    (this.events as DecodedEvent[]).push({
      item: this.item,
      event,
      at,
      utcOffsetMinutes,
      ...((quality & QUALITY.timeFromGateway) !== 0 && { isGatewayTime: true }),
      id: null,
      detail: said,
      ...(this.subject && { subject: this.subject }),
    });
  }

  waveform(waveform: Omit<DecodedWaveform, "item">): void {
    if (this.waveforms === NONE) this.waveforms = [];
    (this.waveforms as DecodedWaveform[]).push({
      item: this.item,
      ...waveform,
      ...(this.subject && { subject: this.subject }),
    });
  }

  /** The device is there, and says this of itself. */
  online({ battery = null, clock = null }: { battery?: number | null; clock?: number | null }): void {
    this.status = { state: "online", battery, clock };
  }

  fact(name: DeviceFact, value: string | number): void {
    this.facts = { ...this.facts, [name]: value };
  }

  /** @param what in words, without a clinical value */
  ignore(offset: number, what: string): void {
    if (this.ignored === NONE) this.ignored = [];
    (this.ignored as Ignored[]).push({ index: this.item, offset, what });
  }

  /** What stands behind the last field that is known. */
  ignoreRest(bytes: Uint8Array, offset: number): void {
    const left = bytes.length - offset;
    if (left > 0) this.ignore(offset, `${left} bytes behind the last field`);
  }

  refuse(problem: Omit<ItemProblem, "index">): void {
    if (this.refused === NONE) this.refused = [];
    (this.refused as ItemProblem[]).push({ index: this.item, ...problem });
  }
}

/** When it was received, for what says no time of its own. */
export function receptionOf({ at, atQuality, utcOffsetMinutes }: DecodeContext): Instant {
  return { time: at, utcOffsetMinutes, quality: atQuality };
}

/** The time of the value is its receiver's, and tells nothing of the device's clock. */
export function isReceivers(quality: number): boolean {
  return (quality & FROM_RECEIVER) !== 0;
}
