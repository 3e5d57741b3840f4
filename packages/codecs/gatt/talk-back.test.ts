import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../runtime/manual.ts";
import { ByteReader } from "../reader.ts";
import { encodeCurrentTime, parseCurrentTime } from "./2a2b-current-time.ts";
import { encodeReportRecords, parseRecordAccess } from "./2a52-record-access.ts";
import { shownBy } from "./date-time.ts";

test("a clock that was set shows what it was set to, in its own zone", () => {
  const seed = 118;
  const random = seededRandom(seed);
  for (let i = 0; i < 1000; i++) {
    const now = Math.floor(Date.UTC(2020, 0, 1) + random.float() * 3e12);
    const offset = Math.floor(random.float() * 108 - 48) * 15;
    const { time, dayOfWeek, fractions } = parseCurrentTime(
      new ByteReader(encodeCurrentTime(now, offset), "gatt/2a2b"),
    );
    const shown = shownBy(time) + (fractions * 1000) / 256;
    const label = `seed ${seed}: ${now} ${offset}`;
    assert.ok(Math.abs(shown - (now + offset * 60_000)) < 4, label);
    assert.equal(dayOfWeek, new Date(shownBy(time)).getUTCDay() || 7, label);
  }
});

test("stored records are asked for in the words of the specification", () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  assert.equal(hex(encodeReportRecords({ kind: "all" })), "0101");
  assert.equal(hex(encodeReportRecords({ kind: "first" })), "0105");
  assert.equal(hex(encodeReportRecords({ kind: "last" })), "0106");
  assert.equal(hex(encodeReportRecords({ kind: "from", from: 5 })), "0103010500");
  assert.equal(hex(encodeReportRecords({ kind: "between", from: 5, to: 10 })), "010401" + "05000a00");
  const { opCode, operator } = parseRecordAccess(new ByteReader(encodeReportRecords({ kind: "last" }), "gatt/2a52"));
  assert.deepEqual([opCode, operator], [1, 6]);
});
