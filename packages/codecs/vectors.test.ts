import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import eventVectors from "./event.vectors.json" with { type: "json" };
import { bodyFormat, decodeEvent, decodeReadings, decodeStatus, decodeWaveform } from "./index.ts";
import readingsVectors from "./readings.vectors.json" with { type: "json" };
import statusVectors from "./status.vectors.json" with { type: "json" };
import waveformVectors from "./waveform.vectors.json" with { type: "json" };

interface Vector {
  name: string;
  source: string;
  text?: string;
  bytes?: string;
  format?: string;
  refused?: unknown;
  error?: { code: string; offset?: number };
  [result: string]: unknown;
}

const sets = [
  { kind: "readings", vectors: readingsVectors as Vector[], decode: decodeReadings, results: ["columns"] },
  { kind: "waveform", vectors: waveformVectors as Vector[], decode: decodeWaveform, results: ["waveforms"] },
  { kind: "event", vectors: eventVectors as Vector[], decode: decodeEvent, results: ["events"] },
  { kind: "status", vectors: statusVectors as Vector[], decode: decodeStatus, results: ["status"] },
] as const;

const bytesOf = (vector: Vector): Uint8Array =>
  vector.text !== undefined
    ? new TextEncoder().encode(vector.text)
    : Uint8Array.from(Buffer.from((vector.bytes ?? "").replaceAll(" ", ""), "hex"));

/** Typed arrays as lists, NaN as null, problems without their sentence. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, member) =>
      ArrayBuffer.isView(member) ? Array.from(member as Float64Array) : key === "expected" ? undefined : member,
    ),
  );

for (const { kind, vectors, decode, results } of sets) {
  for (const vector of vectors) {
    test(`${kind}: ${vector.name}`, () => {
      const body = bytesOf(vector);
      const format = vector.format ?? bodyFormat(undefined, body) ?? "json";
      assert.ok(vector.source.length > 0, "says where its bytes come from");
      const { error } = vector;
      if (error) {
        assert.throws(
          () => decode(body, format),
          (thrown) => {
            assert.ok(thrown instanceof RefusedInput);
            assert.equal(thrown.code, error.code);
            if (error.offset !== undefined) assert.equal(thrown.facts.offset, error.offset);
            return true;
          },
        );
        return;
      }
      const decoded = plain(decode(body, format)) as Record<string, unknown>;
      assert.deepEqual(decoded.refused, vector.refused ?? []);
      if (kind === "status") {
        const { refused: _, ...status } = decoded;
        assert.deepEqual(status, vector.status);
      } else {
        for (const result of results) assert.deepEqual(decoded[result], vector[result]);
      }
    });
  }
}

test("the format is what the content type says, or the first byte", () => {
  const json = new TextEncoder().encode(' {"values":{}}');
  assert.equal(bodyFormat(undefined, json), "json");
  assert.equal(bodyFormat("", Uint8Array.of(0xa1)), "cbor");
  assert.equal(bodyFormat("Application/JSON; charset=utf-8", Uint8Array.of(0xa1)), "json");
  assert.equal(bodyFormat("application/senml+json", json), "json");
  assert.equal(bodyFormat("application/cbor", json), "cbor");
  assert.equal(bodyFormat("text/plain", json), undefined);
});
