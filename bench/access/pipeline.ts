import { createServer } from "node:net";
import { systemRuntime } from "@openward/runtime/system";
import { createTurns } from "@openward/runtime/turns";
import { boundRefusals, recordDevices, recordRequests } from "../../server/access/audit/index.ts";
import { readConfig } from "../../server/config.ts";
import { registerIngest } from "../../server/connect/http/index.ts";
import { createMqttEndpoint } from "../../server/connect/mqtt/index.ts";
import type { DeviceAccess } from "../../server/connect/ports.ts";
import { type Foundation, openFoundation } from "../../server/foundation.ts";
import { createHttp, silentLog } from "../../server/http/index.ts";
import { createIngest, type Ingest } from "../../server/ingest/index.ts";
import { sourceOf } from "../../server/limits/index.ts";
import { listenOn, portOf } from "../../server/listen.ts";
import { createLog } from "../../server/log.ts";
import { openStore } from "../../server/open-store.ts";
import { preparedDataDir } from "../../server/store/database/testing/prepared.ts";
import { createWatch } from "../../server/watch/index.ts";
import { removeDataDir } from "../../test/support/ward.ts";

const DAY_MS = 86_400_000;
const HERE = { host: "127.0.0.1", port: 0, setting: "" };
const report = (error: unknown) => console.error(error);
const log = createLog("error");

/** Whether a door asks who it is, and records it. Off is there in this benchmark only. */
export type State = "on" | "off";

export interface Credential {
  readonly deviceId: string;
  readonly token: string;
}

/** Doors to one ingest, as in `server/main.ts`: alarms, journal and a PostgreSQL that flushes behind it; no screen is open. */
export interface Pipeline {
  readonly devices: readonly Credential[];
  open(state: State): Promise<{ readonly http: number; readonly mqtt: number }>;
  /** Takes what has gathered in memory into blocks, so that it is not done while something is measured. */
  seal(): Promise<unknown>;
  close(): Promise<void>;
}

export async function openPipeline(devices: number): Promise<Pipeline> {
  const runtime = systemRuntime;
  const dataDir = await preparedDataDir();
  const config = readConfig({ OPENWARD_DATA_DIR: dataDir });
  const foundation = await openFoundation({ config, mode: "serve", runtime, log });
  const { keys, audit, directory, watchMemory } = foundation;
  if (!keys || !audit) throw new Error("a server has keys and an audit log");
  const store = await openStore({ config, foundation, keys, runtime, turn: createTurns(runtime), log });
  const { telemetry, journal } = store;
  const watch = createWatch({
    ...{ runtime, journal, patients: directory, devices: directory, report },
    screens: { alarm: () => {}, standby: () => {} },
    memory: { ...watchMemory, lastHeard: telemetry.lastHeard, recent: telemetry.recent },
  });
  await watch.start();
  await telemetry.whole();
  watch.recovered();
  const ingest = createIngest({
    ...{ runtime, journal, watch, deliveries: telemetry.deliveries, report },
    directory: { ...directory, knowsStream: telemetry.knowsStream, addStream: telemetry.addStream },
    live: { readings: () => {}, waveform: () => {} },
  });
  const credentials = await admit(foundation, devices);
  const closings: (() => Promise<void>)[] = [];
  return {
    devices: credentials,
    seal: () => telemetry.seal({ everything: true }),
    async open(state) {
      const doors = state === "on" ? guarded(foundation, audit.writer) : unguarded(credentials, directory);
      const app = await createHttp({ log: silentLog, ids: runtime.ids });
      doors.guard(app);
      registerIngest(app, { ingest, access: doors.access, runtime });
      await app.listen({ host: HERE.host, port: 0 });
      const mqtt = createMqttEndpoint({ ingest: doors.heard(ingest), access: doors.access, runtime, log });
      const server = createServer({ noDelay: true }, (socket) => mqtt.handleStream(socket));
      await listenOn(server, HERE);
      closings.push(async () => {
        await app.close();
        const closed = new Promise((resolve) => server.close(resolve));
        await mqtt.stop();
        await closed;
        doors.close();
      });
      return { http: portOf(app.server), mqtt: portOf(server) };
    },
    async close() {
      for (const closing of closings) await closing();
      await watch.stop();
      await store.close();
      await foundation.close();
      removeDataDir(dataDir);
    },
  };
}

type App = Parameters<typeof recordRequests>[0];

interface Doors {
  readonly access: DeviceAccess;
  guard(app: App): void;
  heard(ingest: Ingest): Ingest;
  close(): void;
}

/** As `server/main.ts` has it. */
function guarded({ directory }: Foundation, writer: Parameters<typeof boundRefusals>[0]): Doors {
  const recording = { recorder: writer, runtime: systemRuntime, report };
  const patientOf = (deviceId: string) => directory.currentAssociation(deviceId)?.patientId;
  const devices = recordDevices({ ...recording, patientOf });
  const bounded = boundRefusals(writer, { runtime: systemRuntime, sourceOf, report });
  return {
    access: devices.watched(directory, "http"),
    guard: (app) => recordRequests(app, { ...recording, recorder: bounded }),
    heard: (ingest) => ({
      ...ingest,
      connection(...came) {
        devices.connection(...came);
        ingest.connection(...came);
      },
    }),
    close: () => bounded.close(),
  };
}

/** Believes every device what it says of itself, and writes nothing down. */
function unguarded(credentials: readonly Credential[], directory: Foundation["directory"]): Doors {
  const known = new Map(
    credentials.map(({ deviceId, token }) => {
      const device = directory.signIn(deviceId, token);
      if (!device) throw new Error(`${deviceId} is not known`);
      return [deviceId, { deviceId, organisationId: device.organisationId, inCharge: new Set<string>() }];
    }),
  );
  return {
    access: {
      signIn: (deviceId) => known.get(deviceId),
      signInByCertificate: () => undefined,
      isActive: () => true,
      onRevoked: () => () => {},
    },
    guard: () => {},
    heard: (ingest) => ingest,
    close: () => {},
  };
}

async function admit({ wards, patients, devices }: Foundation, count: number): Promise<Credential[]> {
  const by = "system";
  const { id: organisationId } = await wards.createOrganisation("Bench", false);
  const ward = await wards.create(organisationId, "Ward", "Etc/UTC", by);
  const admitted: Credential[] = [];
  for (let i = 0; i < count; i++) {
    const person = { birthDate: "1960-01-01", sex: "female", isUnknown: false, timeZone: "Etc/UTC", ageGroup: null };
    const named = { ...person, sex: "female" as const, name: `Bench, ${i}`, mrn: `B-${i}` };
    const patient = await patients.create(organisationId, named, by, { wardId: ward.id, bed: `${i}` });
    const made = { id: `bed-${i}`, type: "bedside-monitor", display: `Monitor ${i}` };
    const nothing = { manufacturer: null, model: null, serial: null };
    const { device, token } = await devices.create(organisationId, { ...made, ...nothing }, by);
    await devices.assign(organisationId, device.id, patient.id, Date.now() - 40 * DAY_MS, by);
    admitted.push({ deviceId: device.id, token });
  }
  return admitted;
}
