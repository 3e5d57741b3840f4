import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { parseHeader } from "@openward/codecs/files";
import { RefusedInput } from "@openward/errors";
import { ABSENT_SAMPLE } from "@openward/model";
import { folderWith, pack16, pack212 } from "../testing/recordings.ts";
import { openWfdbRecord } from "./record.ts";

async function readAll(path: string, blockFrames = 7): Promise<Map<string, number[]>> {
  const record = await openWfdbRecord(path);
  const out = new Map<string, number[]>();
  for await (const block of record.blocks({ blockFrames })) {
    for (const { signal, samples } of block.channels) {
      out.set(signal.description, [...(out.get(signal.description) ?? []), ...samples]);
    }
  }
  return out;
}

const refusal = (code: string, at: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RefusedInput, String(error));
  assert.equal(error.code, code);
  assert.match(error.facts.at ?? "", at);
  return true;
};

const sum16 = (samples: readonly number[]) => (samples.reduce((a, b) => a + b, 0) << 16) >> 16;

test("a header line gives gain, baseline, unit, samples per frame, skew and byte offset", () => {
  const header = parseHeader(
    "r 1 125/500(3) 10 8:26:04 26/10/1994\nr.dat 16x4:3+24 20(-1600)/mmHg 12 5 7 -9 0 A B\n# x\n",
    "r.hea",
  );
  assert.equal(header.frameRateHz, 125);
  assert.equal(header.frames, 10);
  assert.equal(header.baseTime, "8:26:04");
  assert.deepEqual(header.comments, ["x"]);
  const { samplesPerFrame, skew, byteOffset, gain, baseline, unit, adcZero, initialValue, checksum, description } =
    header.signals[0]!;
  assert.deepEqual(
    [samplesPerFrame, skew, byteOffset, gain, baseline, unit, adcZero, initialValue, checksum, description],
    [4, 3, 24, 20, -1600, "mmHg", 5, 7, -9, "A B"],
  );
});

test("the baseline is the ADC zero, and the gain 200 per mV, where the header gives none", () => {
  const signal = parseHeader("r 1\nr.dat 212 0 11 1024\n", "r.hea").signals[0]!;
  assert.deepEqual([signal.gain, signal.isCalibrated, signal.baseline, signal.unit], [200, false, 1024, "mV"]);
});

for (const [name, text, at] of [
  ["an empty header", "\n# only a comment\n", /^r\.hea:1$/],
  ["too few signal lines", "r 2 360 10\nr.dat 212\n", /^r\.hea:2$/],
  ["too many signal lines", "r 1 360 10\nr.dat 212\nr.dat 212\n", /^r\.hea:3$/],
  ["a rate of zero", "r 1 0 10\nr.dat 212\n", /^r\.hea:1$/],
  ["a number of samples that is none", "r 1 360 ten\nr.dat 212\n", /^r\.hea:1$/],
  ["a file name with a path", "r 1 360 10\n../../etc/passwd 212\n", /^r\.hea:2$/],
  ["a segment name with a path", "r/1 1 360 10\n/etc/passwd 10\n", /^r\.hea:2$/],
  ["segments that do not add up", "r/2 1 360 30\na 10\nb 10\n", /^r\.hea:1$/],
  ["a checksum that is text", "r 1 360 10\nr.dat 212 200 11 1024 995 sum\n", /^r\.hea:2$/],
] as const) {
  test(`${name} is refused with its line`, () => {
    assert.throws(() => parseHeader(text, "r.hea"), refusal("FILE_FORMAT", at));
  });
}

test("format 212 with an odd number of samples comes out as it went in, whatever the block", async (t) => {
  const values = [-2047, 2047, 0, -1, 5, -700, 1024, 3, 9];
  const folder = folderWith(t, {
    "r.hea": `r 3 360 3\n${["a", "b", "c"].map((d, i) => `r.dat 212 200 11 0 ${values[i]} ${sum16([values[i]!, values[i + 3]!, values[i + 6]!])} 0 ${d}`).join("\n")}\n`,
    "r.dat": pack212(values),
  });
  for (const blockFrames of [1, 2, 3, 100]) {
    const read = await readAll(`${folder}/r.hea`, blockFrames);
    assert.deepEqual(Object.fromEntries(read), { a: [-2047, -1, 1024], b: [2047, 5, 3], c: [0, -700, 9] });
  }
});

