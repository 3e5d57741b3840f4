import type { Burst } from "./burst.ts";

const RATE_HZ = 16_000;
const HEAD_BYTES = 44;
/** IEC 60601-1-8 asks for at least four harmonics beside the fundamental, within 15 dB of it: a plain sine is not found in a room. */
const HARMONICS = [1, 0.7, 0.5, 0.4, 0.3];
const LOUDEST = 32_000;
/** Of a pulse, as it grows and as it ends: 10 % to 40 % of it by the standard. */
const RISE = 0.15;

/**
 * One burst as a WAV file: 16 bit, mono.
 *
 * @returns RIFF, from the first pulse to the end of the last
 * @source IEC 60601-1-8, 6.3.3.1
 */
export function waveFile({ pulses, durationMs, gain }: Burst): Uint8Array {
  const count = Math.ceil((durationMs * RATE_HZ) / 1_000);
  const bytes = new Uint8Array(HEAD_BYTES + count * 2);
  const view = new DataView(bytes.buffer);
  writeHead(view, count);
  const whole = HARMONICS.reduce((sum, share) => sum + share, 0);
  for (const { onsetMs, durationMs: lengthMs, frequencyHz } of pulses) {
    const from = Math.round((onsetMs * RATE_HZ) / 1_000);
    const length = Math.min(Math.round((lengthMs * RATE_HZ) / 1_000), count - from);
    for (let i = 0; i < length; i++) {
      const place = i / length;
      const envelope = Math.min(1, place / RISE, (1 - place) / RISE);
      const angle = (2 * Math.PI * frequencyHz * i) / RATE_HZ;
      const tone = HARMONICS.reduce((sum, share, n) => sum + share * Math.sin(angle * (n + 1)), 0) / whole;
      view.setInt16(HEAD_BYTES + (from + i) * 2, Math.round(tone * envelope * gain * LOUDEST), true);
    }
  }
  return bytes;
}

function writeHead(view: DataView, samples: number): void {
  const text = (at: number, word: string) => {
    for (let i = 0; i < word.length; i++) view.setUint8(at + i, word.charCodeAt(i));
  };
  text(0, "RIFF");
  view.setUint32(4, 36 + samples * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE_HZ, true);
  view.setUint32(28, RATE_HZ * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples * 2, true);
}
