import { get, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import WebSocket from "ws";
import type { RunningWard } from "./ward.ts";

/** As a person's portal at its most busy: asking more often measures the asking. */
const POLL_MS = 20;
const GIVEN_UP_MS = 120_000;

/** What a browser or a program sends so that it is known who asks. */
export type Credential = { readonly cookie: string } | { readonly authorization: string };

/** The patient who is looked at: a heart rate and an ECG are measured of them. */
export interface Looked {
  readonly patientId: string;
  readonly ecgId: string;
  readonly from: number;
  readonly to: number;
}

export type WayName = "REST" | "read" | "search" | "live" | "export" | "archive";

/** Somebody is seeing a patient this way, and goes on until they see them no more. */
export interface WayIn {
  readonly name: WayName;
  /** Resolves with the monotonic time at which nothing of the patient came any more. */
  readonly gone: Promise<number>;
  /** What ends it was done: what lies in buffers is not counted as what still comes. */
  hurry?(): void;
  close(): void;
}

const HEART = "heart-rate";
const HEART_LOINC = "8867-4";

/** Opens each of these ways; each has shown the patient when this resolves. */
export async function openWays(
  ward: RunningWard,
  who: Credential,
  looked: Looked,
  names: readonly WayName[],
): Promise<WayIn[]> {
  const opened: WayIn[] = [];
  try {
    // An export last: it is under way when the others are.
    for (const name of names) opened.push(await OPEN[name](ward, who, looked));
    return opened;
  } catch (error) {
    for (const way of opened) way.close();
    throw error;
  }
}

type Open = (ward: RunningWard, who: Credential, looked: Looked) => Promise<WayIn>;

const OPEN: Readonly<Record<WayName, Open>> = {
  REST: (ward, who, { patientId }) => asked("REST", ward, who, `/api/patients/${patientId}/streams`, HEART),
  read: (ward, who, { patientId }) => asked("read", ward, who, `/fhir/Patient/${patientId}`, patientId),
  search: (ward, who, { patientId }) =>
    asked("search", ward, who, `/fhir/Observation?patient=${patientId}&code=${HEART_LOINC}&_count=1`, HEART_LOINC),
  live: screen,
  export: (ward, who, { ecgId, from, to }) =>
    readTo("export", `${ward.url}/api/streams/waveform?stream=${ecgId}&from=${from}&to=${to}`, who),
  archive: (ward, who, { patientId }) =>
    "cookie" in who
      ? readTo("archive", `${ward.url}/api/me/patients/${patientId}/export`, who)
      : readTo("archive", `${ward.url}/api/rights/patients/${patientId}/export`, who, { reason: "measured" }),
};

/** Asked again and again until the answer has nothing of it. */
async function asked(name: WayName, ward: RunningWard, who: Credential, path: string, mark: string): Promise<WayIn> {
  const shows = async () => {
    const answer = await fetch(`${ward.url}${path}`, { headers: { ...who } });
    const text = await answer.text();
    if (answer.status >= 500) throw new Error(`${path}: ${answer.status} ${text}`);
    return answer.ok && found(text, mark);
  };
  await until(`${path} to show the patient`, shows);
  let isClosed = false;
  const gone = (async () => {
    for (const end = performance.now() + GIVEN_UP_MS; await shows(); await wait(POLL_MS))
      if (isClosed || performance.now() > end) throw new Error(`${path} went on for ${GIVEN_UP_MS / 1_000} s`);
    return performance.now();
  })();
  gone.catch(() => {});
  const close = () => {
    isClosed = true;
  };
  return { name, gone, close };
}

/** A search says what it was asked in its links. */
const found = (text: string, mark: string) =>
  text.startsWith('{"resourceType":"Bundle"') ? text.includes('"entry"') : text.includes(mark);

/** An open screen: over when the patient has left it, when the heart rate has left their tile, or when it was closed. */
async function screen(ward: RunningWard, who: Credential, { patientId }: Looked): Promise<WayIn> {
  const socket = new WebSocket(`${ward.url.replace("http", "ws")}/live`, { headers: { ...who } });
  let shown = () => {};
  const isShown = new Promise<void>((resolve) => {
    shown = resolve;
  });
  const gone = new Promise<number>((resolve) => {
    const end = () => resolve(performance.now());
    socket.on("close", end).on("error", end);
    socket.on("message", (data) => {
      const text = String(data);
      const { type, patientId: whose } = JSON.parse(text) as { type: string; patientId?: string };
      // Whose role has changed may go on with a screen that shows nobody.
      if (type === "snapshot" && text.includes(patientId) && text.includes(HEART)) shown();
      else if (type === "snapshot" || (type === "patient" && whose === patientId && !text.includes(HEART))) end();
    });
  });
  const close = () => socket.terminate();
  try {
    await within(new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject)), "a live socket");
    socket.send(JSON.stringify({ type: "watch", waveforms: "none" }));
    await within(isShown, "the patient on the screen");
  } catch (error) {
    close();
    throw error;
  }
  return { name: "live", gone: within(gone, "the patient to leave the screen"), close };
}