test("the value that stands for no sample is absent in each format, and counts in the checksum", async (t) => {
  const folder = folderWith(t, {
    "a.hea": `a 1 250 3\na.dat 212 200 12 0 1 ${sum16([1, -2048, 2])} 0 x\n`,
    "a.dat": pack212([1, -2048, 2]),
    "b.hea": `b 1 250 3\nb.dat 16 200 16 0 1 ${sum16([1, -32768, 2])} 0 x\n`,
    "b.dat": pack16([1, -32768, 2]),
    "c.hea": `c 1 250 3\nc.dat 80 200 8 0 1 ${sum16([1, -128, 2])} 0 x\n`,
    "c.dat": Uint8Array.from([129, 0, 130]),
  });
  for (const name of ["a", "b", "c"]) {
    assert.deepEqual((await readAll(`${folder}/${name}`)).get("x"), [1, ABSENT_SAMPLE, 2], name);
  }
});

test("a byte offset is skipped, and several samples per frame stay in order", async (t) => {
  const folder = folderWith(t, {
    "r.hea": "r 2 125 3\nr.dat 16x2+5 200 16 0 1 21 0 fast\nr.dat 16+5 200 16 0 10 60 0 slow\n",
    "r.dat": Buffer.concat([Buffer.alloc(5, 0xff), pack16([1, 2, 10, 3, 4, 20, 5, 6, 30])]),
  });
  assert.deepEqual(Object.fromEntries(await readAll(`${folder}/r`, 2)), {
    fast: [1, 2, 3, 4, 5, 6],
    slow: [10, 20, 30],
  });
});

test("a skewed signal is moved forward and is absent at its end", async (t) => {
  const frames = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const folder = folderWith(t, {
    "r.hea": `r 2 100 10\nr.dat 16:3 200 16 0 0 45 0 late\nr.dat 16 200 16 0 100 ${sum16(frames.map((f) => 100 + f))} 0 even\n`,
    "r.dat": pack16(frames.flatMap((f) => [f, 100 + f])),
  });
  for (const blockFrames of [1, 2, 4, 10, 50]) {
    const read = await readAll(`${folder}/r`, blockFrames);
    assert.deepEqual(
      read.get("even"),
      frames.map((f) => 100 + f),
      `even, blocks of ${blockFrames}`,
    );
    const late = [3, 4, 5, 6, 7, 8, 9, ABSENT_SAMPLE, ABSENT_SAMPLE, ABSENT_SAMPLE];
    assert.deepEqual(read.get("late"), late, `late, blocks of ${blockFrames}`);
  }
});

test("a record whose header gives no length is read to the end of its file", async (t) => {
  const folder = folderWith(t, { "r.hea": "r 1 100\nr.dat 16 200 16 0 1 15 0 x\n", "r.dat": pack16([1, 2, 3, 4, 5]) });
  assert.deepEqual((await readAll(`${folder}/r`, 2)).get("x"), [1, 2, 3, 4, 5]);
});

test("gzip stands in the place of the plain file", async (t) => {
  const folder = folderWith(t, {
    "r.hea": "r 1 100 3\nr.dat 16 200 16 0 1 6 0 x\n",
    "r.dat.gz": gzipSync(pack16([1, 2, 3])),
  });
  assert.deepEqual((await readAll(`${folder}/r`)).get("x"), [1, 2, 3]);
});

test("a truncated file is refused with what was expected and what was found", async (t) => {
  const folder = folderWith(t, { "r.hea": "r 2 360 10\nr.dat 212\nr.dat 212\n", "r.dat": pack212([1, 2, 3, 4]) });
  await assert.rejects(readAll(`${folder}/r`), (error) => {
    assert.ok(error instanceof RefusedInput);
    assert.equal(error.code, "FILE_TRUNCATED");
    assert.deepEqual([error.facts.file, error.facts.expected, error.facts.received], ["r.dat", "30 bytes", "6 bytes"]);
    return true;
  });
});

test("a truncated gzip is refused as truncated, a damaged one as corrupt", async (t) => {
  const whole = gzipSync(pack16(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 3001)));
  const damaged = Buffer.from(whole);
  damaged[damaged.length - 6] = damaged[damaged.length - 6]! ^ 0xff;
  const hea = "1 100 5000\nr.dat 16\n";
  const cut = folderWith(t, { "r.hea": `r ${hea}`, "r.dat.gz": whole.subarray(0, whole.length - 100) });
  await assert.rejects(readAll(`${cut}/r`), refusal("FILE_TRUNCATED", /^r\.dat\.gz$/));
  const bad = folderWith(t, { "r.hea": `r ${hea}`, "r.dat.gz": damaged });
  await assert.rejects(
    openWfdbRecord(`${bad}/r`).then((r) => r.verify()),
    refusal("FILE_CORRUPT", /^r\.dat\.gz$/),
  );
});

