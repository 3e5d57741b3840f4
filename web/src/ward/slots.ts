import type { LatestBody } from "@openward/api";
import type { TileState } from "../live/tiles.ts";
import { toOwnUnit } from "../parts/convert.ts";
import { formatValue, unitText } from "../parts/format.ts";
import { type Freshness, freshnessOf } from "../parts/freshness.ts";
import { longName, shortName, type Tone, toneOf } from "../parts/signal-display.ts";

/** One number of a tile, or one pressure: what to show, and whether it may be believed. */
export interface Slot {
  readonly key: string;
  readonly label: string;
  /** The whole name, for tooltips and screen readers. */
  readonly name: string;
  readonly tone: Tone;
  readonly text: string;
  /** In brackets after it: the mean pressure. */
  readonly extra: string;
  readonly unit: string;
  readonly freshness: Freshness;
  readonly streamIds: readonly string[];
  readonly deviceIds: readonly string[];
  /** Quality bits that a person should know of, in words. */
  readonly remark: string;
  /** As received, where screens show another unit. */
  readonly received: string;
  /** One of the vital signs, which a tile shows before anything else. */
  readonly isVital: boolean;
}

type Stream = TileState["streams"][number];

/** Which signals may fill a slot, the preferred first. Pressures are built of three. */
const choices: readonly (readonly string[])[] = [
  ["heart-rate", "pulse-rate-spo2", "pulse-rate", "pulse-rate-nibp"],
  ["spo2", "spo2-preductal", "spo2-postductal"],
  ["respiratory-rate", "respiratory-rate-impedance", "respiratory-rate-co2"],
];
const pressures = ["art", "nibp"] as const;
const later: readonly (readonly string[])[] = [
  ["body-temperature", "temp-core", "temp-oral", "temp-tympanic", "temp-rectal", "temp-axillary", "temp-skin"],
  ["glucose-interstitial", "glucose-blood", "glucose-blood-molar"],
  ["etco2"],
];

const vital: ReadonlySet<string> = new Set([...choices, ...later].flat());
const partsOfPressure = new Set(pressures.flatMap((p) => [`${p}-systolic`, `${p}-diastolic`, `${p}-mean`]));

/** Pressures of one cuff reading carry one time; more apart than this they are not one reading. */
const SAME_READING_MS = 5_000;

const freshOrder: Readonly<Record<Freshness["state"], number>> = { live: 0, "on-demand": 0, stale: 1, absent: 2 };

/** The numbers of a patient, the vital ones first. @param now server time */
export function slotsOf(tile: TileState, now: number): readonly Slot[] {
  const numeric = tile.streams.filter((s) => s.kind === "numeric");
  const taken = new Set<string>();
  const slots: Slot[] = [];
  const pick = (signals: readonly string[]): void => {
    const best = numeric
      .filter((s) => signals.includes(s.signal))
      .map((stream) => ({ stream, fresh: freshnessOfStream(tile, stream, now) }))
      .sort(
        (a, b) =>
          freshOrder[a.fresh.state] - freshOrder[b.fresh.state] ||
          signals.indexOf(a.stream.signal) - signals.indexOf(b.stream.signal) ||
          (tile.latest.get(b.stream.id)?.at ?? 0) - (tile.latest.get(a.stream.id)?.at ?? 0),
      )[0];
    for (const s of numeric) if (signals.includes(s.signal)) taken.add(s.id);
    if (best) slots.push(slotOf(tile, best.stream, now));
  };
  for (const signals of choices) pick(signals);
  for (const s of numeric) if (partsOfPressure.has(s.signal)) taken.add(s.id);
  const pressure = pressureSlot(tile, numeric, now);
  if (pressure) slots.push(pressure);
  for (const signals of later) pick(signals);
  for (const s of numeric) if (!taken.has(s.id)) slots.push(slotOf(tile, s, now));
  return slots;
}

/** Most numbers that a tile has room for. */
const TILE_SLOTS = 6;
/** Other numbers than vital signs fill the first row where there are few, and no more. */
const FIRST_ROW = 3;

/** What a tile shows: vital signs; others where there is room, or where they are in alarm. */
export function tileSlots(tile: TileState, now: number): readonly Slot[] {
  const all = slotsOf(tile, now);
  const vital = all.filter((s) => s.isVital);
  const inAlarm = new Set(tile.alarms.map((a) => a.streamId));
  const others = all.filter((s) => !s.isVital);
  const urgent = others.filter((s) => s.streamIds.some((id) => inAlarm.has(id)));
  const shown = [...vital.slice(0, TILE_SLOTS - Math.min(urgent.length, 2)), ...urgent].slice(0, TILE_SLOTS);
  const fill = others.filter((s) => !urgent.includes(s)).slice(0, Math.max(0, FIRST_ROW - shown.length));
  return [...shown, ...fill];
}

