import { get } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { connectAsync } from "mqtt";
import WebSocket from "ws";
import { cookieOf, signInAs } from "../test/support/people.ts";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "../test/support/ward.ts";
import { percentile, type Row, round } from "./support.ts";

/** What is promised: gone within a second, devices within five. */
export const PROMISED_MS = { person: 1_000, device: 5_000 } as const;
const POLL_MS = 5;
const GIVEN_UP_MS = 30_000;

/** One way in which something was seen, and how long it went on after the act was asked for, each time. */
export interface Revoked {
  readonly act: string;
  readonly way: string;
  readonly promisedMs: number;
  readonly ms: readonly number[];
}

export async function revocation(): Promise<Row[]> {
  const times = Number(process.env.REVOCATIONS ?? 100);
  const found = await measureRevocation(times);
  for (const { act, way, ms, promisedMs } of found.filter((one) => Math.max(...one.ms) > one.promisedMs)) {
    console.error(`${act}, ${way}: ${round(Math.max(...ms))} ms, promised ${promisedMs}`);
    process.exitCode = 1;
  }
  return found.map(({ act, way, promisedMs, ms }) => ({
    act,
    what: way,
    times: ms.length,
    "p50 ms": round(percentile(ms, 0.5)),
    "p99 ms": round(percentile(ms, 0.99)),
    "most ms": round(Math.max(...ms)),
    "promised ms": promisedMs,
  }));
}

/** The same acts through the server's own doors, from the moment at which each is asked for to the first refusal. */
export async function measureRevocation(times: number): Promise<Revoked[]> {
  const ward = await startWard();
  try {
    const admin = await apiOf(ward);
    const beds = await addBeds(ward, 1);
    const patientId = beds[0]?.patientId ?? "";
    const found = new Map<string, { act: string; way: string; promisedMs: number; ms: number[] }>();
    const note = (act: string, way: string, ms: number, promisedMs: number = PROMISED_MS.person) => {
      const row = found.get(act + way) ?? { act, way, promisedMs, ms: [] };
      row.ms.push(ms);
      found.set(act + way, row);
    };
    const nurse = await signInAs(ward, admin, "Nina Berg", "nurse");
    const paths = {
      REST: `/api/patients/${patientId}/streams`,
      "FHIR search": `/fhir/Observation?patient=${patientId}`,
    };

    /** Does it, and notes when each way is refused. */
    const cut = async (act: string, cookie: string, doIt: () => Promise<unknown>) => {
      for (const path of Object.values(paths))
        if (!(await mayRead(ward, path, cookie))) throw new Error(`${act}: ${path} was refused before`);
      const screen = await watching(ward, cookie, patientId);
      const began = performance.now();
      const ended = Object.entries(paths).map(([way, path]) =>
        polled(async () => !(await mayRead(ward, path, cookie))).then(() => note(act, way, performance.now() - began)),
      );
      try {
        await doIt();
        await Promise.all([
          ...ended,
          within(screen.gone, `${act}: the screen`).then(() => note(act, "live stream", screen.goneAt() - began)),
        ]);
      } finally {
        screen.close();
      }
    };

    for (let n = 0; n < times; n++) {
      const [grant] = await admin<{ id: string; reach: object }[]>("GET", `/api/grants?principal=${nurse.id}`);
      await cut("grant ended", nurse.cookie, () =>
        admin("POST", `/api/grants/${grant?.id}/end`, { reason: "measured" }),
      );
      const grantee = { kind: "person", id: nurse.id };
      await admin("POST", "/api/grants", {
        grantee,
        reach: { kind: "patient", patientId },
        purpose: "monitoring",
        basis: "care-team",
        reason: "measured",
      });
      await polled(() => mayRead(ward, paths.REST, nurse.cookie));

      await cut("role removed", nurse.cookie, () => admin("PATCH", `/api/people/${nurse.id}`, { role: "researcher" }));
      await admin("PATCH", `/api/people/${nurse.id}`, { role: "nurse" });
      await polled(() => mayRead(ward, paths.REST, nurse.cookie));

      const { link } = await admin<{ link: string }>("POST", `/api/people/${nurse.id}/link`);
      const cookie = await cookieOf(ward, link);
      await polled(() => mayRead(ward, paths.REST, cookie));
      await cut("session signed out", cookie, () => asks(ward, "/api/session", cookie, "DELETE"));

      note("device revoked", "MQTT", await revokedDevice(ward, admin, n), PROMISED_MS.device);
    }
    await fill(ward, beds[0] ?? { deviceId: "", token: "" });
    const self = await signInAs(ward, admin, "Kari Abara", "patient");
    for (let n = 0; n < times; n++) {
      const relation = await admin<{ id: string }>("POST", `/api/patients/${patientId}/relations`, {
        personId: self.id,
        relation: "self",
        reason: "measured",
      });
      const cookie = await cookieOf(ward, (await admin<{ link: string }>("POST", `/api/people/${self.id}/link`)).link);
      const isByRelation = n % 2 === 0;
      const end = () =>
        isByRelation
          ? admin("POST", `/api/patients/${patientId}/relations/${relation.id}/end`)
          : asks(ward, "/api/session", cookie, "DELETE");
      note(
        isByRelation ? "relation ended" : "session signed out",
        "export",
        await cutExport(ward, `/api/me/patients/${patientId}/export`, cookie, end),
      );
      if (!isByRelation) await admin("POST", `/api/patients/${patientId}/relations/${relation.id}/end`);
    }
    return [...found.values()];
  } finally {
    await ward.stop();
    removeDataDir(ward.dataDir);
  }
}

