import type { Burst } from "./burst.ts";
import type { Speaker } from "./sound.ts";

/** Level of the fundamental and its harmonics: at least four within 15 dB, as IEC 60601-1-8 asks. */
const HARMONICS = [0, 1, 0.7, 0.55, 0.42, 0.3, 0.22];
/** Rise, as a part of the pulse. */
const RISE = 0.15;

/** The browser's loudspeaker. */
export function createSpeaker(): Speaker {
  const context = new AudioContext();
  const wave = context.createPeriodicWave(new Float32Array(HARMONICS.length), new Float32Array(HARMONICS));
  let playing: GainNode | null = null;

  function hush(): void {
    playing?.disconnect();
    playing = null;
  }

  return {
    isAllowed: () => context.state === "running",
    allow: () => context.resume(),
    hush,
    onChange: (listener) => context.addEventListener("statechange", listener),
    play(burst: Burst) {
      hush();
      const volume = context.createGain();
      volume.gain.value = burst.gain * 0.5;
      volume.connect(context.destination);
      playing = volume;
      const begin = context.currentTime + 0.03;
      for (const pulse of burst.pulses) {
        const start = begin + pulse.onsetMs / 1000;
        const length = pulse.durationMs / 1000;
        const envelope = context.createGain();
        envelope.gain.setValueAtTime(0, start);
        envelope.gain.linearRampToValueAtTime(1, start + length * RISE);
        envelope.gain.setValueAtTime(1, start + length * 0.8);
        envelope.gain.linearRampToValueAtTime(0, start + length);
        envelope.connect(volume);
        const tone = context.createOscillator();
        tone.setPeriodicWave(wave);
        tone.frequency.value = pulse.frequencyHz;
        tone.connect(envelope);
        tone.start(start);
        tone.stop(start + length + 0.01);
      }
    },
  };
}