/** The order in which people read a patient's numbers. */
const reading: readonly string[] = [
  ...choices.flat(),
  ...pressures.flatMap((p) => [`${p}-systolic`, `${p}-diastolic`, `${p}-mean`]),
  ...later.flat(),
];

/** Every numeric stream for itself: the patient page shows all of them. */
export function everySlot(tile: TileState, now: number): readonly Slot[] {
  const place = (s: Stream) => reading.indexOf(s.signal) + 1 || reading.length + 1;
  return tile.streams
    .filter((s) => s.kind === "numeric")
    .sort((a, b) => place(a) - place(b))
    .map((s) => slotOf(tile, s, now));
}

function slotOf(tile: TileState, stream: Stream, now: number): Slot {
  const latest = tile.latest.get(stream.id);
  const shown = latest ? toOwnUnit(stream.signal, latest.value, latest.unit) : null;
  return {
    key: stream.id,
    label: shortName(stream.signal),
    name: longName(stream.signal),
    tone: toneOf(stream.signal),
    text: formatValue(shown?.value, stream.signal),
    extra: "",
    unit: unitText(shown?.unit ?? stream.unit),
    freshness: freshnessOfStream(tile, stream, now),
    streamIds: [stream.id],
    deviceIds: [stream.deviceId],
    remark: latest ? remarkOf(latest.quality) : "",
    received: latest && shown && shown.unit !== latest.unit ? `${latest.value} ${unitText(latest.unit)}` : "",
    isVital: vital.has(stream.signal),
  };
}

function pressureSlot(tile: TileState, numeric: readonly Stream[], now: number): Slot | undefined {
  const candidates = pressures
    .flatMap((kind) => numeric.filter((s) => s.signal === `${kind}-systolic`).map((systolic) => ({ kind, systolic })))
    .map((c) => ({ ...c, fresh: freshnessOfStream(tile, c.systolic, now) }))
    .sort((a, b) => freshOrder[a.fresh.state] - freshOrder[b.fresh.state]);
  const best = candidates[0];
  if (!best) return undefined;
  const { kind, systolic, fresh } = best;
  const latest = tile.latest.get(systolic.id);
  const companion = (part: "diastolic" | "mean"): LatestBody | undefined => {
    const stream = numeric.find((s) => s.signal === `${kind}-${part}` && s.deviceId === systolic.deviceId);
    const found = stream && tile.latest.get(stream.id);
    return found && latest && Math.abs(found.at - latest.at) <= SAME_READING_MS ? found : undefined;
  };
  const show = (l: LatestBody | undefined) =>
    formatValue(l && toOwnUnit(l.signal, l.value, l.unit).value, `${kind}-systolic`);
  const diastolic = companion("diastolic");
  const mean = companion("mean");
  const ofDevice = numeric.filter((s) => s.deviceId === systolic.deviceId && s.signal.startsWith(`${kind}-`));
  return {
    key: systolic.id,
    label: kind === "art" ? "ART" : "NIBP",
    name: kind === "art" ? "Arterial pressure" : "Blood pressure (cuff)",
    tone: "pressure",
    text: latest ? `${show(latest)}/${show(diastolic)}` : formatValue(null, systolic.signal),
    extra: mean ? show(mean) : "",
    unit: unitText(latest ? toOwnUnit(latest.signal, latest.value, latest.unit).unit : systolic.unit),
    freshness: fresh,
    streamIds: ofDevice.map((s) => s.id),
    deviceIds: [systolic.deviceId],
    remark: latest ? remarkOf(latest.quality) : "",
    received: "",
    isVital: true,
  };
}

function freshnessOfStream(tile: TileState, stream: Stream, now: number): Freshness {
  return freshnessOf(tile.latest.get(stream.id), stream.expectedIntervalMs, now, tile.patient.timeZone);
}

/** The bits of QUALITY of @openward/model that change how far a value may be trusted. */
function remarkOf(quality: number): string {
  if (quality & 16) return "corrected";
  if (quality & 8) return "questionable";
  if (quality & 2) return "conflicting values";
  if (quality & 64) return "time zone assumed";
  return "";
}