/** Slow, so that the answer lasts; and, when what ends it was done, so fast that no more than the server makes is to be read. */
const READ_BYTES_PER_MS = { slow: 4_000, fast: 64_000 } as const;

/** A long answer that is being read; over when the last byte of it was read and it was not whole. */
async function readTo(name: WayName, url: string, who: Credential, body?: object): Promise<WayIn> {
  let close = () => {};
  let pace: keyof typeof READ_BYTES_PER_MS = "slow";
  const begun = new Promise<{ gone: Promise<number> }>((resolve, reject) => {
    const options = { headers: { ...who, ...(body ? { "content-type": "application/json" } : {}) } };
    const sent = (body ? request(url, { ...options, method: "POST" }) : get(url, options)).once("error", reject);
    if (body) sent.end(JSON.stringify(body));
    close = () => sent.destroy();
    sent.once("response", (answer) => {
      if (answer.statusCode !== 200) return reject(new Error(`the ${name} was answered ${answer.statusCode}`));
      const gone = new Promise<number>((cut, failed) => {
        answer.once("error", () => cut(performance.now()));
        answer.once("end", () => failed(new Error(`the ${name} was whole before it could be cut`)));
      });
      gone.catch(() => {});
      answer.on("data", (part: Buffer) => {
        resolve({ gone });
        answer.pause();
        setTimeout(() => answer.resume(), part.length / READ_BYTES_PER_MS[pace]);
      });
    });
  });
  const { gone } = await within(begun, `the ${name} to begin`);
  const hurry = () => {
    pace = "fast";
  };
  return { name, gone: within(gone, `the ${name} to be cut`), hurry, close };
}

export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + GIVEN_UP_MS; !(await isSo()); await wait(POLL_MS))
    if (performance.now() > end) throw new Error(`waited ${GIVEN_UP_MS / 1_000} s for: ${what}`);
}

export function within<T>(promise: Promise<T>, what: string): Promise<T> {
  const bound = new AbortController();
  const late = wait(GIVEN_UP_MS, null, { signal: bound.signal, ref: false }).then(() => {
    throw new Error(`waited ${GIVEN_UP_MS / 1_000} s for: ${what}`);
  });
  const first = Promise.race([promise, late]).finally(() => bound.abort());
  first.catch(() => {});
  return first;
}

/** A heart rate now, and so much ECG behind it that reading it takes a while. @returns what is looked at */
export async function measureLong(
  ward: RunningWard,
  { patientId, deviceId, token }: { readonly patientId: string; readonly deviceId: string; readonly token: string },
  { minutes, authorization }: { readonly minutes: number; readonly authorization: string },
): Promise<Looked> {
  const headers = {
    authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
    "content-type": "application/json",
  };
  const send = async (kind: "readings" | "waveform", body: object) => {
    const url = `${ward.url}/ingest/devices/${deviceId}/${kind}`;
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  };
  // What does not compress.
  let state = 1;
  const sample = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (state >>> 8) % 60_000;
  };
  const to = Date.now();
  const from = to - minutes * 60_000;
  const ecg = { signal: "ecg-lead-ii", rate: RATE_HZ, unit: "mV", scale: 0.005, origin: 0 };
  for (let start = from; start < to; start += 60_000)
    await send("waveform", { ...ecg, start, samples: Array.from({ length: 60 * RATE_HZ }, sample) });
  await send("readings", { at: to, values: { [HEART]: 72 } });
  const answer = await fetch(`${ward.url}/api/patients/${patientId}/streams`, { headers: { authorization } });
  const streams = (await answer.json()) as { id: string; signal: string }[];
  const ecgId = streams.find(({ signal }) => signal === "ecg-lead-ii")?.id;
  if (ecgId === undefined) throw new Error("the ECG is no stream of the patient");
  return { patientId, ecgId, from, to };
}

const RATE_HZ = 1_000;
