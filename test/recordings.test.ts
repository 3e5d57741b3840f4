import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeNumericBlock, decodeWaveformBlock, encodeNumericBlock, encodeWaveformBlock } from "@openward/timeseries";
import { bidmcNumerics } from "../bench/blocks/numerics.ts";
import { ECG_FOLDERS, recordingsOf, sharedEcg } from "../bench/blocks/recordings.ts";
import { ORIGIN, runOf, zstd } from "../bench/blocks/waveforms.ts";

const root = sharedEcg();
const skip = root === null && "the recordings of ../shared/data are not here";
// Whole records go through `npm run bench -- blocks`, which checks them as well.
const FRAMES_MAX = 2048;

for (const folder of ECG_FOLDERS) {
  test(`every record of ${folder} comes back from its blocks sample for sample`, { skip }, async () => {
    let records = 0;
    for await (const { name, rateHz, channels } of recordingsOf(`${root}${folder}`, FRAMES_MAX)) {
      records++;
      for (const [i, channel] of channels.entries()) {
        const run = runOf(channel.subarray(0, FRAMES_MAX), rateHz);
        const { runs } = decodeWaveformBlock(encodeWaveformBlock([run], ORIGIN, zstd), zstd);
        const [back] = runs;
        assert.equal(runs.length, 1);
        assert.ok(
          back?.samples.length === run.samples.length && back.samples.every((sample, s) => sample === channel[s]),
          `${name}, signal ${i}`,
        );
      }
    }
    assert.ok(records > 0);
  });
}

test("the numerics of BIDMC come back from their blocks bit for bit", { skip }, () => {
  const all = bidmcNumerics(`${root}bidmc`);
  assert.ok(all.length > 0);
  for (const { name, columns } of all) {
    const { columns: back } = decodeNumericBlock(encodeNumericBlock(columns, ORIGIN, zstd), zstd);
    for (const key of ["times", "values", "quality", "ordinals", "receivedAt", "utcOffsets"] as const)
      assert.ok(
        back[key].length === columns[key].length && back[key].every((each, i) => Object.is(each, columns[key][i])),
        `${name}, ${key}`,
      );
  }
});
