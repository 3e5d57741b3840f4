import {
  type Device,
  NOTHING_REGISTERED,
  type Organisation,
  type Patient,
  type PatientRelation,
  type PatientView,
  type Person,
  type Principal,
  type Relation,
  type Role,
  type Stream,
  type Waveform,
} from "@openward/model";
import { manualRuntime } from "@openward/runtime/manual";
import { noTurns } from "@openward/runtime/turns";
import Fastify from "fastify";
import type { RecordContext } from "../context.ts";
import type { DeviceRecord, Reading } from "../ports.ts";
import { registerRecord } from "../register.ts";
import { type FakeTelemetry, fakeTelemetry } from "./fake-telemetry.ts";
import { assertValid } from "./valid.ts";

/** An invented ward: two patients that the token "good" may see, one that it may not. */
export const KARI = "00000000-0000-4000-8000-0000000000a1";
export const OLA = "00000000-0000-4000-8000-0000000000a2";
export const HIDDEN = "00000000-0000-4000-8000-0000000000a3";
/** A nurse, somebody of the family of Kari and of the hidden one, and Kari where she signs in herself. */
export const NURSE = "00000000-0000-4000-8000-0000000000b1";
export const KIN = "00000000-0000-4000-8000-0000000000b2";
export const SELF = "00000000-0000-4000-8000-0000000000b3";
export const KIN_OF_KARI = "00000000-0000-4000-8000-0000000000c1";
export const KIN_OF_HIDDEN = "00000000-0000-4000-8000-0000000000c2";
export const KARI_HERSELF = "00000000-0000-4000-8000-0000000000c3";
export const T0 = Date.UTC(2026, 10, 22, 6, 0, 0);
export const NOW = T0 + 3_600_000;
export const BASE = "http://ward.example/fhir";

export const organisation: Organisation = {
  id: "00000000-0000-4000-8000-000000000001",
  name: "North clinic",
  isDemo: false,
};
export const principal: Principal = {
  kind: "token",
  id: "token-1",
  display: "Registry",
  organisationId: organisation.id,
  role: "integration",
};

export function viewOf(...patientIds: string[]): PatientView {
  const set = new Set(patientIds);
  return {
    principal,
    has: (id) => set.has(id),
    patientIds: () => [...set],
    recordsOf: (id) => (set.has(id) ? [id] : []),
    hiddenOf: () => undefined,
  };
}

export function patientOf(id: string, name: string, birthDate: string | null, more: Partial<Patient> = {}): Patient {
  return {
    id,
    organisationId: organisation.id,
    name,
    birthDate,
    sex: "female",
    mrn: `MRN-${id.slice(-2)}`,
    isUnknown: false,
    timeZone: "Europe/Oslo",
    ageGroup: "adult",
    mergedInto: null,
    createdAt: T0 - 1000,
    updatedAt: T0 - 500,
    ...more,
  };
}

export function deviceOf(id: string, more: Partial<Device> = {}): Device {
  return {
    id,
    organisationId: organisation.id,
    type: "bedside-monitor",
    display: `Monitor ${id}`,
    manufacturer: "Acme",
    model: "M-1",
    serial: "S-1",
    createdAt: T0 - 2000,
    revokedAt: null,
    ...more,
  };
}

const personOf = (id: string, display: string, role: Role): Person => ({
  id,
  organisationId: organisation.id,
  display,
  role,
  createdAt: T0 - 3000,
  disabledAt: null,
});

const relationOf = (id: string, patientId: string, personId: string, relation: Relation): PatientRelation => ({
  id,
  organisationId: organisation.id,
  patientId,
  personId,
  relation,
  reason: "as the register says",
  from: T0 - 2000,
  to: null,
});

/** A stream with an id that is told from its parts. */
export function streamOf(signal: string, unit: string, more: Partial<Stream> = {}): Stream {
  const { patientId = KARI, deviceId = "monitor-1", kind = "numeric" } = more;
  const seed = `${patientId}${deviceId}${signal}${unit}`;
  let hash = 0n;
  for (const char of seed) hash = (hash * 1_000_003n + BigInt(char.charCodeAt(0))) % (1n << 128n);
  const hex = hash.toString(16).padStart(32, "0");
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return { id, organisationId: organisation.id, patientId, deviceId, signal, kind, unit };
}

export function readingOf(stream: Stream, time: number, value: number, more: Partial<Reading> = {}): Reading {
  return { stream, time, value, ordinal: 0, quality: 0, utcOffsetMinutes: null, receivedAt: time + 250, ...more };
}

