import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { uuidV7 } from "@openward/runtime";
import { systemRuntime } from "@openward/runtime/system";
import { registerIngest } from "../../server/connect/http/index.ts";
import { createMllpEndpoint } from "../../server/connect/mllp/index.ts";
import { createMqttEndpoint } from "../../server/connect/mqtt/index.ts";
import type { DeviceAccess } from "../../server/connect/ports.ts";
import { createHttp, silentLog } from "../../server/http/index.ts";
import { createIngest } from "../../server/ingest/index.ts";
import type { Journal as IngestJournal } from "../../server/ingest/ports.ts";
import { closeServer, listenTcp, portOf } from "../../server/listen.ts";
import { quietLog, type TestDatabase } from "../../server/store/database/testing/database.ts";
import {
  type Connect,
  connectWithPg,
  type Disk,
  folderDisk,
  postgresJournalRows,
} from "../../server/store/journal/index.ts";
import { createJournal } from "../../server/store/journal/journal.ts";
import { testKeysOf } from "../../server/store/keys/testing/keys.ts";
import type { Faults } from "./faults.ts";
import type { Witness } from "./witness.ts";

/** Parts that are handed to the rooms; a plant puts a wrong one in the place of one of them. */
export interface Parts {
  readonly connect: Connect;
  readonly disk: Disk;
  readonly journal: (journal: IngestJournal) => IngestJournal;
}

export const TOKEN = "secret";
const ORGANISATION = "11111111-1111-4111-8111-111111111111";
const idOf = (n: number) => uuidV7(1_795_000_000_000 + n, new Uint8Array(10));

export interface AckServer {
  readonly httpPort: number;
  readonly mqttPort: number;
  /** Of each device, a port that is its own: HL7 has no sign-in. */
  readonly mllpPorts: ReadonlyMap<string, number>;
  readonly journal: ReturnType<typeof createJournal>;
  close(): Promise<void>;
}

/** All doors on real sockets, ingest, the journal on a real PostgreSQL and a real spool; the faults stand before these two. */
export async function openAckServer(
  database: TestDatabase,
  deviceIds: readonly string[],
  mllpDevices: readonly string[],
  { faults, witness, plant }: { faults: Faults; witness: Witness; plant?: (parts: Parts) => Partial<Parts> },
): Promise<AckServer> {
  const folder = mkdtempSync(join(tmpdir(), "openward-acks-"));
  const plain: Parts = {
    connect: faults.connect(witness.connections(connectWithPg(database.connectionConfig("ingest")))),
    disk: faults.disk(witness.disk(folderDisk(folder))),
    journal: (journal) => journal,
  };
  const parts = { ...plain, ...plant?.(plain) };
  const journal = createJournal({
    runtime: systemRuntime,
    connect: parts.connect,
    rows: postgresJournalRows(database.worker),
    disk: parts.disk,
    spoolBytesMax: 1e9,
    journalDays: 7,
    rawDays: 7,
    tails: { committed: (...what) => witness.committed(...what) },
    keys: await testKeysOf(database),
    log: quietLog,
    limits: { retryMs: 20, retryMsMax: 100 },
  });
  await journal.open();
  const inner = parts.journal(journal);
  const streams = new Set<string>();
  const associationOf = (deviceId: string) => {
    const n = deviceIds.indexOf(deviceId);
    return { id: idOf(1_000 + n), organisationId: ORGANISATION, deviceId, patientId: idOf(n), from: 0, to: null };
  };
  const ingest = createIngest({
    runtime: systemRuntime,
    directory: {
      associationAt: associationOf,
      associations: (deviceId) => [associationOf(deviceId)],
      knowsStream: (id) => streams.has(id),
      addStream: (stream) => void streams.add(stream.id),
      timeZoneAt: () => undefined,
      recordNumbersOf: () => [],
      deviceType: () => "bedside-monitor",
    },
    deliveries: { first: () => undefined },
    journal: {
      append(entries, raw) {
        witness.appended(entries);
        return inner.append(entries, raw);
      },
    },
    watch: { readings() {}, waveform() {}, event() {}, status() {}, connection() {}, clock() {} },
    live: { readings() {}, waveform() {} },
    report(error) {
      throw error;
    },
  });
  const access: DeviceAccess = {
    signIn: (deviceId, token) =>
      token === TOKEN ? { deviceId, organisationId: ORGANISATION, inCharge: new Set() } : undefined,
    signInByCertificate: () => undefined,
    signInBySetting: (deviceId) => ({ deviceId, organisationId: ORGANISATION, inCharge: new Set() }),
    isActive: () => true,
    onRevoked: () => () => {},
  };
  const mqtt = createMqttEndpoint({ ingest, access, runtime: systemRuntime, log: quietLog });
  const mllp = createMllpEndpoint({ ingest, access, runtime: systemRuntime, log: quietLog });
  const mllpListeners = await Promise.all(
    mllpDevices.map(async (deviceId) => {
      const at = { host: "127.0.0.1", port: 0, setting: "OPENWARD_MLLP_PORT" };
      return { deviceId, ...(await listenTcp(at, (socket) => mllp.handlePlain(socket, deviceId))) };
    }),
  );
  const app = await createHttp({ log: silentLog, ids: systemRuntime.ids });
  registerIngest(app, { ingest, access, runtime: systemRuntime });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const address = { host: "127.0.0.1", port: 0, setting: "OPENWARD_MQTT_PORT" };
  const listener = await listenTcp(address, (socket) => mqtt.handleStream(socket, socket.remoteAddress));
  return {
    httpPort: portOf(app.server),
    mqttPort: listener.port,
    mllpPorts: new Map(mllpListeners.map(({ deviceId, port }) => [deviceId, port])),
    journal,
    async close() {
      const closed = Promise.all([listener, ...mllpListeners].map(({ server }) => closeServer(server)));
      await Promise.all([mqtt.stop(), mllp.stop()]);
      await closed;
      await app.close();
      await journal.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
