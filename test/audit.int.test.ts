import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type Route, routes } from "@openward/api";
import WebSocket from "ws";
import { UNRECORDED } from "../server/access/audit/index.ts";
import { addBeds, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

interface Found {
  readonly id: string;
  readonly code: string;
  readonly action: string;
  readonly via: string;
  readonly outcome: string;
  readonly refusal?: string;
  readonly patients?: string[];
  readonly who: { readonly kind: string; readonly id?: string; readonly role?: string };
  readonly address?: string;
  readonly entity: string;
  readonly parameters?: string[];
  readonly opened?: string;
}

const SOME_ID = "00000000-0000-7000-8000-000000000001";
let ward: RunningWard;
let beds: Awaited<ReturnType<typeof addBeds>>;
let token = "";
let exports = 0;

before(async () => {
  ward = await startWard();
  beds = await addBeds(ward, 2);
  token = (await ward.json<{ token: string }>("token", "issue", "--role", "administrator")).token;
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

const ask = (path: string, init: { method?: string; as?: string | null; type?: string; body?: string } = {}) =>
  fetch(`${ward.url}${path}`, {
    method: init.method ?? "GET",
    ...(init.body === undefined ? {} : { body: init.body }),
    headers: {
      ...(init.as === null ? {} : { authorization: `Bearer ${init.as ?? token}` }),
      ...(init.type ? { "content-type": init.type } : {}),
    },
  });

/** The whole log, as an export gives it: verified, and parsed. */
async function log(): Promise<{ file: string; records: Found[]; checkpoint: string }> {
  const file = join(ward.dataDir, `log-${++exports}.jsonl`);
  const { last } = await ward.json<{ last: { number: number; digest: string } }>("audit", "export", file, "--all");
  const records = readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .flatMap((line): Found[] => JSON.parse(line).record ?? []);
  return { file, records, checkpoint: `${last.number}:${last.digest}` };
}

test("every route of /api is in the log, allowed or refused, but for those that show nothing", async () => {
  const before = new Set((await log()).records.map(({ id }) => id));
  for (const [name, route] of Object.entries(routes) as [string, Route][]) {
    // The session goes on: it is a token's.
    const answer = await ask(route.path.replaceAll(/:\w+/g, SOME_ID), { method: route.method });
    await answer.text();
    await (await ask(route.path.replaceAll(/:\w+/g, SOME_ID), { method: route.method, as: null })).text();
    assert.notEqual(answer.status, 500, name);
  }
  const records = (await log()).records.filter(({ id }) => !before.has(id));
  for (const [name, route] of Object.entries(routes) as [string, Route][]) {
    const found = records.filter(({ code, via }) => code === `api.${name}` && via === `${route.method} ${route.path}`);
    const isRecorded = !(route.path in UNRECORDED);
    assert.equal(found.length, isRecorded ? 2 : 0, name);
    if (!isRecorded || route.allow === "public") continue;
    // At the door of screens on walls a token is nobody's.
    const isOfWalls = (route.allow as readonly string[]).includes("kiosk");
    const isAsked = ({ who, address }: Found) => who.kind === "token" && who.role === "administrator" && address;
    assert.ok(isOfWalls || found.some(isAsked), name);
    assert.ok(
      found.some(
        ({ who, outcome, refusal }) => who.kind === "unknown" && outcome === "refused" && refusal === "NOT_SIGNED_IN",
      ),
    );
  }
});

test("a record names whose data the answer had, and nobody else's; of a search only how it was asked", async () => {
  const [first, second] = beds;
  assert.ok(first && second);
  const paths = [
    [`/api/patients/${first.patientId}`, "api.patient", [first.patientId]],
    [`/api/streams?patient=${second.patientId}`, "api.streamsOfPatients", [second.patientId]],
    ["/api/patients", "api.patients", [first.patientId, second.patientId].sort()],
    [`/fhir/Patient/${second.patientId}`, "fhir.read", [second.patientId]],
    ["/fhir/Patient?name=Nobody-of-this-name", "fhir.search", undefined],
    [`/fhir/Observation?patient=${first.patientId}`, "fhir.search", [first.patientId]],
  ] as const;
  for (const [path] of paths) assert.equal((await ask(path)).status, 200, path);
  const { records, file } = await log();
  const mine = records.filter(({ outcome, who }) => outcome === "allowed" && who.kind === "token").slice(-paths.length);
  assert.deepEqual(
    mine.map(({ code, patients }) => [code, patients]),
    paths.map(([, code, patients]) => [code, patients]),
  );
  assert.deepEqual(mine[4]?.parameters, ["name"]);
  assert.ok(!readFileSync(file, "utf8").includes("Nobody-of-this-name"));
});

test("a live view is a record before it shows anything and one at its end, a device's session one and no more", async () => {
  const [bed] = beds;
  assert.ok(bed);
  const screen = new WebSocket(`${ward.url.replace("http", "ws")}/live`, {
    headers: { authorization: `Bearer ${token}` },
  });
  try {
    await new Promise((resolve, reject) => screen.once("open", resolve).once("error", reject));
    const shown = new Promise<void>((resolve) =>
      screen.on("message", (data) => String(data).includes('"snapshot"') && resolve()),
    );
    screen.send(JSON.stringify({ type: "watch", patients: [bed.patientId] }));
    await shown;
    const opened = (await log()).records.filter(({ code }) => code === "live.open");
    assert.deepEqual(
      opened.map(({ patients }) => patients),
      [[bed.patientId]],
    );
  } finally {
    screen.close();
  }
  const basic = Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64");
  const send = (password: string) =>
    fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
      method: "POST",
      headers: { authorization: `Basic ${password}`, "content-type": "application/json" },
      body: JSON.stringify({ at: Date.now(), values: { spo2: 97 } }),
    });
  for (let i = 0; i < 3; i++) assert.equal((await send(basic)).status, 200);
  assert.equal((await send(Buffer.from(`${bed.deviceId}:wrong`).toString("base64"))).status, 401);
  for (const end = performance.now() + 120_000; ; ) {
    const { records }: { records: Found[] } = await log();
    const open = records.find(({ code }) => code === "live.open");
    const closed = records.filter(({ code, opened }) => code === "live.close" && opened === open?.id);
    const sessions: Found[] = records.filter(({ code, who }) => code === "ingest.session" && who.id === bed.deviceId);
    if (closed.length === 1 && sessions.length === 2) {
      assert.deepEqual(closed[0]?.patients, [bed.patientId]);
      assert.deepEqual(
        sessions.map(({ outcome, refusal, patients }) => [outcome, refusal, patients]),
        [
          ["allowed", undefined, [bed.patientId]],
          ["refused", "DEVICE_SIGN_IN", undefined],
        ],
      );
      break;
    }
    assert.ok(performance.now() < end, `a minute later: ${closed.length} ends and ${sessions.length} sessions`);
    await wait(500);
  }
});

test("who looked at a patient is told in plain words, in the log of the house, and by whom it was", async () => {
  const [first, second] = beds;
  assert.ok(first && second);
  const began = new Date().toISOString();
  assert.equal((await ask(`/api/patients/${first.patientId}/alarms?from=0&to=1`)).status, 200);
  const history = (await (await ask(`/api/patients/${first.patientId}/access-history?limit=1`)).json()) as {
    words: string;
    id: string;
  }[];
  assert.deepEqual(
    history.map(({ words }) => words),
    ["command line (administrator) looked at your alarms, to run the hospital"],
  );
  const query = `patient=${first.patientId}&entity=Alarm&action=R&limit=1`;
  const entries = (await (await ask(`/api/audit?${query}`)).json()) as {
    id: string;
    who: { id: string };
    purpose: string | null;
    basis: string | null;
  }[];
  assert.deepEqual([entries[0]?.purpose, entries[0]?.basis], ["HOPERAT", "organisation-token"]);
  assert.deepEqual(
    entries.map(({ id }) => id),
    history.map(({ id }) => id),
  );
  const by = entries[0]?.who.id ?? "";
  const { affected } = await ward.json<{ affected: { patientId: string; times: number }[] }>(
    ...["audit", "breach", "--by", by, "--from", began],
  );
  assert.deepEqual(
    affected.map(({ patientId }) => patientId),
    [first.patientId],
  );
  const { disclosures } = await ward.json<{ disclosures: { via: string }[] }>("audit", "disclosures", second.patientId);
  assert.ok(disclosures.some(({ via }) => via === "GET /fhir/*"));
  assert.ok(!disclosures.some(({ via }) => via === "change"));
  const nurse = (await ward.json<{ token: string }>("token", "issue", "--role", "nurse")).token;
  assert.equal((await ask("/api/audit", { as: nurse })).status, 403);
});

test("commands and changes are in the log, and a file of it is verified without the server", async () => {
  const { records, file, checkpoint } = await log();
  const { key } = await ward.json<{ key: string }>("audit", "key");
  assert.ok(records.some(({ code, via }) => code === "command.token-issue" && via === "openward token issue"));
  assert.ok(records.some(({ code, via }) => code === "token.issue" && via === "change"));
  const whole = await ward.cli("audit", "verify", file, "--key", key, "--checkpoint", checkpoint);
  assert.equal(whole.code, 0, whole.stdout);
  const lines = readFileSync(file, "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes("command.token-issue"));
  writeFileSync(`${file}.edited`, lines.with(at, (lines[at] ?? "").replace("token-issue", "token-ignore")).join("\n"));
  const edited = await ward.cli("audit", "verify", `${file}.edited`, "--json");
  assert.equal(edited.code, 1);
  assert.equal(JSON.parse(edited.stdout).broken.line, at + 1);
  const { broken, compared } = await ward.json<{ broken: null; compared: { changes: number; altered: number } }>(
    ...["audit", "verify"],
  );
  assert.deepEqual([broken, compared.altered], [null, 0]);
  assert.ok(compared.changes > 0);
});
