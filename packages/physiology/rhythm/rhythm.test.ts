import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { createRhythm, type RhythmWatch } from "./index.ts";

/** "kind from..to" of all that began, open ones without an end. */
function told(script: (rhythm: RhythmWatch) => void): string[] {
  const spans: string[] = [];
  const at = new Map<unknown, number>();
  const rhythm = createRhythm({
    onBegin: (span) => at.set(span, spans.push(`${span.kind} ${span.from.toFixed(1)}..`) - 1),
    onEnd: (span, to) => {
      const where = at.get(span) as number;
      spans[where] = `${spans[where]}${to.toFixed(1)}`;
    },
  });
  script(rhythm);
  return spans;
}
/** A letter a beat, a second apart unless said; V is ventricular. */
const beats = (rhythm: RhythmWatch, letters: string, interval = 1, from = 0): number => {
  for (const [i, letter] of [...letters].entries()) rhythm.beat(from + i * interval, letter === "V");
  return from + (letters.length - 1) * interval;
};

test("no beat for four seconds is asystole, of three a pause, and a beat ends both", () => {
  assert.deepEqual(
    told((rhythm) => {
      beats(rhythm, "NNN");
      rhythm.until(4.9);
      rhythm.until(5);
      rhythm.until(6);
      rhythm.beat(6.5);
      rhythm.until(9);
    }),
    ["pause 2.0..6.5", "asystole 2.0..6.5"],
  );
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NN", 3.5)),
    ["pause 0.0..3.5"],
  );
});

test("a heart that never beat is asystole from when it could be seen; a signal that is lost is none", () => {
  const never = told((rhythm) => {
    for (let at = 10; at <= 14; at++) rhythm.until(at);
  });
  assert.deepEqual(never, ["asystole 10.0.."]);
  const lost = told((rhythm) => {
    beats(rhythm, "NN");
    rhythm.lost(1.5);
    rhythm.until(60);
    rhythm.until(63);
    rhythm.beat(63.5);
  });
  assert.deepEqual(lost, []);
  const open = told((rhythm) => {
    beats(rhythm, "NN");
    rhythm.until(7);
    rhythm.lost(8);
  });
  assert.deepEqual(open, ["pause 1.0..8.0", "asystole 1.0..8.0"]);
});

test("below 40/min for five beats, above 140/min for seventeen", () => {
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NNNN", 1.6)),
    [],
  );
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NNNNN", 1.6)),
    ["extreme-bradycardia 0.0.."],
  );
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NNNNNNN", 1.5)),
    [],
  );
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "N".repeat(16), 0.4)),
    [],
  );
  assert.deepEqual(
    told((rhythm) => {
      const last = beats(rhythm, "N".repeat(17), 0.4);
      // The average of sixteen intervals is above 140/min until the second slow one.
      beats(rhythm, "NNNNNNNNN", 0.8, last + 0.8);
    }),
    ["extreme-tachycardia 0.0..7.2"],
  );
});

test("ventricular beats: couplets, runs and tachycardia", () => {
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NNVVNN")),
    ["ventricular-couplet 2.0..3.0"],
  );
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NVVVN")),
    ["ventricular-run 1.0..3.0"],
  );
  // Five and more, but slower than 100/min, is no tachycardia.
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NVVVVVVN")),
    ["ventricular-run 1.0..6.0"],
  );
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NVVVVVN", 0.5)),
    ["ventricular-run 0.5..2.5", "ventricular-tachycardia 0.5..2.5"],
  );
  // A long run, longer than what is remembered of it.
  assert.deepEqual(told((rhythm) => beats(rhythm, `N${"V".repeat(40)}N`, 0.5)).slice(0, 2), [
    "ventricular-run 0.5..20.0",
    "ventricular-tachycardia 0.5..20.0",
  ]);
});

test("bigeminy and trigeminy are three times the pattern, and end where it breaks", () => {
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NNNVNVN")),
    [],
  );
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NNNVNVNVNN")),
    ["bigeminy 2.0..8.0"],
  );
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NNVNNVNNVNNN")),
    ["trigeminy 0.0..10.0"],
  );
  assert.deepEqual(
    told((rhythm) => beats(rhythm, "NVVNVVNVVN")).filter((one) => one.includes("gemin")),
    [],
  );
});

test("times that are none, or not later than the last, are passed over", () => {
  assert.deepEqual(
    told((rhythm) => {
      rhythm.beat(Number.NaN);
      rhythm.until(Number.NaN);
      beats(rhythm, "NN");
      rhythm.beat(0.5, true);
      rhythm.beat(1, true);
      rhythm.until(0);
      rhythm.until(Number.POSITIVE_INFINITY);
      rhythm.beat(Number.POSITIVE_INFINITY);
    }),
    [],
  );
});

test("whatever comes, each that ends has begun, and none twice", () => {
  const seed = Number(process.env.SEED ?? 20261128);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed).float;
  const open = new Set<string>();
  const rhythm = createRhythm({
    onBegin: ({ kind, from }) => {
      assert.ok(!open.has(kind) && Number.isFinite(from), kind);
      open.add(kind);
    },
    onEnd: ({ kind, from }, to) => {
      assert.ok(open.delete(kind) && to >= from, `${kind} ${from} ${to}`);
    },
  });
  let at = 0;
  for (let i = 0; i < 20_000; i++) {
    const what = random();
    at += random() < 0.9 ? 0.3 + 0.5 * random() : 6 * random();
    if (what < 0.85) rhythm.beat(at, random() < 0.4);
    else if (what < 0.98) rhythm.until(at);
    else rhythm.lost(at);
  }
  rhythm.lost(at);
  assert.deepEqual([...open], []);
});
