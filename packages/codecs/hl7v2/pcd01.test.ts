import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { findSignalByMdc } from "@openward/signals";
import { decodeRaw } from "../raw.ts";
import { contextOf } from "../testing/vectors.ts";
import { parseMessage } from "./message.ts";
import { textOf } from "./text.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => decodeRaw(bytes, "hl7v2/pcd01", contextOf({}));
const HEADER = "MSH|^~\\&|GW||||20260314101530+0100||ORU^R01|1|P|2.6\r";
const ORDER = "OBR|1||F1|X|||20260314101500+0100\r";
const HEART = "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|78|/min^^UCUM|||||R\r";

const data = new URL("../../../../shared/data/hl7v2/", import.meta.url);

/** Every report of observations in the data set: rows with a number, values that were taken, and their sum. */
const EXPECTED: Readonly<Record<string, readonly [rows: number, taken: number, sum: number]>> = {
  "ihe-pcd/pcd01-blood-pressure-phd.hl7": [3, 3, 300],
  "ihe-pcd/pcd01-physiological-monitor.hl7": [9, 8, 117 + 82 + 90 + 80 + 360 + 416 + 30 + 99],
  "ipf-pcd01-wan/valid-bp-continua-wan.hl7v2": [3, 3, 300],
  "ipf-pcd01-wan/valid-fitness-and-activity-continua-wan.hl7v2": [4, 1, 500],
  "ipf-pcd01-wan/valid-oximeter-continua-wan.hl7v2": [1, 1, 80.5],
  "ipf-pcd01-wan/valid-pcd01-MaximumRequest2.hl7": [7, 2, 240],
  "ipf-pcd01-wan/valid-pcd01-request.hl7v2": [3, 3, 300],
  "ipf-pcd01-wan/valid-scale-continua-wan.hl7v2": [6, 6, 2 * (80 + 180 + 24.7)],
};

/** By splitting, and nothing else. */
function countedIn(text: string) {
  const lines = text.split(/[\r\n]+/).map((line) => line.split("|"));
  const rows = lines.filter(([name]) => name === "OBX");
  return rows.flatMap((fields, row) => {
    const code = Number(fields[3]?.split("^")[0]);
    return fields[2] === "NM" ? [{ row, value: Number(fields[5]), isKnown: findSignalByMdc(code) !== undefined }] : [];
  });
}

test("every report of the data set is taken, number by number, and everything else is refused by name", (t) => {
  if (!existsSync(data)) return t.skip("../shared/data is not there");
  const refused = new Map<string, number>();
  for (const folder of ["ihe-pcd", "ihe-pcim", "ipf-pcd01-wan", "adt-oru-general"]) {
    for (const name of readdirSync(new URL(`${folder}/`, data)).filter((each) => each.includes(".hl7"))) {
      const file = `${folder}/${name}`;
      const bytes = readFileSync(new URL(file, data));
      const expected = EXPECTED[file];
      if (!expected) {
        assert.throws(
          () => decode(bytes),
          ({ code, facts }) => {
            refused.set(facts.at, (refused.get(facts.at) ?? 0) + 1);
            return code === "MALFORMED_BYTES" && Number.isInteger(facts.offset);
          },
          file,
        );
        continue;
      }
      const counted = countedIn(bytes.toString("latin1"));
      const { readings, refused: problems, ignored } = decode(bytes);
      const rows = new Set(readings.map(({ items }) => items[0]));
      const sum = readings.reduce((total, { values }) => total + (values[0] as number), 0);
      const naive = counted.filter(({ row }) => rows.has(row)).reduce((total, { value }) => total + value, 0);
      assert.deepEqual([counted.length, readings.length, Math.round(sum * 10) / 10], [...expected], file);
      assert.equal(sum, naive, file);
      // A row that was not taken is somewhere else.
      const named = new Set([...problems, ...ignored].map(({ index }) => index));
      for (const { row, isKnown } of counted) {
        assert.ok(rows.has(row) !== named.has(row) || row === 0, `${file}, row ${row}`);
        if (!isKnown) assert.ok(!rows.has(row), `${file}, row ${row}`);
      }
    }
  }
  assert.deepEqual(Object.fromEntries(refused), {
    "MSH-9": 23,
    "MSH-21": 2,
    "MSH-11": 2,
    "MSH-2": 2,
    "OBX-3": 1,
    MSH: 4,
  });
  return undefined;
});

