import assert from "node:assert/strict";
import { test } from "node:test";
import { FIELD_KINDS, ROLES, withheldFrom } from "@openward/model";
import * as b from "./bodies/index.ts";
import { liveMessage } from "./live.ts";
import { policies } from "./policy.ts";
import { redacted, textsOf } from "./redaction.ts";
import { type Route, type RouteName, routes } from "./routes.ts";
import { screenRedactor } from "./screen-redaction.ts";

/** Words of our own, ids of things, and names of no patient: by the last part of the path. */
const TELLS_NOBODY =
  /(^|\.)(signal|unit|deviceId|deviceIds|devices|patients|rows|signals|streams|units|next|deviceDisplay|display|type|typeDisplay|manufacturer|model|serial|timeZone|wardId|contentType|code|field|expected|key|id|state|revision|patientId|url|detail|text|hex|token|name|link|role|entity|purpose|kind|agent|via|basis|refusal|address|action|entityId|device|passkeysAt|version|host|publicUrl|because|categories|category|inCharge|certificate|authority|what|agency|di|lot|din|fact|configuration|localAlarms|alarms|fault|leaveOut|mqtt|mllp|sound|sound\.by|refused\.at|refused\.reason|newest|username|cursor|lastError|error|secret|topic|times|command|commands\.list\.about)$/;
/** Of these the words above are a person's. */
const OF_A_PERSON = /(^|\.)(patient\.name|patient\.patient\.name)$/;

for (const [name, route] of Object.entries(routes) as [RouteName, Route][]) {
  const { tells } = policies[name];
  if (tells === "nobody" || tells === "oneself" || tells === "office") continue;
  test(`every text that ${name} answers with says what it tells`, () => {
    for (const [path, kind] of textsOf(route.response)) {
      if (kind !== undefined || name === "me") continue;
      assert.ok(
        (TELLS_NOBODY.test(path) || path === "categories.words") && !OF_A_PERSON.test(path),
        `${path}: telling(kind, ...) in packages/api`,
      );
    }
  });
}

test("a patient's body is shown to a nurse whole, to an engineer by number and bed, to a researcher by neither", () => {
  const stay = { wardId: ID, wardName: "Ward 1", bed: "3", from: 1 };
  const patient: typeof b.patient._output = {
    id: ID,
    name: "Hansen, Kari",
    birthDate: "1948-03-21",
    sex: "female",
    mrn: "100",
    isUnknown: false,
    timeZone: "Europe/Oslo",
    ageGroup: "adult",
    ageGroupSource: "birth-date",
    limitsProfile: "adult",
    mergedInto: null,
    stay,
  };
  assert.equal(redacted(b.patient, patient, "nurse"), patient);
  assert.deepEqual(redacted(b.patient, patient, "clinical-engineer"), {
    ...patient,
    name: "Withheld",
    birthDate: null,
    sex: "unknown",
    ageGroup: null,
  });
  const told = JSON.stringify(redacted(b.patient, patient, "researcher"));
  for (const text of ["Hansen", "1948", '"100"', "Ward 1", '"bed":"3"']) assert.ok(!told.includes(text), text);
  assert.ok(b.patient.safeParse(JSON.parse(told)).success, "the form stays");
  const screen = screenRedactor("clinical-engineer");
  const tile = { patient, latest: [], streams: [], alarms: [], standby: [] };
  const snapshot = screen?.(JSON.stringify({ type: "snapshot", serverTime: 1, tiles: [tile] })) ?? "";
  assert.ok(!snapshot.includes("Hansen") && snapshot.includes('"mrn":"100"'));
  assert.ok(liveMessage.safeParse(JSON.parse(snapshot)).success);
  assert.equal(screenRedactor("nurse"), undefined);
});

test("family is told no names of staff and nothing that people wrote", () => {
  const standby = {
    id: ID,
    patientId: ID,
    streamId: null,
    reason: "bath",
    from: 1,
    until: 2,
    startedBy: "Nia Berg",
    endedAt: null,
  };
  assert.deepEqual(redacted(b.standby, standby, "family"), { ...standby, reason: "Withheld", startedBy: "Withheld" });
});

test("what is withheld is named by role", () => {
  for (const role of ROLES) for (const kind of withheldFrom(role)) assert.ok(FIELD_KINDS.includes(kind));
  for (const role of ["nurse", "physician", "patient", "integration"] as const)
    assert.equal(withheldFrom(role).size, 0);
});

const ID = "00000000-0000-4000-8000-000000000001";
