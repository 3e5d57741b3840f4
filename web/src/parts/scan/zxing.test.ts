import assert from "node:assert/strict";
import { test } from "node:test";
import { parseUdi } from "@openward/codecs/udi";
import { dataMatrix, type Modules, pictureOf, qrCode } from "./testing/symbols.ts";
import { readSymbol } from "./zxing.ts";

const GS = "\u001d";
const LABEL = `01040123450000161727113010LOT7A${GS}2100042`;

test("a DataMatrix with a UDI and a QR code with an address are read out of a picture, and nothing out of none", () => {
  const read = (symbol: Modules | null) => {
    const { rgba, width, height } = pictureOf(symbol, 640, 480);
    return readSymbol(rgba, width, height);
  };
  const label = read(dataMatrix(LABEL));
  assert.equal(label, LABEL);
  const { di, lot, serial, check } = parseUdi(label ?? "", 2026);
  assert.deepEqual([di, lot, serial, check], ["04012345000016", "LOT7A", "00042", "right"]);
  const address = "https://ward.example/ingest/claim#K7QM-3XPA-9RTD";
  assert.equal(read(qrCode(address)), address);
  assert.equal(read(null), undefined);
});
