import { type Chance, chanceOf } from "./chance.ts";
import { type DatabaseWeather, FAIR } from "./database/faults.ts";
import { DEVICES, PATIENTS } from "./ward.ts";

/** What a message says, so far as it does not depend on when it is said. Ages are before the time of sending. */
export type Content =
  | {
      readonly kind: "readings";
      readonly items: readonly Item[];
      readonly isColumns: boolean;
      readonly offset: boolean;
    }
  | { readonly kind: "waveform"; readonly seconds: number; readonly shape: number }
  | { readonly kind: "timeless"; readonly signal: string }
  | { readonly kind: "event"; readonly ageMs: number }
  | { readonly kind: "unplaceable"; readonly why: "unknown signal" | "implausible" | "future" | "not JSON" };

export interface Item {
  readonly ageMs: number;
  readonly values: readonly { readonly signal: string; readonly unit: string | null; readonly value: number }[];
}

/** One thing that happens in a history. */
export type Step =
  | { readonly do: "send"; readonly device: number; readonly content: Content; readonly hasKey: boolean }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "offline"; readonly device: number; readonly forMs: number }
  | { readonly do: "move"; readonly device: number; readonly patient: number | null }
  | { readonly do: "crash"; readonly power: boolean; readonly afterOperations: number; readonly downMs: number }
  | { readonly do: "restart" }
  | { readonly do: "database"; readonly weather: DatabaseWeather; readonly forMs: number }
  | {
      readonly do: "disk";
      readonly failFlushes: number;
      readonly isFull: boolean;
      readonly slowMs: number;
      readonly forMs: number;
    }
  | { readonly do: "network"; readonly loss: number; readonly double: number; readonly forMs: number }
  | { readonly do: "clock"; readonly byMs: number }
  | { readonly do: "seal"; readonly everything: boolean }
  | { readonly do: "compact"; readonly everything: boolean }
  | { readonly do: "query"; readonly what: "readings" | "trend" | "latest" | "waveform"; readonly draw: number };

export interface Plan {
  readonly seed: number;
  readonly limits: { readonly windowMs: number; readonly commitsMax: number; readonly groupBytes: number };
  readonly spoolBytesMax: number;
  readonly journalDays: number;
  /** What the tails may take: now and then so little that they are sealed early, and devices wait. */
  readonly tailBytesMax: number;
  readonly rawDays: number;
  /** Rows of the journal that a start reads at a time. */
  readonly recoveryRows: number;
  /** And what each time takes besides. */
  readonly recoverySlowMs: number;
  readonly steps: readonly Step[];
}

const SIGNALS = [
  { signal: "heart-rate", unit: null, of: (c: Chance) => 40 + c.int(120) },
  { signal: "heart-rate", unit: "/min", of: (c: Chance) => 40 + c.int(1_200) / 10 },
  { signal: "spo2", unit: "%", of: (c: Chance) => 70 + c.int(31) },
  { signal: "body-temperature", unit: "Cel", of: (c: Chance) => (350 + c.int(60)) / 10 },
  // As converted by a device: digits that no scale by ten holds.
  { signal: "glucose-interstitial", unit: "mmol/L", of: (c: Chance) => (4 + c.int(200) / 10) / 1.3 },
  { signal: "glucose-interstitial", unit: "mg/dL", of: (c: Chance) => 40 + c.int(3_000) / 7 },
] as const;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export function planOf(seed: number): Plan {
  const chance = chanceOf(seed);
  const steps: Step[] = [];
  const count = chance.between(30, 110);
  // Some histories are calm but for one kind of fault, others have all of them.
  const kinds = chance.is(0.5) ? chance.between(1, 3) : 9;
  const faults = new Set(Array.from({ length: kinds }, () => chance.int(7)));
  const pace = chance.of([200, 2_000, 20_000]);
  // What comes late is often of one time, so that it meets what is in blocks and days already.
  const lateMs = chance.int(11 * HOUR);
  while (steps.length < count) {
    const draw = chance.float();
    if (draw < 0.45) steps.push(send(chance, lateMs));
    else if (draw < 0.62) steps.push({ do: "wait", ms: chance.is(0.15) ? chance.int(40 * MINUTE) : chance.int(pace) });
    else if (draw < 0.7) steps.push(query(chance));
    else if (draw < 0.74) steps.push({ do: "seal", everything: chance.is(0.5) });
    else if (draw < 0.76) steps.push(...days(chance));
    else if (draw < 0.77 && chance.is(0.3)) steps.push({ do: "wait", ms: chance.int(30 * HOUR) });
    else if (draw >= 0.77) {
      const fault = chance.int(7);
      if (faults.has(fault)) steps.push(...trouble(fault, chance));
    }
  }
  return {
    seed,
    limits: {
      windowMs: chance.of([0, 2, 5]),
      commitsMax: chance.of([1, 2, 4]),
      groupBytes: chance.of([200, 2_000, 1_000_000]),
    },
    spoolBytesMax: chance.is(0.2) ? 3_000 : 1e8,
    journalDays: 1,
    tailBytesMax: seed % 3 === 0 ? 20_000 + (seed % 7) * 10_000 : Number.POSITIVE_INFINITY,
    rawDays: 1,
    recoveryRows: [1, 2, 8, 64][seed % 4] as number,
    recoverySlowMs: [0, 0, 20, 200, 1_000][seed % 5] as number,
    steps,
  };
}

