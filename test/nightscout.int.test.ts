import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { AccessEntry, NightscoutKeysBody, NightscoutKeyWithSecretBody, StreamInfo } from "@openward/api";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "./support/ward.ts";

/** One request as a client sends it, and what must come back. */
interface Recorded {
  readonly does: string;
  readonly method: string;
  readonly path: string;
  readonly auth: "sha1" | "jwt" | "none";
  readonly gzip?: boolean;
  readonly body?: unknown;
  readonly status: number;
  readonly count?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer?: unknown;
  /** The identifier of the answer is kept under this name. */
  readonly keeps?: string;
}
interface Sequence {
  readonly client: string;
  readonly source: string;
  readonly key: string;
  readonly requests: readonly Recorded[];
}

const sequences = JSON.parse(
  readFileSync(new URL("nightscout/requests.json", import.meta.url), "utf8"),
) as readonly Sequence[];
const MINUTE = 60_000;
const sha1 = (secret: string) => createHash("sha1").update(secret).digest("hex");

let ward: RunningWard;
let admin: Api;
let beds: readonly { patientId: string; deviceId: string; token: string }[];
let now = 0;

before(async () => {
  ward = await startWard();
  admin = await apiOf(ward);
  beds = await addBeds(ward, sequences.length + 1, "cgm");
  now = Math.floor(Date.now() / 1_000) * 1_000;
});
after(async () => {
  await ward.stop();
  removeDataDir(ward.dataDir);
});

type Call = <T = unknown>(method: string, path: string, body?: unknown) => Promise<{ status: number; body: T }>;

