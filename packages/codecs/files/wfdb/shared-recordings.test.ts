import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { decodeRaw } from "../../raw.ts";
import { contextOf } from "../../testing/vectors.ts";
import { ABSENT_SAMPLE } from "../../waveform.ts";
import { recogniseFile, type Surroundings } from "../index.ts";

const ECG = fileURLToPath(new URL("../../../../../shared/data/ecg/", import.meta.url));
const skip = existsSync(ECG) ? false : "no ../shared/data beside the clone";
const BEGAN = Date.UTC(2020, 0, 1);

/** Of each signal: how many samples or readings, and their sum in ADC units, or of readings in thousandths. */
type Sums = Map<string, { count: number; sum: number; absent: number }>;

function add(sums: Sums, key: string, values: ArrayLike<number>, absent: number): void {
  const known = sums.get(key) ?? { count: 0, sum: 0, absent: 0 };
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value === absent) known.absent++;
    else {
      known.count++;
      known.sum += value;
    }
  }
  sums.set(key, known);
}

function around(path: string): Surroundings {
  const folder = dirname(path);
  return {
    name: basename(path),
    beganAt: BEGAN,
    async open(name) {
      const found = [name, `${name}.gz`].map((each) => join(folder, each)).find(existsSync);
      if (found === undefined) return null;
      const bytes = found.endsWith(".gz") ? gunzipSync(readFileSync(found)) : readFileSync(found);
      return (async function* () {
        yield bytes;
      })();
    },
  };
}

/** What `openward import` makes of a record; each is read once. */
function imported(path: string) {
  const known = results.get(path) ?? read(path);
  results.set(path, known);
  return known;
}

const results = new Map<string, ReturnType<typeof read>>();

async function read(
  path: string,
): Promise<{ readonly sums: Sums; readonly events: number; readonly left: readonly string[] }> {
  const format = recogniseFile(basename(path), readFileSync(path));
  assert.equal(format?.codec, "files/wfdb", path);
  const sums: Sums = new Map();
  const left: string[] = [];
  let events = 0;
  async function* source() {
    yield readFileSync(path);
  }
  for await (const piece of format.cut(source(), around(path))) {
    if (piece.left) left.push(piece.left);
    if (piece.bytes.length === 0) continue;
    const decoded = decodeRaw(piece.bytes, "files/wfdb", contextOf({}));
    assert.deepEqual(decoded.refused, [], path);
    for (const { signal, samples } of decoded.waveforms) add(sums, signal, samples, ABSENT_SAMPLE);
    for (const { signal, values } of decoded.readings) add(sums, signal, values, Number.NaN);
    for (const { what } of decoded.ignored) left.push(what);
    events += decoded.events.length;
  }
  return { sums, events, left };
}

/** By hand: which name is which signal. Of several that are one, the first. */
const SIGNALS: Readonly<Record<string, string>> = {
  MLII: "ecg-lead-ii",
  MLIII: "ecg-lead-iii",
  PLETH: "pleth",
  ABP: "art-waveform",
  ECG: "ecg-unspecified",
  V: "ecg-unspecified",
  MCL: "ecg-unspecified",
  VX: "ecg-unspecified",
  RESP: "-",
  PAP: "-",
  CVP: "-",
  ART: "art-waveform",
  ...Object.fromEntries(
    ["I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6"].map((lead) => [
      lead,
      `ecg-lead-${lead.toLowerCase()}`,
    ]),
  ),
};

interface Line {
  readonly file: string;
  readonly format: number;
  readonly each: number;
  readonly offset: number;
  readonly name: string;
}

/** The header's words, taken apart anew. */
function wordsOf(path: string) {
  const lines = readFileSync(path, "latin1")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const [record = "", ...rest] = lines;
  const [name = "", , , frames = "0"] = record.split(/\s+/);
  return { segments: name.includes("/") ? rest.map((line) => line.split(/\s+/)) : null, frames: Number(frames), rest };
}

