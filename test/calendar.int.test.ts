import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AccessEntry, CalendarWithAddressBody, PatientTasksBody } from "@openward/api";
import ICAL from "ical.js";
import { beside, type Call } from "./feeds/beside.ts";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

let ward: RunningWard;
let admin: Api;
let patientId = "";
let bed: { patientId: string; deviceId: string; token: string };
let call: Call;

before(async () => {
  ward = await startWard();
  admin = await apiOf(ward);
  [bed = { patientId: "", deviceId: "", token: "" }] = await addBeds(ward, 1);
  patientId = bed.patientId;
  ({ call } = await beside(() => ward, admin, patientId, "patient", "self"));
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

const clock = (at: number, timeZone: string) =>
  new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);

test("what a ward asks for is in the patient's calendar, done when a reading comes, and nothing once the address is ended", async () => {
  const hourAgo = Date.now() - 3_600_000;
  const before = await call<PatientTasksBody>("GET", `/api/me/patients/${patientId}/tasks`);
  const { timeZone } = before.body;
  const times = [clock(hourAgo, timeZone)];
  const asked = {
    signal: "spo2",
    times,
    note: "sitting",
    fromDay: new Date(hourAgo - 2 * 86_400_000).toISOString().slice(0, 10),
  };
  await admin("POST", `/api/patients/${patientId}/tasks`, asked);
  const wish = { name: "Telephone", showsWhat: true };
  const { status, body } = await call<CalendarWithAddressBody>("POST", `/api/me/patients/${patientId}/calendars`, wish);
  assert.equal(status, 201);

  const read = async () => {
    const answered = await fetch(body.url);
    assert.equal(answered.headers.get("content-type"), "text/calendar; charset=utf-8");
    const events = new ICAL.Component(ICAL.parse(await answered.text())).getAllSubcomponents("vevent");
    return events.map((one) => String(one.getFirstPropertyValue("summary")));
  };
  assert.deepEqual(await read(), ["Measure: Oxygen saturation by pulse oximetry"]);
  const answered = await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`,
    },
    body: JSON.stringify({ at: hourAgo + 60_000, values: { spo2: 97 } }),
  });
  assert.equal(answered.status, 200);
  const name = "Measure: Oxygen saturation by pulse oximetry";
  assert.deepEqual((await read()).sort(), [name, `✓ ${name}`]);
  const { tasks } = (await call<PatientTasksBody>("GET", `/api/me/patients/${patientId}/tasks`)).body;
  const done = tasks[0]?.due.filter(({ doneAt }) => doneAt !== null);
  assert.equal(done?.[0]?.doneAt, hourAgo + 60_000);

  const looks = JSON.stringify(await admin<AccessEntry[]>("GET", `/api/patients/${patientId}/access-history`));
  assert.ok(looks.includes("Telephone"), "who looked at the calendar is told to the patient");
  const log = JSON.stringify(await admin("GET", `/api/audit?patient=${patientId}`));
  assert.ok(!log.includes("owc_") && !looks.includes("owc_"), "the address itself is in no log");

  // What the patient keeps from everybody but themselves is still in their own calendar.
  await call("POST", `/api/me/patients/${patientId}/calendars/${body.calendar.id}/end`);
  assert.equal((await fetch(body.url)).status, 404);
  assert.equal((await fetch(`${ward.url}/calendar/owc_${"A".repeat(43)}.ics`)).status, 404);
});

test("family's calendar has what the patient shares with them, and nothing as soon as they may not see it", async () => {
  const family = await beside(() => ward, admin, patientId, "family", "family");
  const path = `/api/me/patients/${patientId}/calendars`;
  const { body } = await family.call<CalendarWithAddressBody>("POST", path, { name: "Kitchen" });
  await admin("POST", `/api/patients/${patientId}/tasks`, { signal: "body-weight", times: ["08:00"] });
  assert.equal((await fetch(body.url)).status, 404);
  const wish = {
    decision: "permit",
    categories: ["breathing"],
    purpose: "care",
    actors: [{ kind: "person", id: family.personId }],
  };
  const shared = await call<{ id: string }>("POST", `/api/me/patients/${patientId}/consents`, wish);
  assert.equal(shared.status, 201, JSON.stringify(shared.body));
  const text = await (await fetch(body.url)).text();
  const events = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent");
  assert.ok(
    events.length > 0 && events.every((one) => /^(✓ )?Measurement$/.test(String(one.getFirstPropertyValue("summary")))),
  );
  assert.ok(!text.includes("T080000"), "the weight, which is not shared");
  const refused = await family.call("POST", `/api/me/patients/${patientId}/tasks`, {
    signal: "spo2",
    times: ["08:00"],
  });
  assert.equal(refused.status, 403);
  await call("POST", `/api/me/patients/${patientId}/consents/${shared.body.id}/withdraw`, {});
  await untilGone(body.url);
});

async function untilGone(url: string): Promise<void> {
  for (const end = performance.now() + 120_000; (await fetch(url)).status !== 404; )
    assert.ok(performance.now() < end, "still shown two minutes after it was taken back");
}
