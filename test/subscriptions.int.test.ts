import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Bundle, Observation, Parameters, Resource, Subscription } from "@medplum/fhirtypes";
import { validate } from "@openward/fhir/validate";
import { type FhirClient, fhirClient, subscriptionTo } from "./subscriptions/client.ts";
import { startHook } from "./subscriptions/receiver.ts";
import { addBeds, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

const OPTIONS = { env: { OPENWARD_FEED_NETWORKS: "127.0.0.1" } };
let ward: RunningWard;
let fhir: FhirClient;
let beds: readonly { patientId: string; deviceId: string; token: string }[];
let now = 0;

before(async () => {
  ward = await startWard(OPTIONS);
  beds = await addBeds(ward, 3);
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "integration");
  fhir = fhirClient(() => ward, token);
  now = Math.floor(Date.now() / 1_000) * 1_000;
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

async function send(bed: number, body: unknown, kind = "readings"): Promise<void> {
  const { deviceId, token } = beds[bed] as (typeof beds)[number];
  const answered = await fetch(`${ward.url}/ingest/devices/${deviceId}/${kind}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
    },
    body: JSON.stringify(body),
  });
  assert.equal(answered.status, 200, await answered.text());
}

const patientOf = (bed: number) => beds[bed]?.patientId ?? "";
const faults = (resource: Resource) =>
  validate(resource).flatMap(({ severity, expression, text }) => (severity === "error" ? `${expression} ${text}` : []));

async function create(subscription: Subscription): Promise<Subscription> {
  const { status, body } = await fhir<Subscription>("POST", "Subscription", subscription);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

test("a receiver is asked first, then told of each new reading of a signal, as FHIR that is valid by the guide's profiles", async () => {
  const hook = await startHook();
  const made = await create(
    subscriptionTo("readings", {
      endpoint: hook.url,
      content: "full-resource",
      filters: [`Observation?patient=Patient/${patientOf(0)}&code=http://loinc.org|8867-4`],
      header: ["Authorization: Bearer secret-of-theirs"],
    }),
  );
  assert.equal(made.status, "requested");
  await hook.until("the handshake", () => hook.types().includes("handshake"));
  await send(0, { at: now, values: { "heart-rate": 71, spo2: 97 } });
  await send(1, { at: now, values: { "heart-rate": 199 } });
  await send(0, { at: now + 1_000, values: { "heart-rate": 72 } });
  await hook.until("two readings", () => hook.events().length === 2);
  assert.deepEqual(
    hook.events().map(({ number }) => number),
    [1, 2],
  );
  const told = hook.received.filter(({ notified }) => notified.type === "event-notification");
  const values = told.flatMap(({ notified }) =>
    (notified.bundle.entry ?? []).slice(1).map(({ resource }) => (resource as Observation).valueQuantity?.value),
  );
  assert.deepEqual(values, [71, 72]);
  assert.ok(told.every(({ headers }) => headers.authorization === "Bearer secret-of-theirs"));
  assert.equal(told[0]?.headers["content-type"], "application/fhir+json");
  for (const { notified } of hook.received) assert.deepEqual(faults(notified.bundle), []);

  const read = await fhir<Subscription>("GET", `Subscription/${made.id}`);
  assert.equal(read.body.status, "active");
  assert.deepEqual(faults(read.body), []);
  const focus = hook.events()[0]?.focus ?? "";
  assert.equal((await fhir<Observation>("GET", focus)).body.valueQuantity?.value, 71);

  const status = await fhir<Bundle>("GET", `Subscription/${made.id}/$status`);
  assert.deepEqual(faults(status.body), []);
  const parameters = status.body.entry?.[0]?.resource as Parameters;
  assert.equal(parameters.parameter?.find(({ name }) => name === "events-since-subscription-start")?.valueString, "2");
  const events = await fhir<Bundle>("GET", `Subscription/${made.id}/$events?eventsSinceNumber=2&content=id-only`);
  assert.equal(events.status, 200, JSON.stringify(events.body));
  assert.deepEqual(faults(events.body), []);
  assert.equal(events.body.entry?.length, 2);
  assert.equal(events.body.entry?.[1]?.resource, undefined, "by name only, as it was asked for");

  const gone = await fhir("DELETE", `Subscription/${made.id}`);
  assert.equal(gone.status, 200);
  assert.equal((await fhir("GET", `Subscription/${made.id}`)).status, 404);
  await hook.close();
});
