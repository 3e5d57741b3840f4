/** Ingest: whose patient, right clock, known unit, plausible, seen before? Then watch, live and journal. */
import { crc32 } from "node:zlib";
import type { ReadingColumn } from "@openward/codecs";
import type { Ignored } from "@openward/codecs/raw";
import { OutsideTrouble, type RefusalCode, RefusedInput } from "@openward/errors";
import type { ClockState, JournalEntry, Problem, QuarantineEntry, RawInput } from "@openward/model";
import { QUALITY } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { steadyClock } from "@openward/runtime/steady";
import { disprove, isDue, state as stateClock } from "./clock-track.ts";
import { createRecentDeliveries, deliveryId } from "./deliveries.ts";
import { type ClockDecision, decideByHand, decideNow, type KnownClock, learn, recall } from "./device-clock.ts";
import { contentTypeOf, formatOf } from "./formats.ts";
import { hashId } from "./ids.ts";
import { MessageWork } from "./message-work.ts";
import { CODECS, createPlacing, type Decoders } from "./place.ts";
import type { Deliveries, Directory, Journal, Live, Watch } from "./ports.ts";
import { problemOf } from "./problems.ts";
import { contextOf } from "./raw.ts";
import { type Claim, type ClaimResult, isVague, shiftOf, wanted } from "./reprocess.ts";
import { createRerunner, type Rerunner } from "./rerun.ts";
import { RETIME_EXPECTED, type SaidTimes, saidBy, shiftBy } from "./retime.ts";
import { createStreams } from "./streams.ts";
import { patientsOf } from "./whose.ts";
import { FUTURE_MS, newWork, type Place, type Work } from "./work.ts";

export type { KnownClock } from "./device-clock.ts";
export { streamId } from "./ids.ts";
export type { Decoders } from "./place.ts";
export type { Claim, ClaimResult } from "./reprocess.ts";
export { type Rerun, type Rerunner, type Sent, sentOf } from "./rerun.ts";

/** What a device sent, as bytes, with who it is proven to be; the same shape as in server/connect. */
export interface DeviceMessage {
  readonly deviceId: string;
  readonly organisationId: string;
  readonly kind: "readings" | "waveform" | "event" | "status" | "raw";
  readonly format: string;
  readonly body: Uint8Array;
  readonly receivedAt: number;
  readonly deliveryKey: string | null;
  readonly isRedelivery: boolean;
  /** Tell the sender of a body that does not parse, and keep nothing; otherwise it is quarantined. */
  readonly rejectMalformed?: boolean;
  /** Whoever passes it on knows that it cannot be placed, and why: it is quarantined. */
  readonly unplaceable?: RefusalCode;
  /** Written when the connection began and sent when it broke: kept as it is, and no sign of life. */
  readonly isWill?: boolean;
  /** By which its sender knows this message for ever: quarantined and sent again, however late, it is there once. */
  readonly messageId?: string;
  /** What the body says, where whoever passes it on has read it already: then it is read for quarantine alone, and not kept. */
  readonly columns?: readonly ReadingColumn[];
}

export interface Receipt {
  readonly accepted: number;
  readonly quarantined: readonly Problem[];
  /** What a codec left of raw bytes; left out: nothing. */
  readonly ignored?: readonly Ignored[];
}

export interface Ingest {
  /**
   * Resolves after the commit. Rejects with OutsideTrouble (nothing may be acknowledged), or, for a malformed body of
   * a sender who wants to hear of it, with RefusedInput (nothing was kept).
   */
  accept(message: DeviceMessage): Promise<Receipt>;
  connection(deviceId: string, organisationId: string, connected: boolean): void;
  /** What a device told of its clock before the last stop. */
  clockTold(told: { readonly deviceId: string; readonly clock: number; readonly receivedAt: number }): void;
  /** What was known of devices' clocks before the last stop. */
  clocksKnown(known: readonly KnownClock[]): void;
  /** What was learnt of clocks since this was asked last, to be saved. */
  clocksLearnt(): Iterable<Pick<KnownClock, "deviceId" | "track" | "through">>;
  /**
   * A person says of a clock that is only marked whether it is wrong. Resolves after the commit.
   *
   * @throws RefusedInput CONFLICT
   */
  decideClock(decision: ClockDecision): Promise<ClockState>;
  /** What the device said, where the time that is stored is a corrected one. */
  said: SaidTimes;
  /** Places what was quarantined on the patient whom a person names. Resolves after the commit. */
  reprocess(entry: QuarantineEntry, claim: Claim): Promise<ClaimResult>;
  /** For input that is run again; one for each time that it is done. */
  rerunner(): Rerunner;
  /** What a second look found, by the usual way into the journal; nobody is alarmed by it. Resolves after the commit. */
  take(entries: readonly JournalEntry[]): Promise<void>;
}