function send(chance: Chance, lateMs: number): Step {
  return { do: "send", device: chance.int(DEVICES), content: content(chance, lateMs), hasKey: chance.is(0.7) };
}

/** Days are put together, mostly of what has just been sealed. */
function days(chance: Chance): Step[] {
  const compact: Step = { do: "compact", everything: chance.is(0.8) };
  if (chance.is(0.3)) return [compact];
  return [{ do: "seal", everything: true }, { do: "wait", ms: chance.int(10_000) }, compact];
}

function content(chance: Chance, lateMs: number): Content {
  const draw = chance.float();
  if (draw < 0.1) return { kind: "waveform", seconds: chance.between(1, 20), shape: chance.int(1e6) };
  if (draw < 0.2) return { kind: "timeless", signal: "body-weight" };
  if (draw < 0.25) return { kind: "event", ageMs: chance.int(5 * MINUTE) };
  if (draw < 0.33)
    return { kind: "unplaceable", why: chance.of(["unknown signal", "implausible", "future", "not JSON"]) };
  const isColumns = chance.is(0.3);
  const isLate = chance.is(0.2);
  const first = isLate ? (chance.is(0.5) ? lateMs + chance.int(MINUTE) : chance.int(11 * HOUR)) : chance.int(MINUTE);
  const chosen = new Map(
    [...SIGNALS.filter(() => chance.is(0.4)), chance.of(SIGNALS)].map((each) => [each.signal, each]),
  );
  const signals = [...chosen.values()];
  const items = Array.from({ length: chance.of([1, 1, 1, 2, 5, 40]) }, (_, i) => ({
    // Buffers are not always in order, and times meet those of other messages.
    ageMs: Math.max(0, first - i * 1_000 + (chance.is(0.1) ? chance.int(5_000) : 0)),
    values: signals.map(({ signal, unit, of }) => ({ signal, unit, value: of(chance) })),
  }));
  return { kind: "readings", items, isColumns, offset: !isColumns && chance.is(0.2) };
}

function query(chance: Chance): Step {
  return {
    do: "query",
    what: chance.of(["readings", "readings", "trend", "latest", "waveform"]),
    draw: chance.int(1e9),
  };
}

function trouble(kind: number, chance: Chance): Step[] {
  const forMs = chance.of([500, 5_000, MINUTE, 10 * MINUTE]);
  switch (kind) {
    case 0:
    case 1:
      return [
        { do: "crash", power: kind === 0, afterOperations: chance.int(30), downMs: chance.of([10, 1_000, MINUTE]) },
      ];
    case 2: {
      const state = chance.of(["refusing", "hung"] as const);
      return [{ do: "database", weather: { ...FAIR, state }, forMs }];
    }
    case 3: {
      const rate = () => (chance.is(0.5) ? chance.of([0.02, 0.1, 0.3]) : 0);
      const weather = { state: "up", aborts: rate(), lostAnswers: rate(), lateCommits: rate(), slow: rate() } as const;
      return [{ do: "database", weather, forMs }];
    }
    case 4: {
      const failFlushes = chance.is(0.5) ? chance.between(1, 3) : 0;
      const isFull = chance.is(0.3);
      const disk: Step = { do: "disk", failFlushes, isFull, slowMs: chance.of([0, 0, 300]), forMs };
      // A disk is noticed only while it is needed.
      return chance.is(0.7) ? [disk, { do: "database", weather: { ...FAIR, state: "refusing" }, forMs }] : [disk];
    }
    case 5:
      return chance.is(0.5)
        ? [{ do: "network", loss: chance.of([0.1, 0.5]), double: chance.of([0, 0.3]), forMs }]
        : [{ do: "offline", device: chance.int(DEVICES), forMs }];
    default:
      return chance.is(0.6)
        ? [{ do: "move", device: chance.int(DEVICES), patient: chance.is(0.2) ? null : chance.int(PATIENTS) }]
        : chance.is(0.5)
          ? [{ do: "clock", byMs: chance.between(-1_500, 1_500) }]
          : [{ do: "restart" }];
  }
}
