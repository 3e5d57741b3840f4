import { systemRuntime } from "@openward/runtime/system";
import { type Recorder, recordDevices, recordRequests } from "../server/access/audit/index.ts";
import { registerIngest } from "../server/connect/http/index.ts";
import type { DeviceAccess } from "../server/connect/ports.ts";
import { createHttp, silentLog } from "../server/http/index.ts";
import { harness, ORGANISATION } from "../server/ingest/testing/harness.ts";
import { hashToken, isToken } from "../server/store/registry/device-tokens.ts";
import { percentile, type Row, round } from "./support.ts";

const MESSAGES = 400;
const ROUNDS = 16;
const AT_ONCE = 64;
const TOKEN = Buffer.from(systemRuntime.random.bytes(32)).toString("base64url");
const READINGS = [1, 100] as const;

/**
 * What the access checks and the audit take from ingest: HTTP, JSON, no network and no journal behind it, so that what they
 * add is seen at its largest. On: the token is looked at as in the product, the door's hook and the device sessions record.
 */
export async function ingestRows(
  recorder: Recorder & { readonly state: "ok" | "spooling" | "failed" },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const readings of READINGS) {
    const apps = { off: await appOf(undefined), on: await appOf(recorder) };
    const ratios: number[] = [];
    const times = { off: [] as number[], on: [] as number[] };
    let at = Date.now() - 86_400_000;
    for (let n = 0; n < ROUNDS; n++) {
      const cpu = { off: 0, on: 0 };
      // In turns, so that what else the machine does falls on both.
      for (const state of n % 2 === 0 ? (["off", "on"] as const) : (["on", "off"] as const)) {
        const bodies = Array.from({ length: MESSAGES }, () =>
          JSON.stringify(
            Array.from({ length: readings }, () => ({ at: at++, values: { "heart-rate": 60 + (at % 40), spo2: 97 } })),
          ),
        );
        cpu[state] = await microsecondsEach(apps[state], bodies);
      }
      // The first rounds are compiled meanwhile.
      if (n < 4) continue;
      times.off.push(cpu.off);
      times.on.push(cpu.on);
      ratios.push(cpu.on / cpu.off - 1);
    }
    for (const state of ["off", "on"] as const)
      rows.push({
        what: `ingest over HTTP, ${2 * readings} readings a message, access and audit ${state}`,
        "CPU, us a message": round(percentile(times[state], 0.5)),
        "added, median of pairs": state === "on" ? `${round(100 * percentile(ratios, 0.5))} %` : "",
      });
    await apps.off.close();
    await apps.on.close();
  }
  return rows;
}

type App = Awaited<ReturnType<typeof createHttp>>;

async function appOf(recorder: Parameters<typeof ingestRows>[0] | undefined): Promise<App> {
  const { ingest, associations } = harness();
  const [association] = associations;
  if (association) associations[0] = { ...association, from: 0 };
  const app = await createHttp({ log: silentLog, ids: systemRuntime.ids });
  const signedIn = { deviceId: "mon", organisationId: ORGANISATION, inCharge: new Set<string>() };
  const expected = hashToken(TOKEN);
  let access: DeviceAccess = {
    signIn: (_deviceId, token) => (recorder && !isToken(token, expected) ? undefined : signedIn),
    signInByCertificate: () => undefined,
    isActive: () => true,
    onRevoked: () => () => {},
  };
  const recording = { runtime: systemRuntime, report: (error: unknown) => console.error(error) };
  if (recorder) {
    recordRequests(app, { recorder, ...recording });
    access = recordDevices({ recorder, ...recording, patientOf: () => undefined }).watched(access);
  }
  registerIngest(app, { ingest, access, runtime: systemRuntime });
  await app.ready();
  return app;
}

/** Of the whole process, so that what else the machine does counts little. */
async function microsecondsEach(app: App, bodies: readonly string[]): Promise<number> {
  const authorization = `Basic ${Buffer.from(`mon:${TOKEN}`).toString("base64")}`;
  const headers = { authorization, "content-type": "application/json" };
  const left = [...bodies];
  const one = async () => {
    for (let payload = left.pop(); payload !== undefined; payload = left.pop()) {
      const url = "/ingest/devices/mon/readings";
      const { statusCode, body } = await app.inject({ method: "POST", url, headers, payload });
      if (statusCode !== 200) throw new Error(`answered ${statusCode}: ${body}`);
    }
  };
  const began = process.cpuUsage();
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  const { user, system } = process.cpuUsage(began);
  return (user + system) / bodies.length;
}
