import {
  type DecodedEvent,
  type DecodedWaveform,
  decodeEvent,
  decodeReadings,
  decodeStatus,
  decodeWaveform,
  isReceivers,
  type ReadingColumn,
} from "@openward/codecs";
import { type Decoded, decodeRaw } from "@openward/codecs/raw";
import type { Millis, QuarantineEntry } from "@openward/model";
import { createDefinitions, type Definition, type NoDefinition } from "./definitions.ts";
import { placeEvent } from "./events.ts";
import type { Directory } from "./ports.ts";
import { contextOf, eventsOf } from "./raw.ts";
import { fieldOf, placeReadings } from "./readings.ts";
import { lookAtNewest, retimedColumns } from "./retime.ts";
import type { Streams } from "./streams.ts";
import { contradicts, SUBJECT_EXPECTED } from "./subject.ts";
import { placeWaveform } from "./waveforms.ts";
import { refuse, sight, type Work } from "./work.ts";

/** What reads the bytes of each kind. */
export interface Decoders {
  readonly readings: typeof decodeReadings;
  readonly waveform: typeof decodeWaveform;
  readonly event: typeof decodeEvent;
  readonly status: typeof decodeStatus;
  readonly raw: typeof decodeRaw;
}

export const CODECS: Decoders = {
  readings: decodeReadings,
  waveform: decodeWaveform,
  event: decodeEvent,
  status: decodeStatus,
  raw: decodeRaw,
};

export interface Placing {
  /**
   * Decodes a body and puts what it holds into the work.
   *
   * @param streams whose they are; those of a second look are apart from those of what comes in
   * @throws RefusedInput where the body as a whole cannot be read
   */
  place(work: Work, kind: QuarantineEntry["kind"], body: Uint8Array, format: string, streams: Streams): void;
  /** The same of readings that have been decoded. */
  placeColumns(work: Work, columns: readonly ReadingColumn[], streams: Streams): void;
}

export function createPlacing(decoders: Decoders, directory: Pick<Directory, "timeZoneAt">): Placing {
  const definitions = createDefinitions();

  function placeColumns(work: Work, columns: readonly ReadingColumn[], streams: Streams): void {
    for (const column of columns) {
      const definition = definitions.numeric(column.signal, column.unit);
      if (!definition.ok) refuseUnknown(work, definition, fieldOf(column), column.items);
      else if (!work.retiming) placeColumn(work, column, definition, streams);
      else for (const timed of retimedColumns(work, column)) placeColumn(work, timed, definition, streams);
    }
  }

  function placeColumn(work: Work, column: ReadingColumn, definition: Definition, streams: Streams): void {
    if (contradicts(work, column.subject, column.times)) refuseSubject(work, fieldOf(column), column.items);
    else placeReadings(work, column, definition, streams);
  }

  /** What came together is of one clock: its newest time tells of which. */
  function lookAtClock(work: Work, { readings = [], waveforms = [], events = [] }: Partial<Decoded>): void {
    const { retiming } = work;
    if (!retiming) return;
    for (const { times, quality = 0 } of readings)
      if (!isReceivers(quality)) for (const time of times) sight(work, time);
    for (const { start, samples, rateHz, quality = 0 } of waveforms)
      if (!isReceivers(quality)) sight(work, Math.floor(start + (samples.length * 1000) / rateHz));
    for (const { at, isGatewayTime } of events) if (!isGatewayTime) sight(work, at);
    lookAtNewest(retiming, work.sighted);
  }

  function placeWaveforms(work: Work, waveforms: readonly DecodedWaveform[], streams: Streams): void {
    for (const piece of waveforms) {
      const definition = definitions.waveform(piece.signal, piece.unit);
      if (contradicts(work, piece.subject, [piece.start])) refuseSubject(work, "samples", [piece.item]);
      else if (definition.ok) placeWaveform(work, piece, definition, streams);
      else {
        const field = definition.part === "" ? "signal" : definition.part;
        work.problems.add(definition.code, field, piece.item, piece.item, 1, definition.expected);
      }
    }
  }

  function placeEvents(work: Work, events: readonly DecodedEvent[]): void {
    for (const event of events) {
      // A call for help is heard, whoever it is said to come from.
      const isContradicted = contradicts(work, event.subject, [event.at]);
      placeEvent(work, isContradicted ? { ...event, detail: { ...event.detail, wearer: "uncertain" } } : event);
    }
  }

  function placeStatus(
    work: Work,
    { state, battery, clock: told }: { state: string; battery: number | null; clock: Millis | null },
  ): void {
    const { organisationId, deviceId, receivedAt } = work;
    // A will was written when the connection began: nobody knows what the clock shows now.
    const clock = work.isWill ? null : told;
    work.entries.push({
      kind: "status",
      status: { organisationId, deviceId, state, battery, clock, receivedAt },
    });
    work.accepted++;
    if (clock !== null) work.toldClock = clock;
  }

  function refuseSubject(work: Work, field: string, items: ArrayLike<number>): void {
    for (let i = 0; i < items.length; i++) {
      const item = items[i] as number;
      work.problems.add("PATIENT_DIFFERS", field, item, item, 1, SUBJECT_EXPECTED);
    }
  }

  /** Readings of a signal or unit that is not known are one problem, however many they are. */
  function refuseUnknown(work: Work, definition: NoDefinition, field: string, items: ArrayLike<number>): void {
    let start = 0;
    for (let i = 1; i <= items.length; i++) {
      const isRun = i < items.length && (items[i] as number) - (items[i - 1] as number) <= 1;
      if (isRun) continue;
      const at = definition.part === "" ? field : `${field}.${definition.part}`;
      const [first, last] = [items[start] as number, items[i - 1] as number];
      if (!work.isWanted || work.isWanted(first, field)) {
        work.problems.add(definition.code, at, first, last, i - start, definition.expected);
      }
      start = i;
    }
  }

  return {
    placeColumns(work, columns, streams) {
      lookAtClock(work, { readings: columns });
      placeColumns(work, columns, streams);
    },
    place(work, kind, body, format, streams) {
      switch (kind) {
        case "readings": {
          const { columns, refused } = decoders.readings(body, format);
          if (refused.length > 0) refuse(work, refused);
          lookAtClock(work, { readings: columns });
          placeColumns(work, columns, streams);
          return;
        }
        case "waveform": {
          const { waveforms, refused } = decoders.waveform(body, format);
          if (refused.length > 0) refuse(work, refused);
          lookAtClock(work, { waveforms });
          placeWaveforms(work, waveforms, streams);
          return;
        }
        case "event": {
          const { events, refused } = decoders.event(body, format);
          if (refused.length > 0) refuse(work, refused);
          lookAtClock(work, { events });
          placeEvents(work, events);
          return;
        }
        case "status": {
          const { state, battery, clock, refused } = decoders.status(body, format);
          if (refused.length > 0) refuse(work, refused);
          if (state !== null) placeStatus(work, { state, battery, clock });
          return;
        }
        case "raw": {
          const found = decoders.raw(body, format, contextOf(work, directory));
          if (found.refused.length > 0) refuse(work, found.refused);
          work.ignored = found.ignored;
          lookAtClock(work, found);
          work.gatewaySighting = found.gatewaySighting;
          work.gatewayHeardAt = found.gatewayHeardAt;
          // What the device said of itself was taken whoever wore it: a claim does not say it again.
          if (found.status && !work.isWanted) placeStatus(work, found.status);
          placeColumns(work, found.readings, streams);
          placeWaveforms(work, found.waveforms, streams);
          placeEvents(work, work.isWanted ? found.events : eventsOf(found));
          return;
        }
      }
    },
  };
}