test("a minute of recorded waves is taken sample by sample where its code is that of a wave", (t) => {
  if (!existsSync(data)) return t.skip("../shared/data is not there");
  const rows = gunzipSync(readFileSync(new URL("waveform/mimic-samples-1min.csv.gz", data)))
    .toString()
    .split(/[\r\n]+/)
    .slice(1)
    .map((row) => row.split(","))
    .filter((row) => row.length > 3);
  const ecg = rows.map((row) => row[1] ?? "");
  assert.ok(ecg.length > 7_000);
  const text = readFileSync(new URL("waveform/HL7-waveform-template.hl7", data), "latin1")
    .replaceAll("<START_TIME>", "20150110172040.960+0000")
    .replaceAll("<SAMPLES_ECG1>", ecg.join("^"))
    .replaceAll("<SAMPLES_SAT>", rows.map((row) => row[2]).join("^"))
    .replaceAll("<SAMPLES_ABP>", rows.map((row) => row[3]).join("^"))
    .replaceAll(/<RATE_\w+>/g, "125");
  const { waveforms, refused, readings } = decode(bytesOf(text));
  assert.deepEqual(readings, []);
  const [wave = assert.fail(), ...others] = waveforms;
  assert.deepEqual(others, []);
  assert.deepEqual([wave.signal, wave.rateHz, wave.unit, wave.scale], ["ecg-lead-i", 125, "mV", 0.001]);
  assert.equal(wave.start, Date.parse("2015-01-10T17:20:40.960Z"));
  const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
  assert.equal(wave.samples.length, ecg.length);
  assert.equal(sum(wave.samples), sum(ecg.map((value) => Math.round(Number(value) * 1000))));
  // The template gives both the code of SpO2, which is no wave, and one of them a unit under two names.
  assert.deepEqual(
    refused.map(({ index, code, field }) => [index, code, field]),
    [
      [5, "SIGNAL_KIND", "OBX[6]-3"],
      [9, "UNIT_MISMATCH", "OBX[10]-6"],
    ],
  );
  return undefined;
});

test("escapes are undone in the character set that the message names", () => {
  const read = (charset: string, raw: Uint8Array) => {
    const text = `MSH|^~\\&|GW||||20260314||ORU^R01|1|P|2.6||||||${charset}\rNTE|1||`;
    const message = parseMessage(Uint8Array.of(...bytesOf(text), ...raw, 13), "test");
    return textOf(message.segments[1]?.field(3) ?? "", message);
  };
  assert.equal(read("", bytesOf("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\.br\\g\\H\\h\\N\\")), "a|b^c&d~e\\f\ngh");
  assert.equal(read("UNICODE UTF-8", bytesOf("Zoë \\XC3BC\\ \\Zq\\ \\XC3")), "Zoë ü \\Zq\\ \\XC3");
  assert.equal(read("8859/1", Uint8Array.of(0x5a, 0x6f, 0xeb)), "Zoë");
  assert.equal(read("ASCII", Uint8Array.of(0x5a, 0x6f, 0xeb)), "Zo\ufffd");
  assert.equal(read("UNICODE UTF-8", Uint8Array.of(0xc3)), "\ufffd");
});

test("the patient's number is evidence, of kinds that tell who somebody is", () => {
  const subjectOf = (pid3: string) => decode(bytesOf(`${HEADER}PID|||${pid3}\r${ORDER}${HEART}`)).readings[0]?.subject;
  assert.deepEqual(subjectOf("T-1^^^A^MR~77^^^B^SS~T\\T\\2^^^C^PI "), { identifiers: ["T-1", "T&2"] });
  for (const none of ["", '""', "77^^^B^SS"]) assert.equal(subjectOf(none), undefined, none);
});

test("more than one value can want is refused in bounded memory", () => {
  const code = (body: string) => {
    try {
      decode(bytesOf(body));
      return "taken";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  assert.equal(code(HEADER + ORDER + HEART), "taken");
  assert.equal(code(HEADER + ORDER + HEART.repeat(20_000)), "BODY_TOO_LARGE");
  assert.equal(code(`${HEADER}${"Z01|\r".repeat(10_000)}`), "BODY_TOO_LARGE");
  assert.equal(code(`${HEADER}Z01|${"|".repeat(300)}\r`), "MALFORMED_BYTES");
  assert.equal(code(`${HEADER}NTE|1||${"x".repeat(70_000)}\r`), "MALFORMED_BYTES");
  const many = decode(bytesOf(HEADER + ORDER + HEART + "OBX|1|NM|1^MDC_X^MDC||5\r".repeat(5_000)));
  assert.equal(many.ignored.length, 101);
  assert.match(many.ignored.at(-1)?.what ?? "", /^4900 more/);
});

test("what a sender writes into names and units is no word of ours, and becomes no signal and no unit", () => {
  for (const evil of ['<img src=x onerror="alert(1)">', '=HYPERLINK("http://x")', "@SUM(1)", "MDC_<b>"]) {
    const rows = [
      `OBX|1|NM|4711\\S\\x^${evil}^L|1.1.1.1|5|%^^UCUM|||||R`,
      `OBX|2|NM|999999^${evil}^MDC|1.1.1.2|5|%^^UCUM|||||R`,
      `OBX|3|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.3|78|${evil.slice(0, 20)}|||||R`,
      `OBX|4|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.4|${evil}|%^^UCUM|||||R`,
      `${evil.includes("@") ? "NTE" : "ZZZ"}|${evil}`,
    ];
    const { readings, ignored, refused } = decode(bytesOf(`${HEADER}${ORDER}${rows.join("\r")}`));
    const told = JSON.stringify([ignored, refused.map(({ code, field, expected }) => [code, field, expected])]);
    for (const part of ["<", "HYPERLINK", "SUM", "onerror"]) assert.ok(!told.includes(part), told);
    assert.deepEqual(
      refused.map(({ code }) => code),
      ["VALUE_NOT_A_NUMBER"],
    );
    // Ingest takes only what UCUM knows: `server/ingest/raw.test.ts`.
    for (const { signal } of readings) assert.equal(signal, "heart-rate");
  }
});
