import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { Bundle, Observation, Parameters, Resource, Subscription } from "@medplum/fhirtypes";
import { validate } from "@openward/fhir/validate";
import { beside } from "./feeds/beside.ts";
import { bindingToken, type FhirClient, fhirClient, subscriptionTo } from "./subscriptions/client.ts";
import { startMailbox } from "./subscriptions/mailbox.ts";
import { startHook } from "./subscriptions/receiver.ts";
import { GOOD, REFUSED } from "./subscriptions/refused.ts";
import { openSocket } from "./subscriptions/socket.ts";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

const env: Record<string, string> = {
  OPENWARD_FEED_NETWORKS: "127.0.0.1",
  OPENWARD_MAIL_FROM: "ward@hospital.example",
};
let post: Awaited<ReturnType<typeof startMailbox>>;
let ward: RunningWard;
let admin: Api;
let fhir: FhirClient;
let beds: readonly { patientId: string; deviceId: string; token: string }[];
let now = 0;

before(async () => {
  post = await startMailbox();
  env.OPENWARD_SMTP_URL = post.url;
  ward = await startWard({ env });
  admin = await apiOf(ward);
  beds = await addBeds(ward, 3);
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "integration");
  fhir = fhirClient(() => ward, token);
  now = Math.floor(Date.now() / 1_000) * 1_000;
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
  await post.close();
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

/** Its handshake was taken, and that is written down. */
async function untilActive(id: string | undefined): Promise<void> {
  for (const end = performance.now() + 120_000; ; await wait(20)) {
    const { body } = await fhir<Subscription>("GET", `Subscription/${id}`);
    if (body.status === "active") return;
    if (performance.now() > end) throw new Error(`waited for active; it is ${body.status}`);
  }
}

const tokenFor = (id?: string) => bindingToken(fhir, id);

test("each topic tells over a WebSocket what it is about, each thing valid and to be read under the name that was told", async () => {
  const topics = ["alarms", "events", "admissions", "associations", "resources"];
  const made = new Map<string, string>();
  for (const topic of topics) {
    const filters =
      topic === "resources" ? ["Condition?trigger=create,delete", `Condition?patient=${patientOf(1)}`] : [];
    const subscription = subscriptionTo(topic, { type: "websocket", content: "full-resource", filters });
    const { id = "", status } = await create(subscription);
    assert.equal(status, "active", "who comes to us need not be asked first");
    made.set(topic, id);
  }
  const { token, url } = await tokenFor();
  const socket = await openSocket(url, `bind-with-token ${token}`);
  await socket.until("five handshakes", () => socket.got.filter(({ type }) => type === "handshake").length === 5);

  await send(1, { event: "sos-button", id: "call-1", at: now }, "event");
  const [place] = await admin<{ id: string }[]>("GET", "/api/wards");
  await admin("POST", `/api/patients/${patientOf(1)}/transfer`, { wardId: place?.id, bed: "41" });
  await admin("POST", `/api/devices/${beds[1]?.deviceId}/release`, {});
  const condition = {
    resourceType: "Condition",
    subject: { reference: `Patient/${patientOf(1)}` },
    code: { text: "something of theirs" },
  };
  const { body: written } = await fhir<Resource>("POST", "Condition", condition);
  await fhir("PUT", `Condition/${written.id}`, { ...condition, id: written.id, code: { text: "changed" } });
  await fhir("POST", "Condition", { ...condition, subject: { reference: `Patient/${patientOf(2)}` } });
  await fhir("DELETE", `Condition/${written.id}`);

  const focuses = (topic: string) =>
    socket.got
      .filter(({ bundle }) => JSON.stringify(bundle.entry?.[0]).includes(`Subscription/${made.get(topic)}"`))
      .flatMap(({ events }) => events.map(({ focus }) => focus?.split("/fhir/")[1] ?? ""));
  // Devices that fall silent meanwhile are alarms too.
  const calls = () =>
    socket.got
      .flatMap(({ bundle }) => bundle.entry ?? [])
      .flatMap(({ resource }) => (resource?.resourceType === "Flag" ? [resource] : []))
      .filter(({ code }) => code.coding?.[0]?.code === "event");
  await socket.until("everything that happened", () => {
    const [events, admissions, associations, resources] = topics.slice(1).map((topic) => focuses(topic).length);
    // A move is an end and a beginning; the new device use is none.
    return calls().length === 1 && events === 1 && admissions === 2 && associations === 1 && resources === 2;
  });
  assert.ok(focuses("alarms").every((one) => /^Flag\/a[0-9a-f]{32}$/.test(one)));
  assert.equal(calls()[0]?.subject.reference, `Patient/${patientOf(1)}`);
  assert.match(focuses("events")[0] ?? "", /^Communication\/e/);
  assert.ok(focuses("admissions").every((one) => one.startsWith("Encounter/s")));
  assert.match(focuses("associations")[0] ?? "", /^DeviceUseStatement\//);
  assert.deepEqual(
    focuses("resources"),
    [`Condition/${written.id}`, `Condition/${written.id}`],
    "created and deleted; not changed, not another's",
  );
  for (const { bundle } of socket.got) {
    assert.deepEqual(faults(bundle), []);
    for (const { resource } of bundle.entry ?? []) if (resource) assert.deepEqual(faults(resource), []);
  }
  for (const topic of topics.slice(0, 4))
    for (const focus of focuses(topic)) {
      const { status, body } = await fhir<Resource>("GET", focus);
      assert.equal(status, 200, focus);
      assert.deepEqual(faults(body), []);
    }
  await admin("POST", `/api/devices/${beds[1]?.deviceId}/assign`, { patientId: patientOf(1) });
  socket.close();
  for (const id of made.values()) await fhir("DELETE", `Subscription/${id}`);
});

test("who was away from the WebSocket is told when they bind again, and $events has every number", async () => {
  const filters = [`Observation?patient=${patientOf(0)}&code=http://loinc.org|59408-5`];
  const { id = "" } = await create(subscriptionTo("readings", { type: "websocket", filters, maxCount: 4 }));
  const first = await tokenFor(id);
  const before = await openSocket(
    first.url,
    JSON.stringify({ type: "bind-with-token", payload: { token: first.token } }),
  );
  await before.until("the handshake", () => before.got.length === 1);
  await send(0, { at: now + 60_000, values: { spo2: 95 } });
  await before.until("the first reading", () => before.events().length === 1);
  // Its pong is on the way, and its number is taken.
  await wait(300);
  before.close();
  for (let i = 1; i <= 9; i++) await send(0, { at: now + 60_000 + i * 1_000, values: { spo2: 95 } });
  const second = await tokenFor(id);
  const again = await openSocket(second.url, `bind-with-token: ${second.token}`);
  await again.until("all of them", () => again.events().some(({ number }) => number === 10));
  const numbers = [...new Set([...before.events(), ...again.events()].map(({ number }) => number))];
  assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.ok(
    again.got.every(({ events }) => events.length <= 4),
    "no more than was asked for",
  );

  const { body } = await fhir<Bundle>("GET", `Subscription/${id}/$events?eventsSinceNumber=3&eventsUntilNumber=8`);
  const listed = JSON.stringify(body).match(/"event-number","valueString":"(\d+)"/g) ?? [];
  assert.equal(listed.length, 6);
  again.close();

  const wrong = await openSocket(second.url, "bind-with-token nothing-of-ours");
  await wrong.until("it is closed", () => wrong.closed() !== undefined);
  assert.equal(wrong.closed(), 4401);
  await fhir("DELETE", `Subscription/${id}`);
});

test("a blood pressure is told once, two values of one moment are two, a value is filtered by, and what is corrected is told again", async () => {
  const all = await create(
    subscriptionTo("readings", { type: "websocket", content: "full-resource", filters: [`patient=${patientOf(1)}`] }),
  );
  const high = await create(
    subscriptionTo("readings", {
      type: "websocket",
      filters: [`Observation?patient=${patientOf(1)}&value-quantity=gt120&trigger=create`],
    }),
  );
  const { token, url } = await tokenFor();
  const socket = await openSocket(url, `bind-with-token ${token}`);
  await socket.until("two handshakes", () => socket.got.length === 2);
  const at = now + 300_000 - 1_000_000;
  const values = { "nibp-systolic": 130, "nibp-diastolic": 80, "nibp-mean": 95 };
  await send(1, { at, values: { ...values, "heart-rate": 118 } });
  await send(1, { at, values: { "heart-rate": 140 } });
  const of = (id: string | undefined) =>
    socket.got
      .filter(({ bundle }) => JSON.stringify(bundle.entry?.[0]).includes(`Subscription/${id}"`))
      .flatMap(({ events }) => events);
  await socket.until("the panel and both values", () => of(all.id).length === 3 && of(high.id).length === 1);
  assert.equal(new Set(of(all.id).map(({ focus }) => focus)).size, 3);
  const second = of(high.id)[0]?.focus ?? "";
  assert.equal((await fhir<Observation>("GET", second)).body.valueQuantity?.value, 140);
  const panels = of(all.id).filter(({ focus }) => focus?.includes("/Observation/p"));
  assert.equal(panels.length, 1, "its three values are one Observation");

  const streams = await admin<{ id: string; signal: string }[]>("GET", `/api/patients/${patientOf(1)}/streams`);
  const streamId = streams.find(({ signal }) => signal === "heart-rate")?.id;
  await admin("POST", `/api/patients/${patientOf(1)}/amendments`, {
    ...{ kind: "corrected", streamId, at, ordinal: 1, value: 104, unit: "/min", reason: "misread", seen: null },
  });
  await socket.until("the correction", () => of(all.id).length === 4);
  assert.equal(of(all.id).at(-1)?.focus, second);
  const { request, resource } = socket.got.at(-1)?.bundle.entry?.[1] ?? {};
  const corrected = resource as Observation | undefined;
  assert.deepEqual([request?.method, corrected?.valueQuantity?.value, corrected?.status], ["PUT", 104, "corrected"]);
  assert.equal(of(high.id).length, 1);
  socket.close();
  for (const { id } of [all, high]) await fhir("DELETE", `Subscription/${id}`);
});

test("a mail says that something happened, and nothing of whom or what", async () => {
  const subscription = subscriptionTo("readings", {
    type: "email",
    endpoint: "mailto:desk@hospital.example",
    payload: "text/plain",
    content: "empty",
    filters: [`patient=${patientOf(0)}`],
  });
  const { id } = await create(subscription);
  const until = async (count: number) => {
    for (const end = performance.now() + 120_000; post.mails.length < count; await wait(20))
      if (performance.now() > end) throw new Error(`waited for ${count} mails; there are ${post.mails.length}`);
  };
  await until(1);
  assert.match(post.mails[0] ?? "", /^Subject: Openward: a subscription to this address\r?$/m);
  await untilActive(id);
  assert.ok(!post.mails.join().includes(patientOf(0)));
  await fhir("DELETE", `Subscription/${id}`);
});

test("what a patient takes back is told no more, and what was not taken yet leaves its number alone; it ends with the token", async () => {
  const { token, id: tokenId } = await ward.json<{ token: string; id: string }>(
    "token",
    "issue",
    "--role",
    "integration",
  );
  const theirs = fhirClient(() => ward, token);
  let isDown = false;
  const hook = await startHook(() => (isDown ? 503 : 200));
  const filters = [`Observation?patient=Patient/${patientOf(2)}`];
  const made = await theirs<Subscription>(
    "POST",
    "Subscription",
    subscriptionTo("readings", { endpoint: hook.url, filters }),
  );
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.equal((await fhir("GET", `Subscription/${made.body.id}`)).status, 404, "another's is as if there were none");
  assert.equal((await fhir<Bundle>("GET", "Subscription")).body.total, 0);
  await hook.until("the handshake", () => hook.types().includes("handshake"));
  isDown = true;
  await send(2, { at: now, values: { spo2: 91 } });
  await send(2, { at: now + 1_000, values: { "heart-rate": 70 } });
  await hook.until("a call in vain", () => hook.received.some(({ answered }) => answered === 503));

  const { call } = await beside(() => ward, admin, patientOf(2), "patient", "self");
  const denies = {
    decision: "deny",
    categories: ["breathing"],
    purpose: null,
    actors: [{ kind: "everybody" }],
    confirm: true,
  };
  const said = await call("POST", `/api/me/patients/${patientOf(2)}/consents`, denies);
  assert.equal(said.status, 201, JSON.stringify(said.body));
  isDown = false;
  await send(2, { at: now + 2_000, values: { spo2: 92 } });
  await send(2, { at: now + 3_000, values: { "heart-rate": 71 } });
  await hook.until("two of the heart", () => hook.events().filter(({ focus }) => focus !== undefined).length === 2);
  assert.deepEqual(
    hook.events().map(({ number, focus, at }) => [number, focus !== undefined, at !== undefined]),
    [
      [1, false, false],
      [2, true, true],
      [3, true, true],
    ],
    "what came afterwards has no number at all",
  );

  await admin("POST", `/api/tokens/${tokenId}/revoke`, {}).catch(() => ward.json("token", "revoke", tokenId));
  const before = hook.received.length;
  await send(2, { at: now + 4_000, values: { "heart-rate": 72 } });
  await wait(2_500);
  assert.equal(hook.received.length, before, "nothing after its end");
  await hook.close();
});

test("what cannot be told is refused, with the element and what was expected", async () => {
  for (const [what, subscription, at] of REFUSED) {
    const { status, body } = await fhir("POST", "Subscription", subscription);
    assert.equal(status, 400, `${what}: ${JSON.stringify(body)}`);
    assert.match(JSON.stringify(body), at, what);
  }
  const nurse = await ward.json<{ token: string }>("token", "issue", "--role", "nurse");
  const asNurse = fhirClient(() => ward, nurse.token);
  assert.equal((await asNurse("POST", "Subscription", subscriptionTo("alarms", GOOD))).status, 403);
  assert.equal((await fhir<Bundle>("GET", "Subscription")).body.total, 0, "nothing of it was kept");
});

test("a subscription is found, changed, put off and taken up again: what happened meanwhile is told then", async () => {
  const hook = await startHook();
  const filters = [`Observation?patient=Patient/${patientOf(0)}&signal=heart-rate`];
  const made = await create(subscriptionTo("readings", { endpoint: hook.url, filters, heartbeat: 3_600 }));
  const { id } = made;
  await hook.until("the handshake", () => hook.types().includes("handshake"));
  await untilActive(id);
  for (const query of [
    "status=active",
    "type=rest-hook",
    `url=${encodeURIComponent(hook.url)}`,
    "topic=urn:openward:subscription-topic:readings",
    "criteria=urn:openward",
    "payload-type=id-only",
  ])
    assert.equal((await fhir<Bundle>("GET", `Subscription?${query}`)).body.total, 1, query);
  assert.equal((await fhir<Bundle>("GET", "Subscription?status=off")).body.total, 0);

  const { body: read, headers } = await fhir<Subscription>("GET", `Subscription/${id}`);
  const stale = await fhir("PUT", `Subscription/${id}`, read, { "if-match": 'W/"99"' });
  assert.equal(stale.status, 412);
  const off = await fhir<Subscription>(
    "PUT",
    `Subscription/${id}`,
    { ...read, status: "off" },
    { "if-match": headers.get("etag") ?? "" },
  );
  assert.equal(off.status, 200, JSON.stringify(off.body));
  assert.equal(off.body.status, "off");
  await send(0, { at: now + 200_000, values: { "heart-rate": 88 } });
  await wait(1_500);
  assert.equal(hook.events().length, 0);
  const on = await fhir<Subscription>("PATCH", `Subscription/${id}`, [
    { op: "replace", path: "/status", value: "requested" },
  ]);
  assert.equal(on.status, 200, JSON.stringify(on.body));
  await hook.until("what happened meanwhile", () => hook.events().length === 1);
  const topic = await fhir("PATCH", `Subscription/${id}`, [
    { op: "replace", path: "/criteria", value: "urn:openward:subscription-topic:alarms" },
  ]);
  assert.equal(topic.status, 400);
  await fhir("DELETE", `Subscription/${id}`);
  await hook.close();
});
