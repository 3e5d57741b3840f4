import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { preparedDataDir } from "../../server/store/database/testing/prepared.ts";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const cli = join(root, "server/cli/main.ts");

export interface Ready {
  readonly url: string;
  readonly httpPort: number;
  readonly mqttPort: number;
  readonly httpsPort: number | null;
  readonly mqttsPort: number | null;
  readonly mllpPort: number | null;
  readonly mllpsPort: number | null;
  /** One-time sign-in links by role. */
  readonly links: Readonly<Record<string, string>>;
}

/** A real Openward, in a process of its own, on free ports and a data directory of its own. */
export interface RunningWard extends Ready {
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** Milliseconds from the start of the process to readiness. */
  readonly startMs: number;
  /** Runs the command line against this ward. */
  cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** The same, and reads its one JSON object; throws when it fails. */
  json<T = Record<string, string>>(...args: string[]): Promise<T>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** What the server has written to standard error so far. */
  log(): string;
  /** Resolves when it has written this: it may come behind what it is about. @throws after two minutes */
  logged(what: RegExp): Promise<void>;
}

export function temporaryDataDir(): string {
  return mkdtempSync(join(tmpdir(), "openward-"));
}

export function removeDataDir(path: string): void {
  // The database of a server that was killed writes for a moment more.
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

const START_MS_MAX = 180_000;

/** @param command "serve" or "demo" */
export async function startWard(
  options: {
    command?: "serve" | "demo";
    dataDir?: string;
    env?: Record<string, string>;
    httpPort?: number;
    mqttPort?: number;
    args?: string[];
  } = {},
): Promise<RunningWard> {
  const dataDir = options.dataDir ?? (await preparedDataDir());
  const env = {
    ...process.env,
    OPENWARD_DATA_DIR: dataDir,
    OPENWARD_HTTP_PORT: String(options.httpPort ?? 0),
    OPENWARD_MQTT_PORT: String(options.mqttPort ?? 0),
    OPENWARD_LOG_LEVEL: "warn",
    // A test asks in a second what a person asks in an hour.
    OPENWARD_RATE_LIMIT: "0",
    // A busy machine takes longer over a file of tests than a proof lasts.
    OPENWARD_STEP_UP_MINUTES: "720",
    ...options.env,
  };
  const began = performance.now();
  const child = spawn(process.execPath, [cli, options.command ?? "serve", "--json", ...(options.args ?? [])], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors = (errors + chunk).slice(-200_000);
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    let out = "";
    const onData = (chunk: Buffer) => {
      out += chunk;
      const end = out.indexOf("\n");
      if (end < 0) return;
      child.stdout.off("data", onData);
      child.stdout.resume();
      const answer = JSON.parse(out.slice(0, end));
      if (answer.error) reject(new Error(`the ward did not start: ${answer.error.message}`));
      else resolve(answer);
    };
    child.stdout.on("data", onData);
    child.once("exit", (code, signal) =>
      reject(new Error(`the ward ended at its start (${code ?? signal}): ${errors}`)),
    );
    const giveUp = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`the ward did not start within ${START_MS_MAX / 1_000} s: ${errors}`));
    }, START_MS_MAX);
    child.stdout.once("data", () => clearTimeout(giveUp));
    child.once("exit", () => clearTimeout(giveUp));
  });
  const startMs = performance.now() - began;
  const commandEnv = { ...env, OPENWARD_HTTP_PORT: String(ready.httpPort), OPENWARD_MQTT_PORT: String(ready.mqttPort) };

  const ward: RunningWard = {
    ...ready,
    dataDir,
    process: child,
    startMs,
    cli: (...args) => runCli(args, commandEnv),
    async json<T>(...args: string[]) {
      const { code, stdout, stderr } = await runCli([...args, "--json"], commandEnv);
      if (code !== 0) throw new Error(`openward ${args.join(" ")} ended with ${code}: ${stdout}${stderr}`);
      return JSON.parse(stdout) as T;
    },
    stop: (signal = "SIGTERM") => end(child, signal),
    log: () => errors,
    async logged(what) {
      for (const end = performance.now() + 120_000; !what.test(errors); await wait(20))
        if (performance.now() > end) throw new Error(`it did not write ${what} within two minutes, but: ${errors}`);
    },
  };
  return ward;
}

export function runCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

/** A ward with `count` patients, each with one device; ids and tokens as the command line gives them. */
export async function addBeds(
  ward: RunningWard,
  count: number,
  type = "bedside-monitor",
): Promise<{ patientId: string; deviceId: string; token: string }[]> {
  const api = await apiOf(ward);
  const wards = await api<{ id: string }[]>("GET", "/api/wards");
  const wardId = wards[0]?.id;
  const beds: { patientId: string; deviceId: string; token: string }[] = [];
  for (let i = 0; i < count; i++) {
    const patient = await api<{ id: string }>("POST", "/api/patients", {
      name: `${NAMES[i % NAMES.length]}${i}, Test`,
      mrn: `T-${1000 + i}`,
      birthDate: "1960-01-01",
      sex: "female",
      wardId,
      bed: String(i + 1),
      seenSimilar: beds.map((bed) => bed.patientId),
    });
    const { id, token } = await api<{ id: string; token: string }>("POST", "/api/devices", {
      id: `bed-${i}`,
      type,
      display: `Monitor ${i}`,
    });
    await api("POST", `/api/devices/${id}/assign`, { patientId: patient.id, from: Date.now() - 40 * 86_400_000 });
    beds.push({ patientId: patient.id, deviceId: id, token });
  }
  return beds;
}

// Family names far enough apart that none warns of another.
const NAMES = ["Abara", "Bellini", "Cortez", "Dubois", "Eklund", "Fujita", "Gruber", "Horvath", "Ibsen", "Jansky"];

export type Api = <T = unknown>(method: string, path: string, body?: unknown) => Promise<T>;

/** The portals' API under an administrator's token; throws on any answer but 2xx. */
export async function apiOf(ward: RunningWard, role = "administrator"): Promise<Api> {
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", role);
  return async (method, path, body) => {
    const response = await fetch(`${ward.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? null : JSON.parse(text)) as never;
  };
}

/** What a start of the largest campaign reads back; it takes a machine at rest a part of it. */
const RECOVERED_WITHIN_MS = 300_000;

/** A FHIR read or search; asks again while the server reads back what was before its start, throws on any other answer but 200. */
export async function fhirOf(ward: RunningWard): Promise<<T = Record<string, unknown>>(path: string) => Promise<T>> {
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "integration");
  return async (path) => {
    const url = path.startsWith("http") ? path : `${ward.url}/fhir/${path}`;
    const headers = { authorization: `Bearer ${token}`, accept: "application/fhir+json" };
    const until = performance.now() + RECOVERED_WITHIN_MS;
    for (;;) {
      const response = await fetch(url, { headers });
      if (response.ok) return (await response.json()) as never;
      const problem = await response.text();
      const isRecovering = response.status === 503 && problem.includes("STORE_RECOVERING");
      if (!isRecovering || performance.now() > until) throw new Error(`${url}: ${response.status} ${problem}`);
    }
  };
}
