import assert from "node:assert/strict";
import { test } from "node:test";
import { wallEnded } from "../kiosk/wall.ts";
import type { Live, LiveState } from "./live.ts";
import { noTiles } from "./tiles.ts";
import { createWatchdog } from "./watchdog.ts";

function fakeLive(): Live & Pick<{ -readonly [K in keyof LiveState]: LiveState[K] }, "phase" | "refused"> {
  const live = {
    phase: "live" as LiveState["phase"],
    refused: null as LiveState["refused"],
    state: (): LiveState => ({
      phase: live.phase,
      isUnsteady: false,
      storage: "ok",
      refused: live.refused,
      lastHeardAt: Date.UTC(2026, 10, 22, 12, 0, 5),
      tiles: noTiles,
    }),
    subscribe: () => () => undefined,
    onWaveform: () => () => undefined,
    watch: () => undefined,
    serverNow: () => 0,
    tick: () => undefined,
    reconnect: () => undefined,
  };
  return live;
}

function harness(endedWords?: (code: string) => string | undefined) {
  const shown: (string | null)[] = [];
  const notice = { show: (detail: string) => shown.push(detail), hide: () => shown.push(null) };
  const watchdog = createWatchdog(notice, endedWords);
  return { watchdog, shown };
}

test("one lost view of several makes the screen NOT MONITORING, with the time in the ward's zone", () => {
  const { watchdog, shown } = harness();
  const [a, b] = [fakeLive(), fakeLive()];
  watchdog.guard(a, () => "Europe/Oslo");
  watchdog.guard(b, () => "Europe/Oslo");
  assert.equal(watchdog.isLost(), false);
  b.phase = "lost";
  watchdog.tick();
  assert.equal(watchdog.isLost(), true);
  assert.match(shown.at(-1) ?? "", /Nothing heard since 13:00:05\. Look after the patients directly\./);
  b.phase = "live";
  watchdog.tick();
  assert.equal(shown.at(-1), null);
});

test("a screen whose drawing failed stays NOT MONITORING", () => {
  const { watchdog } = harness();
  watchdog.guard(fakeLive(), () => "UTC");
  watchdog.fail("This page has failed.");
  watchdog.tick();
  assert.equal(watchdog.isLost(), true);
});

test("a screen on a wall that was signed off says so, and who brings it back; nobody there can sign in first", () => {
  const refusals = [
    { code: "NOT_SIGNED_IN", detail: "Sign in first." },
    { code: "FORBIDDEN", detail: "This role may not do that." },
  ];
  const said = (endedWords?: typeof wallEnded) =>
    refusals.map((refused) => {
      const { watchdog, shown } = harness(endedWords);
      watchdog.guard(Object.assign(fakeLive(), { phase: "lost" as const, refused }), () => "UTC");
      return shown.at(-1);
    });
  const other = "The server ended this view: This role may not do that. Look after the patients directly.";
  assert.deepEqual(said(wallEnded), [
    "This screen was signed off. An administrator brings it back with a new code. Look after the patients directly.",
    other,
  ]);
  assert.deepEqual(said(), ["The server ended this view: Sign in first. Look after the patients directly.", other]);
});