async function mayRead(ward: RunningWard, path: string, cookie: string): Promise<boolean> {
  const answer = await asks(ward, path, cookie);
  const text = await answer.text();
  // A search that may see nobody finds nothing: an empty bundle is a refusal only where the patient is not found either.
  return (
    answer.ok &&
    !(
      path.startsWith("/fhir") &&
      !(await asks(ward, path.replace("Observation?patient=", "Patient/"), cookie)).ok &&
      !text.includes('"entry"')
    )
  );
}

function asks(ward: RunningWard, path: string, cookie: string, method = "GET"): Promise<Response> {
  return fetch(`${ward.url}${path}`, { method, headers: { cookie, origin: ward.url } });
}

async function polled(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + GIVEN_UP_MS; !(await isSo()); await wait(POLL_MS))
    if (performance.now() > end) throw new Error(`waited ${GIVEN_UP_MS / 1_000} s for a change of what may be seen`);
}

function within<T>(promise: Promise<T>, what: string): Promise<T> {
  return Promise.race([
    promise,
    wait(GIVEN_UP_MS).then(() => Promise.reject(new Error(`waited ${GIVEN_UP_MS / 1_000} s for: ${what}`))),
  ]);
}

/** An open screen that shows the patient; `gone` when it does not any more, or is closed. */
async function watching(ward: RunningWard, cookie: string, patientId: string) {
  const socket = new WebSocket(`${ward.url.replace("http", "ws")}/live`, { headers: { cookie } });
  let goneAt = 0;
  let shown = () => {};
  const isShown = new Promise<void>((resolve) => {
    shown = resolve;
  });
  const gone = new Promise<void>((resolve) => {
    const end = () => {
      goneAt ||= performance.now();
      resolve();
    };
    socket.on("close", end).on("error", end);
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as { type: string; patientId?: string; tile?: unknown };
      if (message.type === "snapshot") {
        // Whose role has changed goes on with a screen that shows nobody.
        if (String(data).includes(patientId)) shown();
        else end();
      }
      if (message.type === "patient" && message.patientId === patientId && message.tile === null) end();
    });
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.send(JSON.stringify({ type: "watch", waveforms: "none" }));
  await within(isShown, "the patient on the screen");
  return { gone, goneAt: () => goneAt, close: () => socket.terminate() };
}

/** How long a device's session goes on after it was revoked. */
async function revokedDevice(ward: RunningWard, admin: Api, n: number): Promise<number> {
  const { id, token } = await admin<{ id: string; token: string }>("POST", "/api/devices", {
    id: `gone-${n}`,
    type: "bedside-monitor",
    display: "Monitor",
  });
  const client = await connectAsync(`mqtt://127.0.0.1:${ward.mqttPort}`, {
    username: id,
    password: token,
    clientId: id,
    reconnectPeriod: 0,
  });
  const closed = new Promise<number>((resolve) => client.once("close", () => resolve(performance.now())));
  try {
    const began = performance.now();
    await admin("POST", `/api/devices/${id}/revoke`);
    return (await within(closed, "the device's session to end")) - began;
  } finally {
    client.end(true);
  }
}

/** So much that an archive of it takes seconds. */
async function fill(ward: RunningWard, { deviceId, token }: { deviceId: string; token: string }): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`;
  let state = 1;
  // What does not compress.
  const sample = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (state >>> 8) % 60_000;
  };
  const start = Date.now() - 40 * 240_000;
  for (let n = 0; n < 40; n++) {
    const samples = Array.from({ length: 60_000 }, sample);
    const body = JSON.stringify({
      signal: "ecg-lead-ii",
      start: start + n * 240_000,
      rate: 250,
      unit: "mV",
      scale: 0.005,
      origin: 0,
      samples,
    });
    const answer = await fetch(`${ward.url}/ingest/devices/${deviceId}/waveform`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body,
    });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  }
}

/** How long an archive that is being read goes on after the right to it has ended. */
function cutExport(ward: RunningWard, path: string, cookie: string, end: () => Promise<unknown>): Promise<number> {
  const result = new Promise<number>((resolve, reject) => {
    let began = 0;
    const request = get(`${ward.url}${path}`, { headers: { cookie } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`the export was answered ${response.statusCode}`));
      response.once("data", () => {
        began = performance.now();
        end().catch(reject);
      });
      response.on("data", () => {});
      response.once("end", () => reject(new Error("the export was whole before it could be cut")));
      response.once("error", () => resolve(performance.now() - began));
    });
    request.once("error", reject);
  });
  return within(result, "the export to be cut");
}
