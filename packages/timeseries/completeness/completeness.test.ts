import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import {
  coverageOf,
  coverageOfSlots,
  cutTo,
  daysOf,
  type Evidence,
  explain,
  type Gap,
  type GapCause,
  mainCause,
  NO_EVIDENCE,
  without,
} from "./index.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 10, 1);
const SEED = Number(process.env.SEED ?? 20261128);

const every = (intervalMs: number, from: number, to: number) =>
  Float64Array.from({ length: Math.ceil((to - from) / intervalMs) }, (_, i) => from + i * intervalMs);
const worn = (from: number, to: number, intervalMs = MINUTE) => [{ from, to, intervalMs }];

test("what was expected came: everything is there, and nothing is a gap", () => {
  const covered = coverageOf(every(MINUTE, START, START + DAY), worn(START, START + DAY));
  assert.deepEqual(covered, { expected: 1440, received: 1440, gaps: [] });
});

test("a burst makes up for no gap, the same time twice is one reading, and two that are late are no gap", () => {
  const hour = [...every(1_000, START, START + HOUR / 2)];
  const covered = coverageOf(Float64Array.from(hour), worn(START, START + HOUR));
  assert.deepEqual([covered.expected, covered.received], [60, 30]);
  const counts = new Uint32Array([900, 900, 0, 0]);
  const bySlots = coverageOfSlots(START, counts, worn(START, START + HOUR));
  assert.deepEqual([bySlots.expected, bySlots.received], [60, 30]);
  assert.equal(covered.gaps.length, 1);
  assert.deepEqual(covered.gaps[0]?.to, START + HOUR);
  const twice = coverageOf(Float64Array.of(START, START, START + 2 * MINUTE), worn(START, START + 3 * MINUTE));
  assert.deepEqual(twice, { expected: 3, received: 2, gaps: [] });
});

test("nothing at all is one gap from the beginning to the end, and what lies outside is not counted", () => {
  const { gaps, received } = coverageOf(Float64Array.of(START - 1, START + DAY), worn(START, START + DAY));
  assert.equal(received, 0);
  assert.deepEqual(gaps, [{ from: START, to: START + DAY, intervalMs: MINUTE, missing: 1440 }]);
});

test("random gaps are found where they were cut out, by times and by quarters of an hour", (t) => {
  t.diagnostic(`seed ${SEED}`);
  const random = seededRandom(SEED);
  for (let n = 0; n < 24; n++) {
    const intervalMs = [1_000, 5_000, MINUTE][n % 3] as number;
    const from = START + Math.floor(random.float() * 20) * HOUR + Math.floor(random.float() * HOUR);
    const length = 10 * intervalMs + MINUTE + Math.floor(random.float() * 3 * HOUR);
    const cut = { from, to: from + length };
    const times = every(intervalMs, START, START + DAY).filter((time) => time < cut.from || time >= cut.to);
    const covered = coverageOf(times, worn(START, START + DAY, intervalMs));
    assert.equal(covered.gaps.length, 1, `run ${n}`);
    const [gap] = covered.gaps as [Gap];
    assert.ok(Math.abs(gap.from - cut.from) <= intervalMs && Math.abs(gap.to - cut.to) <= intervalMs, `run ${n}`);
    assert.ok(Math.abs(covered.expected - covered.received - gap.missing) <= 2, `run ${n}`);

    const counts = new Uint32Array(96);
    for (const time of times) counts[Math.floor((time - START) / (15 * MINUTE))]!++;
    const bySlots = coverageOfSlots(START, counts, worn(START, START + DAY, intervalMs));
    assert.equal(bySlots.expected, covered.expected, `run ${n}`);
    assert.equal(bySlots.received, covered.received, `run ${n}`);
    if (length < 30 * MINUTE) continue;
    const [slotGap] = bySlots.gaps as [Gap];
    assert.ok(Math.abs(slotGap.from - cut.from) <= 15 * MINUTE && Math.abs(slotGap.to - cut.to) <= 15 * MINUTE);
  }
});

