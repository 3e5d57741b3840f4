import assert from "node:assert/strict";
import { test } from "node:test";
import { partsByDevice } from "./devices.ts";
import { parseMessage } from "./message.ts";

const row = (within: string, device = "") => `OBX|1|NM|1^MDC_X^MDC|${within}|5||||||R|||||||${device}`;

function partsOf(sender: string, ...rows: string[]) {
  const text = ["MSH|^~\\&", sender, "", "", "", "20261122", "", "ORU^R01", "1", "P", "2.6"].join("|");
  const bytes = new TextEncoder().encode([text, "OBR|1", ...rows, ""].join("\r"));
  return partsByDevice(parseMessage(bytes, "test"), bytes, (named) => named.join(" "));
}

test("a row is of the nearest that is named around it, else of the sender", () => {
  const parts = partsOf(
    "GW^0200^EUI-64",
    row("1.0.0.0", "m^M^0A^EUI-64"),
    row("1.2.0.0", "vmd~other^^0B"),
    row("1.1.1.7"),
    row("1.2.3.4"),
    row("1.2.3.5.1", "own"),
    row("2.1.1.1"),
  );
  assert.deepEqual(
    parts.map(({ device, rows }) => [device, ...rows]),
    [
      ["0A m 0200 GW", 0, 2],
      ["vmd 0B other 0A m 0200 GW", 1, 3],
      ["own vmd 0B other 0A m 0200 GW", 4],
      ["0200 GW", 5],
    ],
  );
  assert.equal(new TextDecoder().decode(parts[3]?.bytes).split("\r").slice(1).join(), `OBR|1,${row("2.1.1.1")},`);
});

test("one device's message is handed on as it is", () => {
  const [part, ...others] = partsOf("", row("1.0.0.0", "m"), row("1.1.1.1"));
  assert.deepEqual([part?.device, part?.rows, others], ["m", [0, 1], []]);
});

test("names without end and levels without end cost no more than a few of each", () => {
  const names = Array.from({ length: 8_000 }, (_, i) => `n${i}`).join("~");
  const deep = Array(20_000).fill("1").join(".");
  const parts = partsOf("", row("1", names), ...Array(900).fill(row("1.1.1.1")), ...Array(20).fill(row(deep)));
  assert.equal(parts[0]?.device, "n0 n1 n2 n3 n4 n5 n6 n7");
  assert.deepEqual(
    parts.map(({ rows }) => rows.length),
    [901, 20],
  );
});
