import { type Codec, codecs, type DecodeContext } from "@openward/codecs/raw";
import { QUALITY } from "@openward/model";
import { type Row, thousands } from "../support.ts";

const AT = Date.UTC(2026, 10, 22, 6);
const INPUTS = 4_096;
const ROUNDS = 40;
const TIMES = 7;

const context: DecodeContext = {
  item: 0,
  at: AT,
  atQuality: QUALITY.timeFromGateway,
  utcOffsetMinutes: null,
  timeZone: "Europe/Oslo",
  session: { cgmStart: { time: AT - 86_400_000, utcOffsetMinutes: 60, quality: 0 } },
};

/** A value of each, whose bytes at `vary` differ from input to input. */
const VALUES: readonly (readonly [codec: string, hex: string, vary: number])[] = [
  ["gatt/2a37", "0048", 1],
  ["gatt/2a37", "164855034f03", 1],
  ["gatt/2a5f", "0061004100", 1],
  ["gatt/2a1c", "006e0100ff", 1],
  ["gatt/2a35", "1e800055006300ea070b160700004800010000", 1],
  ["gatt/2a18", "020100ea070b1607000064b011", 1],
  ["gatt/2aa7", "060078000500", 2],
  ["gatt/2a9d", "02b036ea070b16070000", 1],
];

/** Values a second of one core, from bytes to readings with signal, unit, time and quality. */
export function gattRows(): Row[] {
  const rows: Row[] = [];
  const mixed: { codec: Codec; inputs: readonly Uint8Array[] }[] = [];
  for (const [name, hex, vary] of VALUES) {
    const codec = codecs.find((each) => each.name === name) as Codec;
    const inputs = inputsOf(hex, vary);
    mixed.push({ codec, inputs });
    let readings = 0;
    const perSecond = fastest(() => {
      readings = 0;
      for (const bytes of inputs) readings += countOf(codec, bytes);
    });
    rows.push({
      what: `${name}, ${hex.length / 2} bytes`,
      "values/s": thousands(perSecond),
      "readings/s": thousands((perSecond * readings) / INPUTS),
    });
  }
  let readings = 0;
  const all = fastest(() => {
    readings = 0;
    for (let i = 0; i < INPUTS; i++) {
      const { codec, inputs } = mixed[i % mixed.length] as (typeof mixed)[number];
      readings += countOf(codec, inputs[i] as Uint8Array);
    }
  });
  rows.unshift({
    what: "all of these in turn",
    "values/s": thousands(all),
    "readings/s": thousands((all * readings) / INPUTS),
  });
  const inputs = inputsOf("0048", 1);
  let sum = 0;
  const naive = fastest(() => {
    for (const bytes of inputs) sum += naiveHeartRate(bytes).heartRate;
  });
  if (sum === 0) throw new Error("nothing was decoded");
  rows.push({
    what: "beside it: gatt/2a37 by a DataView into an object, no time, no signal, no check",
    "values/s": thousands(naive),
  });
  const capture = codecs.find(({ name }) => name === "capture") as Codec;
  const body = captureOf(inputs);
  const captured = fastest(() => countOf(capture, body), INPUTS);
  rows.push({ what: `capture, JSON, ${INPUTS} values of gatt/2a37 in hex`, "values/s": thousands(captured) });
  return rows;
}

function countOf(codec: Codec, bytes: Uint8Array): number {
  const { readings } = codec.decode(bytes, context);
  let count = 0;
  for (const { values } of readings) count += values.length;
  return count;
}

/** @returns values a second in the best of some rounds: the first are the compiler's, and the machine does other work */
function fastest(round: () => void, values = INPUTS): number {
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < TIMES; time++) {
    const before = process.cpuUsage();
    const rounds = values === INPUTS ? ROUNDS : 1;
    for (let i = 0; i < rounds; i++) round();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / rounds);
  }
  return (values * 1e6) / best;
}

function inputsOf(hex: string, vary: number): readonly Uint8Array[] {
  return Array.from({ length: INPUTS }, (_, i) => {
    const bytes = new Uint8Array(Buffer.from(hex, "hex"));
    bytes[vary] = (bytes[vary] as number) - (i % 16);
    return bytes;
  });
}

function captureOf(inputs: readonly Uint8Array[]): Uint8Array {
  const values = inputs.map((bytes, i) => ({
    codec: "gatt/2a37",
    at: AT + i,
    hex: Buffer.from(bytes).toString("hex"),
  }));
  return new TextEncoder().encode(JSON.stringify(values));
}

/** What is written first by whoever has a strap in hand. */
function naiveHeartRate(bytes: Uint8Array): { heartRate: number; contact: number; rr: number[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(0);
  let offset = 1;
  const heartRate = flags & 1 ? view.getUint16(offset, true) : view.getUint8(offset);
  offset += flags & 1 ? 2 : 1;
  if (flags & 8) offset += 2;
  const rr: number[] = [];
  if (flags & 16) for (; offset + 1 < view.byteLength; offset += 2) rr.push(view.getUint16(offset, true) / 1024);
  return { heartRate, contact: (flags >> 1) & 3, rr };
}