/** Somebody who stands beside this patient, signed in. */
async function beside(patientId: string, role: "patient" | "family", relation: string): Promise<Call> {
  const { person, link } = await admin<{ person: { id: string }; link: string }>("POST", "/api/people", {
    display: `${role} of ${patientId.slice(-4)}`,
    role,
  });
  const reason = "identity card seen";
  await admin("POST", `/api/patients/${patientId}/relations`, { personId: person.id, relation, reason });
  const signedIn = await fetch(`${ward.url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: ward.url },
    body: JSON.stringify({ token: link.slice(link.indexOf("#token=") + 7) }),
  });
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  return async (method, path, body) => {
    const answered = await fetch(`${ward.url}${path}`, {
      method,
      headers: { cookie, origin: ward.url, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answered.status, body: (await answered.json()) as never };
  };
}

async function makeKey(call: Call, patientId: string, uploads = true): Promise<NightscoutKeyWithSecretBody> {
  const path = `/api/me/patients/${patientId}/nightscout`;
  const { status, body } = await call<NightscoutKeyWithSecretBody>("POST", path, { name: "An app", uploads });
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** A minute is the test's own; what a sequence kept is its. */
function filled<T>(value: T, kept: ReadonlyMap<string, string>): T {
  const inText = (text: string): unknown => {
    const whole = /^\{(ms|float) (-?\d+)\}$/.exec(text);
    if (whole) return now + Number(whole[2]) * MINUTE + (whole[1] === "float" ? 0.4 : 0);
    return text.replace(/\{(ms|iso|z|java|kept) ([^}]+)\}/g, (_, kind: string, what: string) => {
      if (kind === "kept") return kept.get(what) ?? "nothing";
      const at = now + Number(what) * MINUTE;
      if (kind === "ms") return String(at);
      if (kind === "iso") return new Date(at).toISOString();
      if (kind === "z") return new Date(at).toISOString().replace(".000Z", "Z");
      return new Date(at + 60 * MINUTE).toISOString().replace("Z", "+0100");
    });
  };
  if (typeof value === "string") return inText(value) as T;
  if (Array.isArray(value)) return value.map((one) => filled(one, kept)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, kept)])) as T;
}

/** Everything that is expected stands in it; more may. */
function includes(found: unknown, expected: unknown, place: string): void {
  if (expected === "{any}") return void assert.ok(found !== undefined && found !== null, `${place} is there`);
  if (expected === "{id}") return void assert.match(String(found), /^[0-9a-f]{24}$/, place);
  if (typeof expected !== "object" || expected === null) return void assert.equal(found, expected, place);
  assert.ok(typeof found === "object" && found !== null, `${place}: ${JSON.stringify(found)}`);
  for (const [name, one] of Object.entries(expected))
    includes((found as Record<string, unknown>)[name], one, `${place}.${name}`);
}

async function jwtOf(secret: string): Promise<string> {
  const answer = await fetch(`${ward.url}/api/v2/authorization/request/${secret}`);
  assert.equal(answer.status, 200);
  const { token, iat, exp } = (await answer.json()) as { token: string; iat: number; exp: number };
  assert.equal(exp - iat, 8 * 3600);
  return token;
}

for (const [i, { client, source, requests }] of sequences.entries()) {
  test(`${client}: its requests are answered as Nightscout would (${source.split(":")[0]})`, async () => {
    const { patientId } = beds[i] as (typeof beds)[number];
    const patient = await beside(patientId, "patient", "self");
    const { token: secret } = await makeKey(patient, patientId);
    const jwt = await jwtOf(secret);
    const kept = new Map<string, string>();
    for (const request of requests) {
      const {
        does,
        method,
        path,
        auth,
        gzip,
        body,
        status,
        count,
        headers = {},
        answer,
        keeps,
      } = filled(request, kept);
      const text = body === undefined ? undefined : JSON.stringify(body);
      const response = await fetch(`${ward.url}${path}`, {
        method,
        headers: {
          accept: "application/json",
          ...(auth === "sha1" && { "api-secret": sha1(secret) }),
          ...(auth === "jwt" && { authorization: `Bearer ${jwt}` }),
          ...(text !== undefined && { "content-type": "application/json" }),
          ...(gzip && { "content-encoding": "gzip" }),
        },
        ...(text !== undefined && { body: gzip ? gzipSync(text) : text }),
      });
      const said = await response.text();
      assert.equal(response.status, status, `${does}: ${said}`);
      const found = JSON.parse(said) as { result?: unknown; identifier?: string };
      if (count !== undefined) {
        const list = (Array.isArray(found) ? found : found.result) as unknown[];
        assert.equal(list.length, count, `${does}: ${said}`);
      }
      if (answer !== undefined) includes(found, answer, does);
      for (const [name, expected] of Object.entries(headers))
        includes(response.headers.get(name), expected, `${does}: ${name}`);
      if (keeps !== undefined) kept.set(keeps, found.identifier ?? "");
    }
  });
}

/** What the ward sees of a patient, by signal. */
async function seenOnWard(patientId: string): Promise<Record<string, number[]>> {
  const { patients } = await admin<{ patients: { streams: StreamInfo[] }[] }>(
    "GET",
    `/api/streams?patient=${patientId}`,
  );
  const ids = patients.flatMap(({ streams }) => streams.filter(({ kind }) => kind === "numeric").map(({ id }) => id));
  const query = `stream=${ids.join(",")}&from=${now - 3_600_000}&to=${now + 600_000}`;
  const { streams } = await admin<RawReadingsBody>("GET", `/api/streams/readings?${query}`);
  const all = streams.map(({ signal, pieces }) => [signal, pieces.flatMap(({ values }) => values)] as const);
  return Object.fromEntries(all.filter(([, values]) => values.length > 0));
}

interface RawReadingsBody {
  readonly streams: readonly { readonly signal: string; readonly pieces: readonly { readonly values: number[] }[] }[];
}

test("what the clients brought is measured: the ward sees it, once, and what they took back is gone", async () => {
  const [xdrip, loop, aaps] = await Promise.all(beds.slice(0, 3).map(({ patientId }) => seenOnWard(patientId)));
  assert.deepEqual(xdrip, { "glucose-interstitial": [121, 132], "glucose-blood": [126] });
  assert.deepEqual(loop, {
    "glucose-interstitial": [98],
    "glucose-trend": [0.4],
    "insulin-bolus": [1.2, 0.4],
    "carbohydrate-intake": [25],
    "insulin-basal-rate-setting": [0.85],
    "insulin-reservoir": [37.5],
    "insulin-on-board": [2.05],
  });
  assert.deepEqual(aaps, {
    "glucose-interstitial": [118],
    "insulin-bolus": [0.3],
    "insulin-reservoir": [143.2],
    "insulin-on-board": [1.725],
  });
});

test("a follower sees glucose of any device, reads only, and nothing once the key has ended or they may not see any more", async () => {
  const { patientId, deviceId, token } = beds.at(-1) as (typeof beds)[number];
  const sent = await fetch(`${ward.url}/ingest/devices/${deviceId}/readings`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Basic ${btoa(`${deviceId}:${token}`)}` },
    body: JSON.stringify([
      { at: now - 10 * MINUTE, values: { "glucose-interstitial": { value: 5.6, unit: "mmol/L" } } },
      { at: now - 5 * MINUTE, values: { "glucose-interstitial": { value: 6.4, unit: "mmol/L" } } },
    ]),
  });
  assert.equal(sent.status, 200);
  const sister = await beside(patientId, "family", "guardian");
  const { token: secret, key, url } = await makeKey(sister, patientId, false);
  assert.equal(url, `${ward.url.replace("://", `://${secret}@`)}/api/v1/`);
  const ask = (path: string, init?: RequestInit) => fetch(`${ward.url}${path}`, init);
  const entries = (await (await ask(`/api/v1/entries/sgv.json?count=2&token=${secret}`)).json()) as {
    sgv: number;
    direction: string;
  }[];
  assert.deepEqual(
    entries.map(({ sgv, direction }) => [sgv, direction]),
    [
      [115.3, "SingleUp"],
      [100.9, "NONE"],
    ],
  );
  const upload = { method: "POST", body: "[]", headers: { "api-secret": sha1(secret) } };
  assert.equal((await ask("/api/v1/entries", upload)).status, 401);
  const verified = (await (await ask(`/api/v1/verifyauth?token=${secret}`)).json()) as { message: object };
  assert.deepEqual(verified.message, {
    canRead: true,
    canWrite: false,
    isAdmin: false,
    message: "OK",
    rolefound: "FOUND",
    permissions: "ROLE",
  });
  // Of another patient's records there is nothing to be had with it, and without it nothing at all.
  for (const bad of [
    "",
    `?token=${secret.slice(0, -1)}${secret.endsWith("0") ? "1" : "0"}`,
    "?secret=owns-",
    `?token=${sha1("another")}`,
  ])
    assert.equal((await ask(`/api/v1/entries.json${bad}`)).status, 401, bad);
  const looked = await admin<AccessEntry[]>("GET", `/api/patients/${patientId}/access-history?limit=20`);
  assert.ok(
    looked.some(({ words: text }) => /An app, for family of .{4} \(family\), looked at your measurements/.test(text)),
    JSON.stringify(looked.map(({ words }) => words)),
  );
  const jwt = await jwtOf(secret);
  const path = `/api/me/patients/${patientId}/nightscout/${key.id}/end`;
  const { body } = await sister<NightscoutKeysBody>("POST", path);
  assert.deepEqual(body.keys, []);
  assert.equal((await ask(`/api/v1/entries.json?token=${secret}`)).status, 401);
  assert.equal((await ask("/api/v3/entries", { headers: { authorization: `Bearer ${jwt}` } })).status, 401);
});

test("nothing of a body is read before it is known who sends it, and a bomb is refused", async () => {
  const { patientId } = beds[0] as (typeof beds)[number];
  const patient = await beside(patientId, "patient", "self").catch(() => undefined);
  assert.equal(patient, undefined, "a patient has one sign-in of their own");
  const bomb = new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024, "[")));
  const send = (headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer>) =>
    fetch(`${ward.url}/api/v1/entries`, { method: "POST", headers, body });
  assert.equal((await send({ "content-encoding": "gzip" }, bomb)).status, 401);
  const cousin = await beside(patientId, "family", "guardian");
  const { token: secret } = await makeKey(cousin, patientId);
  const headers = { "api-secret": sha1(secret) };
  assert.equal((await send({ ...headers, "content-encoding": "gzip" }, bomb)).status, 413);
  const wrong = await send(headers, '[{"type":"sgv"');
  assert.equal(wrong.status, 400);
  assert.match(await wrong.text(), /"code":"MALFORMED_JSON"/);
  const undated = await send(headers, JSON.stringify([{ type: "sgv", sgv: 100, date: "tomorrow" }]));
  assert.equal(undated.status, 400);
  assert.match(await undated.text(), /\[0\]\.date/);
});