test("a wrong checksum and a wrong first value are refused, naming file, signal and header line", async (t) => {
  const folder = folderWith(t, {
    "r.hea": "r 1 100 3\nr.dat 16 200 16 0 1 7 0 x\n",
    "s.hea": "s 1 100 3\nr.dat 16 200 16 0 2 6 0 x\n",
    "r.dat": pack16([1, 2, 3]),
  });
  await assert.rejects(readAll(`${folder}/r`), refusal("FILE_CORRUPT", /^r\.dat, signal x \(r\.hea:2\)$/));
  await assert.rejects(readAll(`${folder}/s`), refusal("FILE_CORRUPT", /^r\.dat, signal x \(s\.hea:2\)$/));
});

test("a format that is not read here is refused by name before any file is opened", async (t) => {
  const folder = folderWith(t, { "r.hea": "r 1 100 3\nr.dat 508 200 16 0 1 7 0 x\n" });
  await assert.rejects(readAll(`${folder}/r`), (error) => {
    assert.ok(error instanceof RefusedInput);
    assert.equal(error.code, "FILE_FORMAT");
    assert.deepEqual([error.facts.at, error.facts.received], ["r.hea:2", "format 508"]);
    return true;
  });
});

test("a missing header, data file or segment is refused with its name", async (t) => {
  const folder = folderWith(t, {
    "r.hea": "r 1 100 3\ngone.dat 16\n",
    "m.hea": "m/2 1 100 6\nr 3\nnone 3\n",
    "gone.dat.gz": gzipSync(pack16([1, 2, 3])),
    "q.hea": "q 1 100 3\nreally.dat 16\n",
  });
  await assert.rejects(readAll(`${folder}/nothing`), refusal("FILE_UNREADABLE", /^nothing\.hea$/));
  await assert.rejects(readAll(`${folder}/q`), refusal("FILE_UNREADABLE", /^really\.dat$/));
  await assert.rejects(readAll(`${folder}/m`), refusal("FILE_UNREADABLE", /^none\.hea$/));
});

test("a segment whose length or rate is not the master's is refused with the master's line", async (t) => {
  const folder = folderWith(t, {
    "m.hea": "m/1 1 100 4\nr 4\n",
    "n.hea": "n/1 1 200 3\nr 3\n",
    "r.hea": "r 1 100 3\nr.dat 16\n",
    "r.dat": pack16([1, 2, 3]),
  });
  await assert.rejects(readAll(`${folder}/m`), refusal("FILE_FORMAT", /^m\.hea:2$/));
  await assert.rejects(readAll(`${folder}/n`), refusal("FILE_FORMAT", /^n\.hea:2$/));
});

test("a gap between segments is left out, and blocks keep to multiples of their length", async (t) => {
  const folder = folderWith(t, {
    "m.hea": "m/3 1 100 11\na 3\n~ 4\nb 4\n",
    "a.hea": "a 1 100 3\na.dat 16 200/mV 16 0 1 6 0 x\n",
    "a.dat": pack16([1, 2, 3]),
    "b.hea": "b 1 100 4\nb.dat 16 100/mV 16 0 7 34 0 x\n",
    "b.dat": pack16([7, 8, 9, 10]),
  });
  const record = await openWfdbRecord(`${folder}/m`);
  const seen: [number, number, number, number[]][] = [];
  for await (const { startFrame, frames, channels } of record.blocks({ blockFrames: 5 })) {
    seen.push([startFrame, frames, channels[0]!.signal.gain, [...channels[0]!.samples]]);
  }
  assert.deepEqual(seen, [
    [0, 3, 200, [1, 2, 3]],
    [7, 3, 100, [7, 8, 9]],
    [10, 1, 100, [10]],
  ]);
});

test("signals that are not chosen need no file", async (t) => {
  const folder = folderWith(t, {
    "r.hea": "r 2 100 3\nr.dat 16 200 16 0 1 6 0 x\nr.xyz 16 200 16 0 1 6 0 y\n",
    "r.dat": pack16([1, 2, 3]),
  });
  const record = await openWfdbRecord(`${folder}/r`);
  await assert.rejects(record.verify(), refusal("FILE_UNREADABLE", /^r\.xyz$/));
  assert.equal((await record.verify((s) => s.description === "x")).sums.length, 1);
});
