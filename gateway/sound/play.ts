import { spawn } from "node:child_process";
import type { Timers } from "@openward/runtime";
import { waveFile } from "@openward/tones";
import type { Play } from "./ringer.ts";

/** How the box makes itself heard. */
export interface Sound {
  readonly by: "command" | "bell" | "off";
  readonly play: Play;
  /** Plays a silence, as it would play an alarm. Rejects where nothing could be heard. */
  check(): Promise<void>;
}

const PLAY_MS_MAX = 10_000;
const SAID_MAX = 160;
const SILENCE = waveFile({ pulses: [], durationMs: 100, periodMs: 100, gain: 0 });

/** "bell": the terminal's, for whoever has no loudspeaker; "off"; or a command that plays the WAV file on its standard input (`aplay -q -`). */
export function createSound(sound: string, { timers, bell }: { timers: Timers; bell: () => void }): Sound {
  // Silence that somebody chose is no fault: it is told as what it is.
  if (sound === "off") return { by: "off", play: async () => {}, check: async () => {} };
  if (sound === "bell") {
    return {
      by: "bell",
      async play(_wave, priority) {
        for (let n = 0; n < { high: 5, medium: 3, low: 1 }[priority]; n++) {
          bell();
          await new Promise<void>((resolve) => void timers.after(200, resolve));
        }
      },
      // Whether a terminal is there, and rings, nobody can tell.
      check: async () => {},
    };
  }
  const [command = "", ...args] = sound.split(/\s+/);
  const play = (wave: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      const child = spawn(command, args, { stdio: ["pipe", "ignore", "pipe"] });
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => {
        said = (said + chunk.toString("utf8")).slice(0, SAID_MAX);
      });
      const late = timers.after(PLAY_MS_MAX, () => {
        child.kill("SIGKILL");
        // What it started may live on and hold the pipes open.
        child.stderr.destroy();
        reject(new Error(`${command} did not end`));
      });
      child.once("error", (error) => {
        late.cancel();
        reject(error);
      });
      child.once("close", (code, signal) => {
        late.cancel();
        if (code === 0) return resolve();
        const [line = ""] = said.trim().split("\n");
        reject(new Error(`${command} ended with ${code ?? signal}${line && `: ${line}`}`));
      });
      child.stdin.once("error", () => {});
      child.stdin.end(wave);
    });
  return { by: "command", play, check: () => play(SILENCE) };
}