const NOTHING_WRONG: readonly Problem[] = [];

/** What a gateway kept for longer than this says nothing of how its device is now. */
const PAST_MS = 60_000;

export function createIngest({
  runtime,
  directory,
  deliveries,
  journal,
  watch,
  live,
  report = () => {},
  onReceipt = () => {},
  onDecided = () => {},
  onHeard = () => {},
  decoders = CODECS,
}: {
  runtime: Runtime;
  directory: Directory;
  deliveries: Deliveries;
  journal: Journal;
  watch: Watch;
  live: Live;
  /** Told of our own bugs: a codec, the watch or a screen that throws. Data is kept all the same. */
  report?: (error: unknown, doing: string) => void;
  /** For counting: what became durable. */
  onReceipt?: (receipt: Receipt) => void;
  /** Something was decided of a device's clock, and is durable. */
  onDecided?: (state: ClockState) => void;
  /** The device said something, at this time: what a gateway kept for hours was said hours ago. A last will is not told. */
  onHeard?: (deviceId: string, at: number) => void;
  decoders?: Decoders;
}): Ingest {
  const placing = createPlacing(decoders, directory);
  const streams = createStreams(directory);
  const neighbours = { directory, recent: createRecentDeliveries(deliveries) };
  const steady = steadyClock(runtime.clock);
  // Many messages come within one millisecond: one look at the clocks does for them.
  let lookedAt = Number.NaN;
  let latest = 0;

  /** A server clock that was just set back makes no honest reading one from the future. */
  function latestTime(receivedAt: number): number {
    if (receivedAt !== lookedAt) {
      lookedAt = receivedAt;
      latest = FUTURE_MS + Math.max(receivedAt, steady.now());
    }
    return latest;
  }

  function workOf(message: DeviceMessage): Work {
    const { deviceId, receivedAt } = message;
    return new MessageWork(message, streams.device(deviceId), latestTime(receivedAt), neighbours);
  }

  /** Learns of the device's clock what the message says of it, and decides what is to be decided. */
  function lookAtClock(work: Work, message: DeviceMessage): void {
    const { receivedAt } = message;
    const { organisationId, deviceId, device, toldClock, gatewaySighting } = work;
    if (toldClock !== undefined) stateClock(device.clock, toldClock, receivedAt);
    if (!work.isWill) disprove(device.clock, work.retiming ? work.sighted : work.newest, receivedAt);
    const deviceTime = toldClock ?? gatewaySighting?.deviceTime ?? work.sighted;
    if (work.isWill || Number.isNaN(deviceTime)) return;
    const gatewayTime = toldClock === undefined ? gatewaySighting?.gatewayTime : undefined;
    const offsetMs = deviceTime - (gatewayTime ?? receivedAt);
    if (!isDue(device.clock, runtime.clock.monotonic(), offsetMs, toldClock !== undefined)) return;
    const sighting = {
      organisationId,
      deviceId,
      deviceTime: Math.floor(deviceTime),
      serverTime: receivedAt,
      ...(gatewayTime !== undefined && { gatewayTime }),
      ...(toldClock !== undefined ? { isStated: true } : { bodyHash: crc32(message.body) }),
    };
    work.entries.push({ kind: "clock", sighting });
    learn(device.known, sighting);
    const state = decideNow(device.known, sighting, (at) => directory.timeZoneAt(deviceId, at));
    if (!state) return;
    work.entries.push({ kind: "clock-state", state });
    work.decided = state;
  }

  /** Alarms and screens hear of it before the commit: they do not wait for a disk. */
  /** @param isPast its gateway heard it long ago: it tells nothing of how the device is, and a call for help rings all the same */
  function feed(entries: readonly JournalEntry[], isWill: boolean, isPast = false): void {
    for (const entry of entries) {
      try {
        if (entry.kind === "event") watch.event(entry.event, isWill || isPast);
        else if (entry.kind === "status") {
          if (!isPast) watch.status(entry.status, isWill);
        } else if (entry.kind === "clock-state") watch.clock(entry.state);
        // What a will says of the patient was true when the connection began, and is no news.
        else if (isWill) continue;
        else if (entry.kind === "readings") watch.readings(entry.readings);
        else if (entry.kind === "waveform") watch.waveform(entry.waveform);
      } catch (error) {
        report(error, "watching");
      }
      try {
        if (entry.kind === "readings") live.readings(entry.readings);
        else if (entry.kind === "waveform") live.waveform(entry.waveform);
      } catch (error) {
        report(error, "showing");
      }
    }
  }

  function commit(work: Work, quarantined: readonly Problem[], raw?: RawInput): Promise<Receipt> {
    // What waits for the commit is little: not the work, nor the message.
    const { accepted, newSlots, ignored, decided } = work;
    return journal.append(work.entries, raw).then(() => {
      const receipt: Receipt = { accepted, quarantined, ...(ignored.length > 0 && { ignored }) };
      if (newSlots) {
        for (const slot of newSlots) {
          slot.isKnown = true;
          directory.addStream(slot.stream);
        }
      }
      onReceipt(receipt);
      if (decided) onDecided(decided);
      return receipt;
    });
  }

  function rawOf(work: Work, { kind, format, body }: DeviceMessage): RawInput {
    const { organisationId, deviceId, receivedAt, clockOffsetMs, isWill } = work;
    return {
      organisationId,
      deviceId,
      patientIds: patientsOf(work),
      kind,
      format,
      body,
      receivedAt,
      stampedAt: work.stampedAt ?? receivedAt,
      clockOffsetMs,
      isWill,
    };
  }

  function quarantine(work: Work, message: DeviceMessage, problems: readonly Problem[]): void {
    const { organisationId, deviceId, receivedAt, kind, format, body, deliveryKey } = message;
    // The stamp journals the delivery as well: sent again after a crash, it has the same time and so the same id.
    let id: string;
    if (message.messageId !== undefined)
      id = hashId("quarantine", organisationId, deviceId, message.messageId, deliveryKey ?? "");
    else id = deliveryKey === null ? runtime.ids.uuid() : deliveryId(deviceId, deliveryKey, work.stamp());
    const contentType = contentTypeOf(kind, format);
    work.entries.push({
      kind: "quarantine",
      entry: { id, organisationId, deviceId, receivedAt, kind, contentType, problems, raw: body },
    });
  }

  function accept(message: DeviceMessage): Promise<Receipt> {
    let work = workOf(message);
    try {
      if (message.unplaceable) throw new RefusedInput(message.unplaceable);
      if (message.columns) placing.placeColumns(work, message.columns, streams);
      else placing.place(work, message.kind, message.body, message.format, streams);
    } catch (error) {
      if (error instanceof OutsideTrouble) return Promise.reject(error);
      const isRefusal = error instanceof RefusedInput;
      if (isRefusal && message.rejectMalformed && message.kind !== "raw") return Promise.reject(error);
      if (!isRefusal) report(error, "decoding");
      // Nothing of a message that could not be read to its end is half kept: the whole of it is quarantined.
      work = workOf(message);
      work.problems.push(isRefusal ? problemOf(error) : { index: 0, code: "BODY_SHAPE", field: "", readings: 0 });
    }
    const { gatewayHeardAt = message.receivedAt } = work;
    if (!message.isWill) onHeard(message.deviceId, Math.min(gatewayHeardAt, message.receivedAt));
    let problems = NOTHING_WRONG;
    if (!work.problems.isEmpty) {
      problems = work.problems.all();
      quarantine(work, message, problems);
    }
    if (work.waitsFor) return acceptLater(message, work, work.waitsFor);
    lookAtClock(work, message);
    feed(work.entries, work.isWill, message.receivedAt - gatewayHeardAt > PAST_MS);
    // What is in quarantine stands there with its bytes, but not with what the device had told of its clock.
    const isKept = !message.columns && (work.problems.isEmpty || work.clockOffsetMs !== 0);
    return commit(work, problems, isKept ? rawOf(work, message) : undefined);
  }

  /**
   * What says no time and was sent again: only when the deliveries of before the start are known, is it known to be the
   * same. A call for help does not wait for that; in the worst case it rings a second time.
   */
  async function acceptLater(
    message: DeviceMessage,
    { entries, isWill }: Work,
    known: Promise<void>,
  ): Promise<Receipt> {
    feed(
      entries.filter(({ kind }) => kind === "event"),
      isWill,
    );
    await known;
    return accept(message);
  }

  const timelineOf = (deviceId: string) => streams.device(deviceId).known.timeline;

  async function reprocess(entry: QuarantineEntry, claim: Claim): Promise<ClaimResult> {
    const { organisationId, deviceId, receivedAt, problems } = entry;
    const format = formatOf(entry.contentType);
    const latest = receivedAt + FUTURE_MS;
    const id = claim.associationId ?? hashId("claim", entry.id, claim.patientId);
    const claimed: Place = { id, patientId: claim.patientId, from: Number.NEGATIVE_INFINITY, to: null };
    const isListed = wanted(problems);
    const work = newWork({
      organisationId,
      deviceId,
      device: streams.device(deviceId),
      receivedAt,
      isWill: false,
      clockOffsetMs: 0,
      latest,
      recordNumbersOf: undefined,
      quality: QUALITY.claimed,
      stamp: () => receivedAt,
      firstHeard: () => receivedAt,
      messageId: undefined,
      placeAt: () => claimed,
      isWanted: isListed,
      shiftMs: undefined,
      shiftsAll: false,
      // Whoever claims it has looked at its times.
      retiming: undefined,
    });
    let toDo: Work = work;
    try {
      const decode = () => decoders.raw(entry.raw, format, contextOf(work, directory));
      if (claim.useReceivedTime) {
        const shiftsAll = problems.some(({ code }) => code in RETIME_EXPECTED);
        const arrival = shiftOf(entry, format, latest, decode, shiftsAll);
        const shiftMs = arrival === undefined ? undefined : shiftBy(timelineOf(deviceId), receivedAt, arrival);
        toDo = { ...work, shiftMs, shiftsAll };
      }
      const isUnclear = problems.some((problem) => isVague(problems, problem.index));
      // Where it was not written down which values were kept out, whatever lies with somebody else stays there.
      if (isUnclear) toDo = { ...toDo, placeAt: (time) => unlessElsewhere(deviceId, time, claimed) };
      placing.place(toDo, entry.kind, entry.raw, format, streams);
    } catch (error) {
      if (!(error instanceof RefusedInput)) throw error;
      return { accepted: 0, quarantined: [problemOf(error)] };
    }
    for (const made of toDo.entries) if (made.kind === "event") watch.event(made.event, true);
    if (toDo.entries.length > 0) await commit(toDo, NOTHING_WRONG);
    return { accepted: toDo.accepted, quarantined: toDo.problems.all() };
  }

  function unlessElsewhere(deviceId: string, time: number, claimed: Place): Place | undefined {
    const there = directory.associationAt(deviceId, time);
    if (there !== undefined && there.patientId !== claimed.patientId) return undefined;
    return { ...claimed, from: time, to: time + 1 };
  }

  return {
    accept,
    connection(deviceId, organisationId, connected) {
      watch.connection(deviceId, organisationId, connected, runtime.clock.now());
    },
    clockTold({ deviceId, clock, receivedAt }) {
      stateClock(streams.device(deviceId).clock, clock, receivedAt);
    },
    reprocess,
    clocksKnown(known) {
      for (const each of known) {
        const { known: clock } = streams.device(each.deviceId);
        recall(clock, each);
        if (clock.last) watch.clock(clock.last);
      }
    },
    *clocksLearnt() {
      for (const [deviceId, clock] of streams.clocks()) {
        if (!clock.isDirty) continue;
        clock.isDirty = false;
        yield { deviceId, track: clock.track, through: clock.through };
      }
    },
    async decideClock(decision) {
      const state = decideByHand(streams.device(decision.deviceId).known, decision, runtime.clock.now());
      watch.clock(state);
      await journal.append([{ kind: "clock-state", state }]);
      onDecided(state);
      return state;
    },
    said: (deviceId, time) => saidBy(timelineOf(deviceId), time),
    rerunner: () => createRerunner(placing, directory, timelineOf),
    async take(entries) {
      for (const entry of entries) if (entry.kind === "event") watch.event(entry.event, true);
      await journal.append(entries);
      for (const entry of entries) if (entry.kind === "stream") directory.addStream(entry.stream);
    },
  };
}
