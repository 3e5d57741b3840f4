import assert from "node:assert/strict";
import { test } from "node:test";
import { type Column, csvOf } from "./files.ts";

const columns: readonly Column<{ readonly to: string; readonly times: number; readonly why: string | null }>[] = [
  ["to", ({ to }) => to],
  ["times", ({ times }) => times],
  ["why", ({ why }) => why],
];

test("commas, quotes and ends of lines stay in their cell, and what is not known is empty", () => {
  const rows = [
    { to: 'Berg, "Nina"', times: 3, why: null },
    { to: "two\nlines", times: -1, why: "TREAT" },
  ];
  assert.equal(csvOf(columns, rows), '\ufeffto,times,why\r\n"Berg, ""Nina""",3,\r\n"two\nlines",-1,TREAT\r\n');
});

test("no name becomes a formula", () => {
  for (const to of ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"]) {
    const [, line = ""] = csvOf(columns, [{ to, times: 0, why: null }]).split("\r\n");
    assert.ok(line.replace(/^"/, "").startsWith(`'${to}`), line);
  }
});
