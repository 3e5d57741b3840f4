import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { seededRandom } from "../runtime/manual.ts";
import eventVectors from "./event.vectors.json" with { type: "json" };
import { bodyFormat, decodeEvent, decodeReadings, decodeStatus, decodeWaveform } from "./index.ts";
import { jsonFault } from "./json-fault.ts";
import readingsVectors from "./readings.vectors.json" with { type: "json" };
import waveformVectors from "./waveform.vectors.json" with { type: "json" };

const decoders = [decodeReadings, decodeWaveform, decodeEvent, decodeStatus];
const utf8 = new TextEncoder();

const seeds: Uint8Array[] = [...readingsVectors, ...waveformVectors, ...eventVectors].map((vector) =>
  "text" in vector && vector.text !== undefined
    ? utf8.encode(vector.text)
    : Uint8Array.from(Buffer.from(("bytes" in vector ? (vector.bytes ?? "") : "").replaceAll(" ", ""), "hex")),
);

/** Nothing but RefusedInput, and whatever comes back is whole: equal lengths, finite values, integer times. */
function attempt(body: Uint8Array, format: string, label: string): void {
  for (const decode of decoders) {
    try {
      const decoded = decode(body, format);
      if (!("columns" in decoded)) continue;
      for (const { times, values, items } of decoded.columns) {
        assert.equal(times.length, values.length, label);
        assert.equal(times.length, items.length, label);
        assert.ok(values.every(Number.isFinite), label);
        assert.ok(
          times.every((time) => Number.isNaN(time) || Number.isInteger(time)),
          label,
        );
      }
    } catch (thrown) {
      if (!(thrown instanceof RefusedInput)) throw new Error(label, { cause: thrown });
    }
  }
}

test("mutated bodies are decoded or refused, and never anything else", () => {
  const seed = 1122;
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random.float() * n);
  for (let i = 0; i < 30_000; i++) {
    const body = Uint8Array.from(seeds[below(seeds.length)] ?? []);
    for (let change = below(4); change >= 0; change--) body[below(body.length)] = below(256);
    const cut = below(5) === 0 ? body.subarray(0, below(body.length)) : body;
    attempt(cut, below(8) === 0 ? "cbor" : (bodyFormat(undefined, cut) ?? "json"), `seed ${seed}, case ${i}`);
  }
});

test("random CBOR is decoded or refused", () => {
  const seed = 8746;
  const random = seededRandom(seed);
  for (let i = 0; i < 30_000; i++)
    attempt(random.bytes(1 + Math.floor(random.float() * 40)), "cbor", `seed ${seed}, case ${i}`);
});

test("100,000 levels of JSON are refused and do not exhaust the stack", () => {
  for (const text of [
    "[".repeat(100_000),
    `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
    '{"values":'.repeat(100_000),
  ]) {
    attempt(utf8.encode(text), "json", text.slice(0, 20));
  }
  attempt(utf8.encode(`{"event":"fall","d":${"[".repeat(90_000)}${"]".repeat(90_000)}}`), "json", "deep detail");
});

test("too many items, values, samples are refused, and the others kept where they can be", () => {
  const items = `[${'{"values":{"spo2":1}},'.repeat(100_000)}{"values":{"spo2":1}}]`;
  assert.throws(() => decodeReadings(utf8.encode(items), "json"), { code: "BODY_TOO_LARGE" });
  const values = Object.fromEntries(Array.from({ length: 1003 }, (_, i) => [`s${i}`, i]));
  const wide = decodeReadings(utf8.encode(JSON.stringify({ values })), "json");
  assert.equal(wide.columns.length, 1000);
  assert.deepEqual(
    wide.refused.map(({ code, readings }) => ({ code, readings })),
    [{ code: "BODY_TOO_LARGE", readings: 3 }],
  );
  const long = { signal: "pleth", rate: 100, samples: new Array(100_001).fill(0) };
  const waves = decodeWaveform(utf8.encode(JSON.stringify([long, { ...long, samples: [1] }])), "json");
  assert.equal(waves.waveforms.length, 1);
  assert.equal(waves.refused[0]?.code, "BODY_TOO_LARGE");
  assert.throws(() => decodeReadings(utf8.encode(`[${"[],".repeat(1_100_000)}[]]`), "json"), {
    code: "BODY_TOO_LARGE",
  });
});

test("a body of nothing but faults has a bounded answer that still counts every one", () => {
  const bad = decodeReadings(utf8.encode(`[${'{"values":{"spo2":null}},'.repeat(50_000)}1]`), "json");
  assert.ok(bad.refused.length <= 1010);
  assert.equal(
    bad.refused.reduce((sum, { readings }) => sum + readings, 0),
    50_001,
  );
});

test("the place of a fault in JSON is found wherever JSON.parse refuses", () => {
  const seed = 8259;
  const random = seededRandom(seed);
  const alphabet = [
    '{"a":',
    "[",
    "]",
    "}",
    ",",
    "1",
    "-",
    "0.5",
    "e3",
    '"',
    "\\",
    "x",
    " ",
    "true",
    "nul",
    ":",
    "\u0001",
  ];
  let faults = 0;
  for (let i = 0; i < 50_000; i++) {
    let text = "";
    for (let n = 1 + random.float() * 6; n > 0; n--) text += alphabet[Math.floor(random.float() * alphabet.length)];
    let isJson = true;
    try {
      JSON.parse(text);
    } catch {
      isJson = false;
    }
    const fault = jsonFault(text);
    if (isJson) {
      assert.equal(fault, text.length, `${JSON.stringify(text)}, seed ${seed}`);
    } else {
      faults++;
      assert.ok(fault <= text.length, `${JSON.stringify(text)}, seed ${seed}`);
    }
  }
  assert.ok(faults > 10_000, `${faults} faults`);
  assert.equal(jsonFault('{"a": 1, "b": nul}'), 14);
  assert.equal(jsonFault('{"a" 1}'), 5);
  assert.equal(jsonFault("[1,]"), 3);
  assert.equal(jsonFault("[1] 2"), 4);
  assert.equal(jsonFault("[1"), 2);
});

const suite = new URL("../../../shared/data/suites/senml/", import.meta.url);
test("the examples of RFC 8428 resolve as the RFC resolves them", (t) => {
  if (!existsSync(suite)) return t.skip("../shared/data is not there");
  let compared = 0;
  for (const name of readdirSync(suite).filter((name) => /^ex\d\.gen\.json$/.test(name))) {
    const given = decodeReadings(readFileSync(new URL(name, suite)), "json");
    const resolved = decodeReadings(readFileSync(new URL(name.replace(".json", ".resolved.json"), suite)), "json");
    const flat = ({ columns }: typeof given) =>
      columns
        .flatMap(({ signal, unit, times, values, items }) =>
          Array.from(values, (value, i) => `${items[i]} ${signal} ${unit} ${times[i]} ${value}`),
        )
        .sort();
    // A record without a value holds base fields only, and the resolved form has none of those.
    if (flat(given).some((line) => line.includes("NaN"))) continue;
    assert.deepEqual(flat(given).map(withoutItem).sort(), flat(resolved).map(withoutItem).sort(), name);
    compared += flat(given).length;
  }
  assert.ok(compared > 20, `${compared} records compared`);
  return undefined;
});

const withoutItem = (line: string) => line.slice(line.indexOf(" ") + 1);
