import assert from "node:assert/strict";
import { test } from "node:test";
import type { Live, LiveState } from "./live.ts";
import { noTiles } from "./tiles.ts";
import { createWatchdog } from "./watchdog.ts";

function fakeLive(): Live & { phase: LiveState["phase"] } {
  const live = {
    phase: "live" as LiveState["phase"],
    state: (): LiveState => ({
      phase: live.phase,
      isUnsteady: false,
      storage: "ok",
      refused: null,
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

function harness() {
  const shown: (string | null)[] = [];
  const watchdog = createWatchdog({ show: (detail) => shown.push(detail), hide: () => shown.push(null) });
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