/** Of each cause: what is there to be seen of it around a gap; and what would be seen of others, elsewhere. */
const PLANTED: Readonly<Record<GapCause, (gap: Gap, random: () => number) => Partial<Evidence>>> = {
  battery: (gap, random) => ({
    battery: [
      { at: gap.from - 3 * HOUR, percent: 24 },
      { at: gap.from - Math.floor(random() * HOUR) - MINUTE, percent: Math.floor(random() * 10) },
      { at: gap.to + 10_000, percent: 90 },
    ],
    connected: [
      { from: START - DAY, to: gap.from + 90_000 },
      { from: gap.to, to: START + 3 * DAY },
    ],
  }),
  quarantined: (gap) => ({
    quarantined: Array.from({ length: Math.ceil((gap.to - gap.from) / MINUTE) }, (_, i) => ({
      at: gap.from + i * MINUTE,
      code: "UNIT_MISMATCH",
      readings: 1,
    })),
    connected: [{ from: START - DAY, to: START + 3 * DAY }],
  }),
  clock: (gap) => ({
    clock: [
      {
        after: gap.from - 30_000,
        from: gap.from,
        until: gap.to,
        decidedAt: gap.from + 5 * MINUTE,
        kind: "reset-1970",
        leadsTo: "quarantined",
        stepMs: -56 * 365 * DAY,
      },
    ],
    connected: [{ from: START - DAY, to: START + 3 * DAY }],
  }),
  "link-down": (gap, random) =>
    random() < 0.5
      ? {
          connected: [
            { from: START - DAY, to: gap.from + 90_000 },
            { from: gap.to - 1_000, to: START + 3 * DAY },
          ],
        }
      : {
          gateways: [
            {
              gatewayId: "gw",
              up: [
                { from: START - DAY, to: gap.from },
                { from: gap.to, to: START + 3 * DAY },
              ],
              heard: [],
              others: [],
            },
          ],
        },
  "out-of-range": (gap) => ({
    gateways: [
      {
        gatewayId: "gw",
        up: [{ from: START - DAY, to: START + 3 * DAY }],
        heard: [
          { from: START - DAY, to: gap.from },
          { from: gap.to, to: START + 3 * DAY },
        ],
        others: [{ from: START - DAY, to: START + 3 * DAY, count: 3 }],
      },
    ],
  }),
  "not-worn": (gap, random) => {
    const kind = Math.floor(random() * 3);
    if (kind === 0) return { standby: [{ from: gap.from - MINUTE, to: gap.to + MINUTE, reason: "bath" }] };
    if (kind === 1) return { sensorOff: [{ from: gap.from, to: gap.to, event: "sensor-off" }] };
    return { heard: Array.from({ length: 1_000 }, (_, i) => gap.from - HOUR + i * 10 * MINUTE) };
  },
  sensor: (gap) => ({ otherSignals: Array.from({ length: 1_000 }, (_, i) => gap.from - HOUR + i * 5 * MINUTE) }),
  maintenance: (gap) => ({ outOfService: [{ from: gap.from - HOUR, to: gap.to + HOUR }] }),
  unknown: () => ({}),
};

for (const [cause, plant] of Object.entries(PLANTED)) {
  test(`a planted gap is told to be: ${cause}`, (t) => {
    t.diagnostic(`seed ${SEED}`);
    const random = seededRandom(SEED);
    for (let n = 0; n < 100; n++) {
      const from = START + DAY + Math.floor(random.float() * 6 * HOUR);
      const gap: Gap = {
        from,
        to: from + 20 * MINUTE + Math.floor(random.float() * 5 * HOUR),
        intervalMs: MINUTE,
        missing: 300,
      };
      // What was long before says nothing of this gap.
      const elsewhere: Partial<Evidence> = {
        battery: [{ at: from - 20 * HOUR, percent: 4 }],
        quarantined: [{ at: from - 5 * HOUR, code: "UNIT_MISMATCH", readings: 1 }],
        standby: [{ from: from - 9 * HOUR, to: from - 8 * HOUR, reason: "scan" }],
        serverAway: [{ from: from - 9 * HOUR, to: from - 8 * HOUR }],
      };
      const parts = explain(gap, { ...NO_EVIDENCE, ...elsewhere, ...plant(gap, () => random.float()) });
      assert.equal(mainCause(parts), cause, `run ${n}: ${JSON.stringify(parts)}`);
      const ofCause = parts.filter((part) => part.cause === cause).reduce((sum, part) => sum + part.to - part.from, 0);
      assert.ok(ofCause >= 0.8 * (gap.to - gap.from), `run ${n}: nearly all of it`);
      assert.equal(parts[0]?.from, gap.from);
      assert.equal(parts.at(-1)?.to, gap.to);
      assert.equal(
        parts.reduce((sum, part) => sum + part.missing, 0),
        gap.missing,
      );
      assert.ok(parts.every((part, i) => i === 0 || part.from === parts[i - 1]?.to));
      assert.ok(parts.every((part) => (part.cause === "unknown") === (part.proofs.length === 0)));
    }
  });
}

