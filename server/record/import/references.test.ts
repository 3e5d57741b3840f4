import assert from "node:assert/strict";
import { test } from "node:test";
import { parseResource, printFhir, type Resource } from "@openward/fhir/json";
import { hereOf, IMPORT_SOURCE, namedBy, namesIn, renamed, withSource } from "./references.ts";

const SOURCE = "https://a.example/fhir/";
const UUID = "0a8eebfd-a352-522e-89f0-1d4a13abdebc";

test("what names a resource of the source, in each form that others write", () => {
  for (const [text, expected] of [
    ["Patient/1", "Patient 1"],
    ["Patient/1/_history/3", "Patient 1"],
    ["https://a.example/fhir/Patient/1", "Patient 1"],
    [`urn:uuid:${UUID}`, `undefined ${UUID}`],
    ["https://b.example/fhir/Patient/1", undefined],
    ["#contained", undefined],
    ["Patient?identifier=1", undefined],
    ["urn:oid:1.2.3", undefined],
    ["Patient", undefined],
    ["../Patient/1", undefined],
  ] as const) {
    const named = namedBy(text, SOURCE);
    assert.equal(named && `${named.type} ${named.theirs}`, expected, text);
  }
});

test("names are the source's own: of two types with one id each is itself, and what nobody imported stays", () => {
  const here = hereOf([
    { type: "Patient", theirs: "1", id: "aaa", isMade: true },
    { type: "Group", theirs: "1", id: "bbb", isMade: true },
    { type: "Binary", theirs: "x", id: "ccc", isMade: true },
    { type: "Condition", theirs: UUID, id: "ddd", isMade: false },
  ]);
  const resource = parseResource(
    JSON.stringify({
      resourceType: "Observation",
      subject: { reference: "Patient/1", display: "Patient/1" },
      focus: [{ reference: "Group/1" }, { reference: "Device/1" }, { reference: `urn:uuid:${UUID}` }],
      performer: [{ reference: "Practitioner?identifier=urn:x|7" }],
      note: [{ text: "Patient/1" }],
      extension: [{ url: "Patient/2", valueAttachment: { url: "Binary/x" } }],
      valueQuantity: { value: 2.5 },
    }).replace("2.5", "2.50"),
  );
  assert.deepEqual([...namesIn(resource, SOURCE)].length, 6);
  const found = new Map([["Practitioner?identifier=urn:x|7", "Practitioner/eee"]]);
  const written = printFhir(renamed(resource, { source: SOURCE, here, found }));
  assert.equal(
    written,
    JSON.stringify({
      resourceType: "Observation",
      subject: { reference: "Patient/aaa", display: "Patient/1" },
      focus: [{ reference: "Group/bbb" }, { reference: "Device/1" }, { reference: "Condition/ddd" }],
      performer: [{ reference: "Practitioner/eee" }],
      note: [{ text: "Patient/1" }],
      extension: [{ url: "Patient/2", valueAttachment: { url: "Binary/ccc" } }],
      valueQuantity: { value: 2.5 },
    }).replace("2.5", "2.50"),
  );
});

test("where it came from stays with it, once for each source, and the source's own word of it is kept", () => {
  const sent = { resourceType: "Basic", id: "1", meta: { versionId: "7", source: "urn:first" }, code: { text: "x" } };
  const once = withSource(sent as Resource, SOURCE, "1");
  const ours = { url: IMPORT_SOURCE, valueIdentifier: { system: SOURCE, value: "Basic/1" } };
  assert.deepEqual(once.meta, { extension: [ours], source: "urn:first" });
  assert.deepEqual(withSource(once, SOURCE, "1"), once);
  const twice = withSource({ ...once, id: "2" }, "urn:b", "2").meta as { extension: unknown[] };
  assert.deepEqual(twice.extension, [
    ours,
    { url: IMPORT_SOURCE, valueIdentifier: { system: "urn:b", value: "Basic/2" } },
  ]);
  assert.equal(
    (withSource({ resourceType: "Basic" } as Resource, SOURCE, "1").meta as { source: string }).source,
    SOURCE,
  );
});