export function waveformOf(
  stream: Stream,
  start: number,
  rateHz: number,
  samples: readonly number[],
  more: Partial<Waveform> = {},
): Waveform {
  return {
    stream,
    associationId: "00000000-0000-4000-8000-0000000000f1",
    start,
    rateHz,
    scale: 0.005,
    origin: 0,
    samples: Int32Array.from(samples),
    quality: 0,
    utcOffsetMinutes: null,
    receivedAt: start + 1000,
    ...more,
  };
}

export interface Ward {
  readonly telemetry: FakeTelemetry;
  readonly patients: Patient[];
  readonly devices: DeviceRecord[];
  readonly context: RecordContext;
}

export function ward(view: PatientView = viewOf(KARI, OLA), of: Organisation = organisation): Ward {
  const telemetry = fakeTelemetry();
  const patients = [
    patientOf(KARI, "Hansen, Kari Anne", "1948-03-21"),
    patientOf(OLA, "Østby, Ola", "1975-12-01", { sex: "male" }),
    patientOf(HIDDEN, "Hansen, Nils", "1960-01-01", { sex: "male" }),
  ];
  const association = {
    id: "as-1",
    organisationId: of.id,
    deviceId: "monitor-1",
    patientId: KARI,
    from: T0 - 100,
    to: null,
  };
  const devices: DeviceRecord[] = [
    { device: deviceOf("monitor-1"), association, registration: NOTHING_REGISTERED, facts: [], clock: null },
    {
      device: deviceOf("cuff_2", { type: "blood-pressure-cuff" }),
      association: { ...association, deviceId: "cuff_2", patientId: HIDDEN },
      registration: NOTHING_REGISTERED,
      facts: [],
      clock: null,
    },
  ];
  const people: Person[] = [
    personOf(NURSE, "Berg, Nina", "nurse"),
    personOf(KIN, "Hansen, Liv", "family"),
    personOf(SELF, "Hansen, Kari Anne", "patient"),
  ];
  const relations: PatientRelation[] = [
    relationOf(KIN_OF_KARI, KARI, KIN, "guardian"),
    relationOf(KIN_OF_HIDDEN, HIDDEN, KIN, "family"),
    relationOf(KARI_HERSELF, KARI, SELF, "self"),
  ];
  const { clock } = manualRuntime(NOW);
  return {
    telemetry,
    patients,
    devices,
    context: {
      telemetry,
      patients: {
        list: async () => patients.map((patient) => ({ patient })),
        find: async (_organisation, id) => {
          const patient = patients.find((candidate) => candidate.id === id);
          return patient && { patient };
        },
      },
      people: { list: async () => people, findIn: async (_asker, id) => people.find((person) => person.id === id) },
      relations: {
        find: async (_asker, id) => relations.find((relation) => relation.id === id),
        ofPatients: async (_asker, ids) => relations.filter(({ patientId }) => ids.includes(patientId)),
      },
      devices: {
        list: async () => devices,
        find: async (_organisation, id) => devices.find(({ device }) => device.id === id),
      },
      uses: {
        ofPatients: async (_asker, ids) =>
          devices.flatMap(({ association: use }) => (use && ids.includes(use.patientId) ? [use] : [])),
        use: async (_asker, id) => devices.find(({ association: use }) => use?.id === id)?.association ?? undefined,
      },
      typeOf: (id) => devices.find(({ device }) => device.id === id)?.device.type,
      amendments: { find: () => undefined, ofPatient: () => [] },
      audit: { search: async () => [] },
      consents: { ofPatients: async () => [], versions: async () => [] },
      clock,
      turn: noTurns,
      organisation: of,
      view,
      base: BASE,
      strict: false,
    },
  };
}

/** The ward behind HTTP; "Bearer good" is signed in. */
export function server({ context }: Ward) {
  const app = Fastify();
  registerRecord(app, {
    ...context,
    access: {
      authenticate: async ({ authorization }) =>
        authorization === "Bearer good"
          ? { principal, organisation: context.organisation, ...(context.app ? { app: context.app } : {}) }
          : undefined,
      viewOf: async () => context.view,
    },
    version: "0.1.0",
    publicUrl: "http://ward.example",
    smart: () => ({
      authorization_endpoint: "http://ward.example/oauth/authorize",
      token_endpoint: "http://ward.example/oauth/token",
      introspection_endpoint: "http://ward.example/oauth/introspect",
      revocation_endpoint: "http://ward.example/oauth/revoke",
    }),
  });
  const get = async (url: string, headers: Record<string, string> = {}) => {
    const answer = await app.inject({ url, headers: { authorization: "Bearer good", ...headers } });
    const body = answer.body === "" ? undefined : answer.json();
    // Whatever a test asks for, what it is given is valid.
    if (body !== undefined) assertValid(body);
    return { status: answer.statusCode, headers: answer.headers, body };
  };
  return { app, get };
}
