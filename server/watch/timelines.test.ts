import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { play, type Timeline } from "./testing/timeline.ts";

const folder = new URL("./timelines/", import.meta.url);

for (const file of readdirSync(folder).sort()) {
  const scripts = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Timeline[];
  for (const script of scripts) {
    test(script.name, async () => {
      const first = await play(script);
      assert.deepEqual(first.states, script.expect);
      if (script.alarms) assert.deepEqual(first.alarms, script.alarms);
      const second = await play(script);
      assert.deepEqual(second.log, first.log, "the same script gives the same alarm log");
    });
  }
}