const GAP: Gap = { from: START, to: START + 4 * HOUR, intervalMs: MINUTE, missing: 240 };

test("a gap of several causes is parted: the server stood still, then the gateway heard others only", () => {
  const parts = explain(GAP, {
    ...NO_EVIDENCE,
    serverAway: [{ from: START - HOUR, to: START + HOUR }],
    gateways: [
      {
        gatewayId: "gw-1",
        up: [{ from: START - DAY, to: START + DAY }],
        heard: [{ from: START - DAY, to: START - HOUR }],
        others: [{ from: START - DAY, to: START + 3 * HOUR, count: 2 }],
      },
    ],
  });
  assert.deepEqual(
    parts.map(({ from, to, missing, cause, proofs }) => [from - START, to - START, missing, cause, proofs[0]]),
    [
      [0, HOUR, 60, "link-down", { by: "server" }],
      [HOUR, 3 * HOUR, 120, "out-of-range", { by: "others-heard", gatewayId: "gw-1", others: 2 }],
      [3 * HOUR, 4 * HOUR, 60, "unknown", undefined],
    ],
  );
  assert.deepEqual(
    parts
      .flatMap((part) => cutTo(part, { from: START + 30 * MINUTE, to: START + 2 * HOUR }) ?? [])
      .map((p) => p.missing),
    [30, 60],
  );
});

test("a device that went on speaking after a low battery was not empty before it spoke last", () => {
  const parts = explain(GAP, {
    ...NO_EVIDENCE,
    battery: [
      { at: START - HOUR, percent: 8 },
      { at: START + HOUR, percent: 3 },
    ],
    heard: [START + 30 * MINUTE, START + HOUR],
  });
  assert.deepEqual(parts.map(({ cause }) => cause).slice(-1), ["battery"]);
  assert.ok((parts.at(-1)?.from ?? 0) >= START + HOUR - MINUTE);
});

test("a battery that was half full, or of which nothing was said for long, is no cause", () => {
  for (const battery of [
    [{ at: START - MINUTE, percent: 55 }],
    [{ at: START - 13 * HOUR, percent: 2 }],
    [{ at: START - MINUTE, percent: 22 }],
  ])
    assert.deepEqual(
      explain(GAP, { ...NO_EVIDENCE, battery }).map(({ cause }) => cause),
      ["unknown"],
    );
  const charged = [
    { at: START - MINUTE, percent: 22 },
    { at: START + 4 * HOUR + MINUTE, percent: 98 },
  ];
  assert.deepEqual(
    explain(GAP, { ...NO_EVIDENCE, battery: charged }).map(({ cause, proofs }) => [cause, proofs]),
    [["battery", [{ by: "battery", at: START - MINUTE, percent: 22, after: 98 }]]],
  );
});

test("a gateway that hears nobody says nothing of range", () => {
  const day = { from: START - DAY, to: START + DAY };
  for (const others of [[], [{ ...day, count: 0 }]])
    assert.deepEqual(
      explain(GAP, { ...NO_EVIDENCE, gateways: [{ gatewayId: "gw", up: [day], heard: [], others }] }).map(
        ({ cause }) => cause,
      ),
      ["unknown"],
    );
});

