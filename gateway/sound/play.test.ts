import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemRuntime } from "@openward/runtime/system";
import { burstOf, waveFile } from "@openward/tones";
import { createSound } from "./play.ts";

const place = mkdtempSync(join(tmpdir(), "openward-sound-"));
after(() => rmSync(place, { recursive: true }));

const path = process.env.PATH;
/** Another program under the name of the player, found as the player would be. */
function install(script: string): void {
  const player = join(place, "aplay");
  writeFileSync(player, `#!/bin/sh\n${script}\n`);
  chmodSync(player, 0o755);
  process.env.PATH = `${place}:${path}`;
}
const wave = waveFile(burstOf("high"));
const sound = (command: string) => createSound(command, { timers: systemRuntime.timers, bell: () => {} });

test("an alarm goes to the player on the PATH as a whole file, and a check is a silence", async () => {
  const heard = join(place, "heard.wav");
  install(`echo "$@" > ${join(place, "args")}; cat > ${heard}`);
  const { by, play, check } = sound("aplay -q -");
  assert.equal(by, "command");
  await play(wave, "high");
  assert.deepEqual(new Uint8Array(readFileSync(heard)), wave);
  assert.equal(readFileSync(join(place, "args"), "utf8").trim(), "-q -");
  await check();
  const silence = readFileSync(heard);
  assert.equal(silence.subarray(0, 4).toString(), "RIFF");
  assert.ok(silence.length > 44 && silence.subarray(44).every((byte) => byte === 0));
});

test("a player that fails says why, and one that is not there does", async () => {
  install("echo 'audio open error: No such file or directory' >&2; exit 1");
  const { play, check } = sound("aplay -q -");
  const why = { message: "aplay ended with 1: audio open error: No such file or directory" };
  await assert.rejects(play(wave, "high"), why);
  await assert.rejects(check(), why);
  await assert.rejects(sound("no-such-player -").check(), /ENOENT/);
});

test("a player that never ends, nor what it started, is ended, and what it had to say is bounded", async () => {
  install(`yes >&2 & exec sleep 60`);
  const { timers } = systemRuntime;
  const hasty = createSound("aplay", {
    timers: { ...timers, after: (_ms, run) => timers.after(100, run) },
    bell: () => {},
  });
  const failed = await hasty.play(wave, "high").catch((error: Error) => error);
  assert.ok(failed instanceof Error && failed.message.length < 250, String(failed));
});

test("sound that somebody switched off is no fault, and nothing is played", async () => {
  const { by, play, check } = sound("off");
  await play(wave, "high");
  await check();
  assert.equal(by, "off");
});
