import { ABSENT_SAMPLE, type Stream, type Waveform } from "@openward/model";

export type WaveformMode = "none" | "one" | "all";

/** The waveforms of one patient between two ticks. */
export interface Waveforms {
  take(waveform: Waveform, now: number): void;
  /**
   * JSON chunks of what came since the last tick, separated by commas; "" when nothing did. Encoded once for all.
   *
   * @param isHidden signals that are not for this screen; encoded for it alone
   */
  chunks(mode: WaveformMode, now: number, isHidden?: (signal: string) => boolean): string;
  /** The tick is over: what was said is forgotten. */
  clear(): void;
}

interface Wave {
  readonly stream: Stream;
  standing: number;
  start: number;
  heardAt: number;
  samples: number;
  pieces: Waveform[];
}

/** What is older than this is history, not live: the sweep has gone over its place. */
const LIVE_MS = 60_000;
/** A stream that has been silent this long gives up its place as the patient's one waveform. */
const SILENT_MS = 10_000;
/** Most samples of a stream in one tick; of more than that the newest are shown. */
const MOST_SAMPLES = 20_000;

export function createWaveforms(patientId: string): Waveforms {
  const waves = new Map<string, Wave>();
  let one: string | undefined;
  let all: string | undefined;
  let hasNews = false;

  /** ECG first (lead II before others), then the pulse wave, then whatever there is; steady while it speaks. */
  function chosen(now: number, isHidden: (signal: string) => boolean): Wave | undefined {
    let best: Wave | undefined;
    let bestRank = Infinity;
    for (const wave of waves.values()) {
      if (now - wave.heardAt > SILENT_MS || isHidden(wave.stream.signal)) continue;
      const rank = rankOf(wave.stream.signal);
      if (rank < bestRank || (rank === bestRank && best && wave.stream.id < best.stream.id)) {
        best = wave;
        bestRank = rank;
      }
    }
    return best;
  }

  function encodeOne(now: number, isHidden: (signal: string) => boolean): string {
    const wave = chosen(now, isHidden);
    return wave ? encode(patientId, wave) : "";
  }

  function encodeAll(isHidden: (signal: string) => boolean): string {
    const shown = [...waves.values()].filter(({ pieces, stream }) => pieces.length > 0 && !isHidden(stream.signal));
    return shown.map((wave) => encode(patientId, wave)).join(",");
  }

  return {
    take(waveform, now) {
      const { stream, start, rateHz, samples, receivedAt } = waveform;
      const end = start + (samples.length * 1000) / rateHz;
      if (samples.length === 0 || end < receivedAt - LIVE_MS) return;
      const standing = Math.min(start, receivedAt);
      let wave = waves.get(stream.id);
      if (!wave) {
        wave = { stream, standing: -Infinity, start: -Infinity, heardAt: now, samples: 0, pieces: [] };
        waves.set(stream.id, wave);
      }
      // Sent twice, or late: the sweep goes forward only.
      if (standing < wave.standing || (standing === wave.standing && start <= wave.start)) return;
      wave.standing = standing;
      wave.start = start;
      wave.heardAt = now;
      wave.pieces.push(waveform);
      wave.samples += samples.length;
      while (wave.samples > MOST_SAMPLES && wave.pieces.length > 1)
        wave.samples -= wave.pieces.shift()?.samples.length ?? 0;
      hasNews = true;
      one = undefined;
      all = undefined;
    },

    chunks(mode, now, isHidden) {
      if (!hasNews || mode === "none") return "";
      if (isHidden) return mode === "one" ? encodeOne(now, isHidden) : encodeAll(isHidden);
      if (mode === "one") {
        one ??= encodeOne(now, () => false);
        return one;
      }
      all ??= encodeAll(() => false);
      return all;
    },

    clear() {
      if (!hasNews) return;
      hasNews = false;
      one = undefined;
      all = undefined;
      for (const wave of waves.values()) {
        wave.pieces = [];
        wave.samples = 0;
      }
    },
  };
}

function rankOf(signal: string): number {
  if (signal === "ecg-lead-ii") return 0;
  if (signal.startsWith("ecg")) return 1;
  if (signal.includes("pleth") || signal.includes("ppg")) return 2;
  return 3;
}

/** Pieces that follow one another without a gap become one chunk. */
function encode(patientId: string, { stream, pieces }: Wave): string {
  const chunks: string[] = [];
  let i = 0;
  while (i < pieces.length) {
    const first = pieces[i] as Waveform; // i < length
    const stepMs = 1000 / first.rateHz;
    let samples = samplesOf(first);
    let next = first.start + first.samples.length * stepMs;
    for (i++; i < pieces.length; i++) {
      const piece = pieces[i] as Waveform; // i < length
      const isSame = piece.rateHz === first.rateHz && piece.scale === first.scale && piece.origin === first.origin;
      if (!isSame || Math.abs(piece.start - next) > stepMs / 2) break;
      samples += `,${samplesOf(piece)}`;
      next += piece.samples.length * stepMs;
    }
    const { id: streamId, signal, unit } = stream;
    const { start, rateHz, scale, origin } = first;
    const head = JSON.stringify({ patientId, streamId, signal, unit, start, rateHz, scale, origin });
    chunks.push(`${head.slice(0, -1)},"samples":[${samples}]}`);
  }
  return chunks.join(",");
}

function samplesOf({ samples }: Waveform): string {
  const text = samples.join(",");
  return samples.includes(ABSENT_SAMPLE) ? text.replaceAll(String(ABSENT_SAMPLE), "null") : text;
}
