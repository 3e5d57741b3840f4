import { spawn } from "node:child_process";
import type { Timers } from "@openward/runtime";
import type { Play } from "./ringer.ts";

const PLAY_MS_MAX = 10_000;

/** "bell": the terminal's, for whoever has no loudspeaker; "off"; or a command that plays the WAV file on its standard input (`aplay -q -`). */
export function createPlay(sound: string, { timers, bell }: { timers: Timers; bell: () => void }): Play {
  if (sound === "off") return () => Promise.reject(new Error("sound is switched off"));
  if (sound === "bell") {
    return async (_wave, priority) => {
      for (let n = 0; n < { high: 5, medium: 3, low: 1 }[priority]; n++) {
        bell();
        await new Promise<void>((resolve) => void timers.after(200, resolve));
      }
    };
  }
  const [command = "", ...args] = sound.split(/\s+/);
  return (wave) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, { stdio: ["pipe", "ignore", "ignore"] });
      const late = timers.after(PLAY_MS_MAX, () => child.kill("SIGKILL"));
      child.once("error", (error) => {
        late.cancel();
        reject(error);
      });
      child.once("exit", (code, signal) => {
        late.cancel();
        if (code === 0) resolve();
        else reject(new Error(`${command} ended with ${code ?? signal}`));
      });
      child.stdin.once("error", () => {});
      child.stdin.end(wave);
    });
}
