import assert from "node:assert/strict";
import { test } from "node:test";
import {
  certificateText,
  clockText,
  elsewhereText,
  labelText,
  misfitText,
  ofLabel,
  serviceText,
} from "./device-state.ts";

test("a clock is told off only when it is", () => {
  assert.equal(clockText(null), "");
  assert.equal(clockText(900), "");
  assert.equal(clockText(-184_000), "3 min behind");
  assert.equal(clockText(12_400), "12 s ahead");
});

test("the end of a certificate is told two weeks before, and when it is over; a token has none", () => {
  const day = 86_400_000;
  assert.equal(certificateText(null, 0), "");
  assert.equal(certificateText(15 * day, 0), "");
  assert.match(certificateText(13 * day, 0), /^certificate ends in 1\d d/);
  assert.equal(certificateText(day, day), "certificate has ended");
});

test("what a device says against its type, and that its service is due, is told in words", () => {
  assert.equal(misfitText({ misfit: null }), "");
  const misfit = { type: "nonin-3230", typeDisplay: "Nonin 3230", by: "model" } as const;
  assert.equal(misfitText({ misfit }), "it says it is Nonin 3230");
  assert.equal(misfitText({ misfit: { ...misfit, by: "udi" } }), "its label says it is Nonin 3230");
  const service = { dueOn: "2026-11-01", note: null };
  assert.equal(serviceText({ service: { ...service, state: "in-service" } }), "");
  assert.equal(serviceText({ service: { ...service, state: "due" } }), "service due since 2026-11-01");
  assert.equal(serviceText({ service: { ...service, state: "out-of-service" } }), "out of service");
});

test("a label is read while it is typed, and what is wrong with it has a place", () => {
  assert.equal(labelText("  ", 2026), undefined);
  assert.deepEqual(labelText("(01)04012345000016(17)271130(10)LOT7A(21)00042", 2026), {
    says: "GS1 04012345000016 · serial 00042 · lot LOT7A · expires 2027-11-30",
  });
  assert.match(labelText("(01)04012345000017", 2026)?.says ?? "", /should be 6/);
  assert.match(labelText("(01)0401", 2026)?.fault ?? "", /^GTIN: expected 14 digits, at character 5$/);
  assert.match(labelText("+$+00042TR", 2026)?.fault ?? "", /device identifier is missing/);
});

test("a device that stands in another ward than its patient lies is told by the names of both", () => {
  const wards = [
    { id: "a", name: "Ward A" },
    { id: "b", name: "Ward B" },
  ];
  const patient = { id: "p", name: "N", mrn: "1", bed: "3", wardId: "b", since: 0 };
  assert.equal(
    elsewhereText({ wardId: "a", patient, isElsewhere: true }, wards),
    "stands in Ward A, its patient lies in Ward B",
  );
  assert.equal(elsewhereText({ wardId: "b", patient, isElsewhere: false }, wards), "");
});

test("a label finds its own device, and of several of a model the one with its serial number", () => {
  const device = (id: string, di: string, serial: string | null) =>
    ({ id, label: { di, serial }, serial: null }) as never;
  const [a, b, c] = [
    device("a", "04012345000016", "1"),
    device("b", "04012345000016", "2"),
    device("c", "04012345000023", null),
  ];
  const found = (text: string) => (ofLabel([a, b, c], text, 2026) as { id: string } | undefined)?.id;
  assert.equal(found("(01)04012345000016(21)2"), "b");
  assert.equal(found("(01)04012345000016(21)3"), undefined);
  assert.equal(found("(01)04012345000016"), undefined, "two of a model");
  assert.equal(found("(01)04012345000023"), "c");
  assert.equal(found("https://ward.example/"), undefined);
});
