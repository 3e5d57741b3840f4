import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { sharedEcg } from "../testing/recordings.ts";
import { openWfdbRecord } from "./record.ts";

const shared = sharedEcg();
const int16 = (value: number) => (value << 16) >> 16;
/** The others are read through where they are brought in: packages/codecs/files/wfdb/shared-recordings.test.ts. */
const FOLDERS = ["wfdb-samples", "wfdb-samples/multi-segment/041s", "wfdb-samples/multi-segment/s25047"];

for (const folder of FOLDERS) {
  test(`every record of ${folder} has the first values, checksums and lengths of its headers`, {
    skip: shared === null && "the recordings of ../shared/data are not here",
  }, async () => {
    const names = readdirSync(shared + folder).filter((name) => name.endsWith(".hea"));
    assert.ok(names.length > 0);
    for (const name of names) {
      const record = await openWfdbRecord(`${shared}${folder}/${name}`);
      const isHere = (file: string) => [file, `${file}.gz`].some((f) => existsSync(`${shared}${folder}/${f}`));
      // s0010_re names a second file that the collection leaves out.
      const { sums, surplusBytes, frames } = await record.verify((s) => isHere(s.fileName));
      assert.equal(surplusBytes, 0, name);
      if (!name.includes("layout")) assert.ok(sums.length > 0, name);
      if (record.header.frames !== null) assert.equal(frames, record.header.frames, name);
      for (const { signal, checksum, firstValue, samples } of sums) {
        assert.equal(checksum, int16(signal.checksum!), `${name} ${signal.description}`);
        assert.equal(firstValue, signal.initialValue, `${name} ${signal.description}`);
        if (record.header.segments.length === 0) {
          assert.equal(samples, record.header.frames! * signal.samplesPerFrame, `${name} ${signal.description}`);
        }
      }
    }
  });
}

test("the record of variable layout keeps its gap, its changing gains and its late third signal", {
  skip: shared === null && "the recordings of ../shared/data are not here",
}, async () => {
  const record = await openWfdbRecord(`${shared}wfdb-samples/multi-segment/s25047/s25047-2704-05-04-10-44.hea`);
  assert.deepEqual(
    record.signals.map((s) => s.description),
    ["II", "V", "ABP"],
  );
  const gains = new Set<number>();
  let first = -1;
  let pressureFrom = -1;
  let frames = 0;
  for await (const block of record.blocks({ blockFrames: 1250 })) {
    if (first < 0) first = block.startFrame;
    if (pressureFrom < 0 && block.channels.length === 3) pressureFrom = block.startFrame;
    gains.add(block.channels[0]!.signal.gain);
    frames += block.frames;
    assert.equal(new Set([...block.channels].map((c) => c.samples.length)).size, 1);
  }
  assert.equal(first, 25_740);
  assert.equal(frames, 543_240 - 25_740);
  assert.equal(pressureFrom, 543_240 - 93_975 - 3_525);
  assert.ok(gains.has(86) && gains.has(11) && gains.has(81));
});