function linesOf(rest: readonly string[]): Line[] {
  return rest.map((line) => {
    const [file = "", form = "", ...words] = line.split(/\s+/);
    const [, format, , each = "1", , offset = "0"] = /^(\d+)(x(\d+))?(\+(\d+))?$/.exec(form) ?? [];
    return {
      file,
      format: Number(format),
      each: Number(each),
      offset: Number(offset),
      name: words.slice(6).join(" ").toUpperCase(),
    };
  });
}

/** An independent count: samples straight from the bytes. */
function counted(path: string, sums: Sums = new Map()): Sums {
  const { segments, frames, rest } = wordsOf(path);
  if (segments) {
    for (const [name = "", length] of segments)
      if (name !== "~" && length !== "0") counted(join(dirname(path), `${name}.hea`), sums);
    return sums;
  }
  const lines = linesOf(rest);
  const taken = new Set<string>();
  for (const file of new Set(lines.map((line) => line.file))) {
    const own = lines.filter((line) => line.file === file);
    const place = [file, `${file}.gz`].map((each) => join(dirname(path), each)).find(existsSync);
    if (place === undefined) continue;
    const bytes = place.endsWith(".gz") ? gunzipSync(readFileSync(place)) : readFileSync(place);
    const { format, offset } = own[0] as Line;
    const at = (n: number) => {
      if (format === 16) return bytes.readInt16LE(offset + 2 * n);
      if (format === 80) return (bytes[offset + n] as number) - 128;
      const group = offset + 3 * (n >> 1);
      const low =
        (n & 1) === 0
          ? (bytes[group] as number) | (((bytes[group + 1] as number) & 15) << 8)
          : (bytes[group + 2] as number) | (((bytes[group + 1] as number) >> 4) << 8);
      return low > 2047 ? low - 4096 : low;
    };
    const absent = format === 16 ? -32_768 : format === 80 ? -128 : -2_048;
    const width = own.reduce((all, { each }) => all + each, 0);
    let column = 0;
    for (const { each, name } of own) {
      const key = SIGNALS[name] ?? "-";
      if (key !== "-" && !taken.has(key)) {
        taken.add(key);
        const samples = new Int32Array(frames * each);
        for (let frame = 0, n = 0; frame < frames; frame++)
          for (let k = 0; k < each; k++) samples[n++] = at(frame * width + column + k);
        add(sums, key, samples, absent);
      }
      column += each;
    }
  }
  return sums;
}

/** Folders with how many records each has that are no segments of others. */
const FOLDERS = [
  ["challenge2015", 50],
  ["challenge2017", 690],
  ["cinc2021-12lead", 30],
  ["cpsc2021-af", 9],
  ["mitdb", 25],
  ["nstdb", 2],
  ["wfdb-samples", 2],
  ["wfdb-samples/multi-segment/041s", 1],
  ["wfdb-samples/multi-segment/s25047", 1],
] as const;

for (const [folder, expected] of FOLDERS) {
  test(`every recording of ${folder} is imported with the samples that its bytes have`, { skip }, async () => {
    const headers = readdirSync(ECG + folder).filter((name) => name.endsWith(".hea"));
    const paths = headers.map((name) => join(ECG, folder, name));
    const parts = new Set(paths.flatMap((path) => (wordsOf(path).segments ?? []).map(([name]) => `${name}.hea`)));
    const records = paths.filter((path) => !parts.has(basename(path)) && !path.endsWith("44n.hea"));
    assert.equal(records.length, expected);
    let samples = 0;
    for (const path of records) {
      const { sums } = await imported(path);
      const waves = new Map([...sums].filter(([key]) => key !== "rr-interval"));
      const own = counted(path);
      // A signal of which all is absent is not told.
      for (const [key, { count }] of own) if (count === 0) own.delete(key);
      assert.deepEqual([...waves.keys()].sort(), [...own.keys()].sort(), path);
      for (const [key, { count, sum }] of own) {
        assert.deepEqual([waves.get(key)?.count, waves.get(key)?.sum], [count, sum], `${path} ${key}`);
        samples += count;
      }
    }
    assert.ok(samples > 0);
  });
}