test("a connection whose other end was gone is noticed minutes later: it was away from the beginning", () => {
  const connected = [
    { from: START - DAY, to: START + 100_000 },
    { from: START + 4 * HOUR, to: START + DAY },
  ];
  assert.deepEqual(
    explain({ ...GAP, intervalMs: 5_000 }, { ...NO_EVIDENCE, connected }).map(({ from, to, cause }) => [
      from - START,
      to - START,
      cause,
    ]),
    [[0, 4 * HOUR, "link-down"]],
  );
  // A device that connected for the first time in the midst: of before nothing is known.
  const late = explain(GAP, { ...NO_EVIDENCE, connected: [{ from: START + 2 * HOUR, to: START + 3 * HOUR }] });
  assert.deepEqual(
    late.map(({ cause }) => cause),
    ["unknown", "not-worn", "link-down"],
  );
  const stayed = explain(GAP, { ...NO_EVIDENCE, connected: [{ from: START - DAY, to: START + DAY }] });
  assert.deepEqual(
    stayed.map(({ cause }) => cause),
    ["not-worn"],
  );
});

test("what is quarantined for its time is the clock's, and a buffer of an hour stands for that hour", () => {
  const quarantined = [{ at: START + 2 * HOUR, code: "CLOCK_WRONG", readings: 60 }];
  const parts = explain(GAP, { ...NO_EVIDENCE, quarantined });
  const clock = parts.find(({ cause }) => cause === "clock") ?? assert.fail("not the clock");
  assert.ok(clock.from <= START + HOUR && clock.to >= START + 2 * HOUR);
  assert.deepEqual(clock.proofs, [{ by: "quarantine", messages: 1, codes: ["CLOCK_WRONG"] }]);
  assert.equal(parts.at(-1)?.cause, "unknown");
});

test("a clock that was put forward leaves out what it leapt over", () => {
  const clock = [
    {
      after: START - 20_000,
      from: START,
      until: null,
      decidedAt: START + MINUTE,
      kind: "step",
      leadsTo: "flagged" as const,
      stepMs: 4 * HOUR,
    },
  ];
  assert.deepEqual(
    explain(GAP, { ...NO_EVIDENCE, clock }).map(({ cause }) => cause),
    ["clock"],
  );
  const kept = [{ ...clock[0]!, leadsTo: "kept" as const }];
  assert.deepEqual(
    explain(GAP, { ...NO_EVIDENCE, clock: kept }).map(({ cause }) => cause),
    ["unknown"],
  );
});

test("days are the place's own: of 23 and of 25 hours, and of a zone that changes", () => {
  const spring = daysOf({ from: Date.UTC(2026, 2, 28, 23), to: Date.UTC(2026, 2, 29, 22) }, [
    { from: 0, timeZone: "Europe/Berlin" },
  ]);
  assert.deepEqual(
    spring.map(({ day, from, to }) => [day, (to - from) / HOUR]),
    [["2026-03-29", 23]],
  );
  const autumn = daysOf({ from: Date.UTC(2026, 9, 24, 22), to: Date.UTC(2026, 9, 26, 23) }, [
    { from: 0, timeZone: "Europe/Berlin" },
  ]);
  assert.deepEqual(
    autumn.map(({ day, from, to }) => [day, (to - from) / HOUR]),
    [
      ["2026-10-25", 25],
      ["2026-10-26", 24],
    ],
  );
  const moved = daysOf({ from: START, to: START + 2 * DAY }, [
    { from: 0, timeZone: "UTC" },
    { from: START + DAY + HOUR, timeZone: "Asia/Kathmandu" },
  ]);
  assert.equal(
    moved.reduce((sum, { from, to }) => sum + to - from, 0),
    2 * DAY,
  );
  assert.deepEqual(
    moved.map(({ day }) => day),
    ["2026-11-01", "2026-11-02", "2026-11-03"],
  );
});

test("a span without holes is what is left of it", () => {
  assert.deepEqual(
    without({ from: 0, to: 10 }, [
      { from: -5, to: 2 },
      { from: 4, to: 6 },
      { from: 9, to: 12 },
    ]),
    [
      { from: 2, to: 4 },
      { from: 6, to: 9 },
    ],
  );
});
