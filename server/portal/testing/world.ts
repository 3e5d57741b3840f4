import { Readable } from "node:stream";
import { RefusedInput } from "@openward/errors";
import type { Alarm, Patient, Person, Stream } from "@openward/model";
import type { ManualRuntime } from "@openward/runtime/manual";
import type { FastifyInstance } from "fastify";
import { createHttp, silentLog } from "../../http/index.ts";
import { createPortal, type Portal, type PortalDeps } from "../portal.ts";
import type { DeviceRecord, PatientRecord, QuarantineRecord, Reading, StreamSummary } from "../ports/index.ts";
import { accessOf } from "./access.ts";
import { alarmsOf } from "./alarms.ts";
import { applicationsInMemory } from "./applications.ts";
import { devicesOf } from "./devices.ts";
import { createHeld, ORGANISATION, WARD } from "./held.ts";
import { patientsOf } from "./patients.ts";
import { peopleOf } from "./people.ts";
import { quarantineOf } from "./quarantine.ts";
import { relationsInMemory } from "./relations.ts";
import { telemetryOf } from "./telemetry.ts";

export { ORGANISATION, spo2Limits, WARD } from "./held.ts";

/** Neighbours of the portal in a few lines each, with what they hold laid open to the test. */
export interface World {
  readonly app: FastifyInstance;
  readonly portal: Portal;
  readonly runtime: ManualRuntime;
  readonly patients: Map<string, PatientRecord>;
  readonly hidden: Set<string>;
  readonly devices: Map<string, DeviceRecord>;
  readonly gatewayReports: Map<string, { detail: unknown; receivedAt: number }>;
  readonly quarantine: Map<string, QuarantineRecord>;
  readonly streams: StreamSummary[];
  readonly latest: Reading[];
  readonly alarms: Alarm[];
  readonly people: Map<string, Person>;
  /** What the portal asked of a neighbour, in order. */
  readonly asked: [string, ...unknown[]][];
  /** "token nurse" signs in as a nurse with a token, "session nurse" with a cookie. */
  call(
    as: string | null,
    method: string,
    url: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** How long ago whoever has a session showed that it is they. */
  readonly proofs: { ageMs: number; isLocked: boolean; hasPassword: boolean };
  /** As the change feed would say it. */
  patientChanged(): void;
  newPatient(name: string, more?: Partial<Patient>): PatientRecord;
  newStream(patientId: string, signal: string, more?: Partial<Stream>): Stream;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came.
  readonly body: any;
  readonly headers: Record<string, unknown>;
}

export async function createWorld(change: (deps: PortalDeps) => PortalDeps = (deps) => deps): Promise<World> {
  const held = createHeld();
  const {
    runtime,
    now,
    id,
    proofs,
    patients,
    hidden,
    devices,
    gatewayReports,
    quarantine,
    streams,
    latest,
    alarms,
    people,
    asked,
    patientListeners,
    stay,
    need,
    put,
  } = held;

  const deps: PortalDeps = {
    ...accessOf(held),
    ...patientsOf(held),
    ...devicesOf(held),
    ...quarantineOf(held),
    ...peopleOf(held),
    ...alarmsOf(held),
    ...telemetryOf(held),
    runtime,
    // The real one: test/audit.int.test.ts.
    audit: { search: async () => [], disclosures: async () => [], affected: async () => [], inWords: () => "" },
    // The real ones: test/rights.int.test.ts, server/rights/holds.int.test.ts.
    holds: {
      list: async () => [],
      place: async () => {
        throw new RefusedInput("NOT_FOUND", { at: "patient" });
      },
      end: async () => {
        throw new RefusedInput("NOT_FOUND", { at: "hold" });
      },
    },
    records: {
      find: async () => {
        throw new RefusedInput("NOT_FOUND", { at: "mrn" });
      },
    },
    everything: { begin: async () => Readable.from([Buffer.from("PK")], { objectMode: false }) },
    // The real ones, on the real database: server/store/amendments.
    amendments: {
      ofPatient: () => [],
      make: async () => {
        throw new RefusedInput("READING_NOT_THERE", { at: "at" });
      },
    },
    // The real ones: test/calendar.int.test.ts.
    calendars: {
      tasks: async () => [],
      addTask: async (task) => ({ ...task, id: "", createdAt: 0, endedAt: null }),
      endTask: async () => {},
      dueOf: async () => [],
      addresses: async () => [],
      addAddress: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
      endAddress: async () => {},
    },
    // The real ones, with real receivers: test/feeds.int.test.ts.
    feeds: {
      list: () => [],
      create: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
      pause: async () => {},
      resume: async () => {},
      end: async () => {},
      rotate: async () => null,
      ping: async () => ({ ok: false, status: null, error: null }),
      replay: async () => {},
    },
    completeness: {
      async table(_, by, ids, days) {
        asked.push(["completeness", by, ids, days]);
        return ids.map((each) => ({
          id: each,
          days: [{ day: "2026-06-10", expected: 10, received: 8, missing: { battery: 2 } }],
        }));
      },
      async day(_, of, day) {
        asked.push(["completenessDay", of, day]);
        return { span: { from: 0, to: 1 }, timeZone: "UTC", streams: [] };
      },
    },
    endings: { list: async () => [] },
    quarantineRuns: {
      counts: async () => [],
      list: async () => [],
      start: async () => need(new Map(), ""),
      state: () => need(new Map(), ""),
      apply: async () => need(new Map(), ""),
      undo: async () => need(new Map(), ""),
    },
    applications: applicationsInMemory({ now, id }),
    launches: {
      begin: async (_by, clientId, patientId) => ({
        url: `https://app.example/launch?client=${clientId}&patient=${patientId}`,
        expiresAt: now() + 300_000,
      }),
    },
    relations: relationsInMemory({ organisationId: ORGANISATION, now, id }),
    screens: { patientChanged: (patientId) => asked.push(["screens", patientId]) },
    changes: { onPatient: (listener) => void patientListeners.push(listener) },
    system: {
      version: "0.1.0",
      isDemo: true,
      publicUrl: () => "http://127.0.0.1:8080",
      mqtt: () => ({ host: "127.0.0.1", port: 1883 }),
      storage: () => "ok",
      disks: () => [{ name: "data directory", freeBytes: 1e12 }],
      archive: () => "off",
    },
    publicUrl: () => null,
    mail: {
      async sendLink(...sent) {
        asked.push(["mail", ...sent]);
      },
    },
    relyingParty: () => ({ id: "localhost", origins: ["http://localhost:8080"] }),
    kioskLink: (code) => `http://127.0.0.1:8080/kiosk#code=${code}`,
    signInLink: (token) => `http://127.0.0.1:8080/sign-in#token=${token}`,
    stepUpMs: 300_000,
    externalRedirect: () => "http://127.0.0.1:8080/sign-in/external",
  };

  const portal = createPortal(change(deps));
  const app = await createHttp({ log: silentLog, ids: runtime.ids });
  await portal.register(app);

  return {
    app,
    portal,
    runtime,
    proofs,
    patients,
    hidden,
    devices,
    gatewayReports,
    quarantine,
    streams,
    latest,
    alarms,
    people,
    asked,
    async call(as, method, url, body, headers = {}) {
      const [via, role] = as?.split(" ") ?? [];
      const credentials: Record<string, string> =
        via === "token"
          ? { authorization: `Bearer ${role}` }
          : via === "session"
            ? { cookie: `openward_session=${role}` }
            : {};
      const response = await app.inject({
        method: method as "GET",
        url,
        headers: { ...credentials, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      const text = response.payload;
      return { status: response.statusCode, body: text === "" ? null : JSON.parse(text), headers: response.headers };
    },
    patientChanged() {
      for (const listener of patientListeners) listener(ORGANISATION);
    },
    newPatient(name, more = {}) {
      const patient: Patient = {
        id: id(),
        organisationId: ORGANISATION,
        name,
        birthDate: "1951-05-17",
        sex: "male",
        mrn: `mrn-${patients.size + 1}`,
        isUnknown: false,
        timeZone: "Europe/Oslo",
        ageGroup: null,
        mergedInto: null,
        createdAt: now(),
        updatedAt: now(),
        ...more,
      };
      return put({ patient, stay: stay(patient.id, WARD.id, String(patients.size + 1)) });
    },
    newStream(patientId, signal, more = {}) {
      const stream: Stream = {
        id: id(),
        organisationId: ORGANISATION,
        patientId,
        deviceId: "oximeter-1",
        signal,
        kind: "numeric",
        unit: "%",
        ...more,
      };
      streams.push({ stream, lastAt: now() });
      return stream;
    },
  };
}

export function alarmOf(patientId: string, more: Partial<Alarm> = {}): Alarm {
  return {
    id: "a1",
    revision: 1,
    organisationId: ORGANISATION,
    patientId,
    deviceId: "oximeter-1",
    streamId: null,
    signal: "spo2",
    rule: "limit-low",
    priority: "medium",
    state: "raised",
    latched: false,
    onsetAt: Date.UTC(2026, 5, 10, 11),
    raisedAt: Date.UTC(2026, 5, 10, 11),
    conditionEndedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    value: 85,
    limit: 90,
    unit: "%",
    ...more,
  };
}
