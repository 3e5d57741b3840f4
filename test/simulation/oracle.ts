import type { Message, SentReading, SentWaveform } from "./messages.ts";

/** A (stream, time, value), by whichever messages said it. */
export interface Said {
  readonly reading: SentReading;
  readonly messages: Message[];
  readonly utcOffsets: Set<number | null>;
}

/** The plain model: what was said, and how much of it must be there, or may be, at this moment. */
export class Oracle {
  readonly messages: Message[] = [];
  readonly #readings = new Map<string, Map<number, Said[]>>();
  readonly #waveforms = new Map<string, { waveform: SentWaveform; message: Message }[]>();

  add(message: Message): void {
    this.messages.push(message);
    for (const reading of message.readings) {
      const times = getOr(this.#readings, reading.streamId, () => new Map<number, Said[]>());
      const there = getOr(times, reading.time, () => []);
      const same = there.find((said) => said.reading.value === reading.value);
      const { utcOffsetMinutes } = reading;
      if (!same) there.push({ reading, messages: [message], utcOffsets: new Set([utcOffsetMinutes]) });
      else {
        if (!same.messages.includes(message)) same.messages.push(message);
        same.utcOffsets.add(utcOffsetMinutes);
      }
    }
    const { waveform } = message;
    if (waveform) getOr(this.#waveforms, waveform.streamId, () => []).push({ waveform, message });
  }

  get streamIds(): string[] {
    return [...this.#readings.keys()];
  }

  get waveformIds(): string[] {
    return [...this.#waveforms.keys()];
  }

  patientOf(streamId: string): string {
    for (const [said] of this.#readings.get(streamId)?.values() ?? []) if (said) return said.reading.patientId;
    return this.#waveforms.get(streamId)?.[0]?.waveform.patientId ?? "";
  }

  at(streamId: string, time: number): readonly Said[] {
    return this.#readings.get(streamId)?.get(time) ?? [];
  }

  between(streamId: string, from: number, to: number): Said[] {
    const found: Said[] = [];
    for (const [time, said] of this.#readings.get(streamId) ?? []) if (time >= from && time < to) found.push(...said);
    return found;
  }

  waveforms(streamId: string): readonly { readonly waveform: SentWaveform; readonly message: Message }[] {
    return this.#waveforms.get(streamId) ?? [];
  }

  /** What must be read from now on. */
  sure(streamIds: readonly string[], from: number, to: number): Set<Said> {
    return new Set(streamIds.flatMap((id) => this.between(id, from, to).filter(isSure)));
  }
}

export const isSure = ({ messages }: Said) => messages.some((message) => message.isAcknowledged);
export const isPossible = ({ messages }: Said) => messages.some((message) => message.deliveries.length > 0);

function getOr<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