test("the numerics of a recording are readings, each with the count and sum of its column", { skip }, async () => {
  const path = join(ECG, "wfdb-samples/multi-segment/s25047/s25047-2704-05-04-10-44n.hea");
  const bytes = readFileSync(join(dirname(path), "3234460n.dat"));
  const { sums } = await imported(path);
  const columns = [
    ["heart-rate", 10],
    ["pulse-rate-spo2", 10],
    ["respiratory-rate", 10],
    ["spo2", 10],
    ["nibp-systolic", 1],
    ["nibp-diastolic", 1],
    ["nibp-mean", 1],
  ] as const;
  for (const [column, [key, gain]] of columns.entries()) {
    const values: number[] = [];
    for (let row = 0; row < 72; row++) {
      const sample = bytes.readInt16LE(14 * row + 2 * column);
      if (sample !== -32_768) values.push(sample / gain);
    }
    const found = sums.get(key);
    assert.equal(found?.count ?? 0, values.length, key);
    assert.ok(Math.abs((found?.sum ?? 0) - values.reduce((a, b) => a + b, 0)) < 1e-6, key);
  }
});

const BEATS = new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 25, 30, 34, 35, 38, 41]);

/** Beats, the intervals between neighbours that no noise parts, and changes of rhythm, by a reading of the words of its own. */
function annotated(bytes: Buffer, rateHz: number) {
  let [sample, beats, intervals, sum, rhythms] = [0, 0, 0, 0, 0];
  let last: number | null = null;
  let code = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const word = bytes.readUInt16LE(at);
    if (word === 0) break;
    const [kind, low] = [word >> 10, word & 1023];
    if (kind === 59) {
      sample += (bytes.readInt16LE(at + 2) << 16) + bytes.readUInt16LE(at + 4);
      at += 4;
    } else if (kind === 63) {
      if (code === 28 && bytes.toString("latin1", at + 2, at + 3) === "(") rhythms++;
      at += low + (low % 2);
    } else if (kind < 60) {
      sample += low;
      code = kind;
      if (kind === 14 || kind === 16) last = null;
      if (!BEATS.has(kind)) continue;
      beats++;
      if (last !== null && sample > last) {
        intervals++;
        sum += ((sample - last) * 1000) / rateHz;
      }
      last = sample;
    }
  }
  return { beats, intervals, sum, rhythms };
}

test("every annotation file has the intervals between its beats, and its rhythms; its beats are as many as were published", {
  skip,
}, async () => {
  const published = JSON.parse(readFileSync(join(ECG, "mitdb/summary.json"), "utf8")) as Record<
    string,
    { beats: number }
  >;
  let files = 0;
  for (const [folder, ending, rateHz] of [
    ["mitdb", "atr", 360],
    ["nstdb", "atr", 360],
    ["cpsc2021-af", "atr", 200],
    ["rr-intervals", "ecg", 128],
  ] as const) {
    for (const name of readdirSync(ECG + folder).filter((each) => each.endsWith(".hea"))) {
      const base = name.slice(0, -4);
      const place =
        [`${base}.${ending}`, `${base}.${ending}.gz`].map((each) => join(ECG, folder, each)).find(existsSync) ?? "";
      const bytes = place.endsWith(".gz") ? gunzipSync(readFileSync(place)) : readFileSync(place);
      const own = annotated(bytes, rateHz);
      if (folder === "mitdb") assert.equal(own.beats, published[base]?.beats, base);
      // The samples were counted above.
      const { sums, events } = await imported(join(ECG, folder, name));
      const found = sums.get("rr-interval");
      assert.deepEqual([found?.count, events], [own.intervals, own.rhythms], place);
      assert.ok(Math.abs((found?.sum ?? 0) - own.sum) < 1e-3, `${place}: ${found?.sum} is ${own.sum}`);
      files++;
    }
  }
  assert.equal(files, 38);
});
