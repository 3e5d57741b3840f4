import assert from "node:assert/strict";
import { test } from "node:test";
import { spanOfDate } from "@openward/fhir/search";
import { timeOf } from "./forms.ts";

test("how long a moment lasts is what a search takes it for", () => {
  for (const day of ["2026-11-28", "2024-02-29", "1999-12-31"])
    for (const fraction of ["", ".1", ".12", ".123", ".000", ".9"])
      for (const zone of ["Z", "+00:00", "-09:30", "+13:45"]) {
        const text = `${day}T23:59:58${fraction}${zone}`;
        const { low, high } = spanOfDate(text) ?? {};
        assert.deepEqual(timeOf(text), { at: low, atEnd: high }, text);
      }
  assert.equal(timeOf("2026-02-30T10:00:00Z"), undefined);
});
