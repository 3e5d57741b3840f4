import { Readable } from "node:stream";
import { RefusedInput } from "@openward/errors";
import {
  type Alarm,
  type Association,
  type Device,
  NOTHING_REGISTERED,
  type Patient,
  type PatientView,
  type Person,
  type Role,
  type Stay,
  type Stream,
  type Ward,
} from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import type { FastifyInstance } from "fastify";
import { createHttp, silentLog } from "../../http/index.ts";
import { createPortal, type Portal, type PortalDeps } from "../portal.ts";
import type {
  Authenticated,
  DeviceRecord,
  PatientLimits,
  PatientRecord,
  Place,
  QuarantineRecord,
  Reading,
  StreamSummary,
} from "../ports/index.ts";
import { applicationsInMemory } from "./applications.ts";
import { relationsInMemory } from "./relations.ts";

export const ORGANISATION = "00000000-0000-7000-8000-00000000000a";
export const WARD: Ward = {
  id: "00000000-0000-7000-8000-00000000000b",
  organisationId: ORGANISATION,
  name: "Ward 4",
  timeZone: "Europe/Oslo",
};

/** As a screen would send them. */
export const spo2Limits = {
  signal: "spo2",
  low: 90,
  high: null,
  criticalLow: 85,
  criticalHigh: null,
  priority: "medium",
  delayMs: 10_000,
  hysteresis: 1,
  latching: true,
  enabled: true,
} as const;

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

const refuseSignIn = async () => {
  throw new RefusedInput("SIGN_IN_REFUSED");
};

export async function createWorld(change: (deps: PortalDeps) => PortalDeps = (deps) => deps): Promise<World> {
  const runtime = manualRuntime(Date.UTC(2026, 5, 10, 12));
  const now = () => runtime.clock.now();
  const id = () => runtime.ids.uuid();
  const proofs = { ageMs: 0, isLocked: false, hasPassword: false };
  const patients = new Map<string, PatientRecord>();
  const hidden = new Set<string>();
  const devices = new Map<string, DeviceRecord>();
  const charges: { gatewayId: string; deviceId: string }[] = [];
  const gatewayVersions = new Map<string, Awaited<ReturnType<PortalDeps["gateways"]["versionsOf"]>>>();
  const gatewayReports = new Map<string, { detail: unknown; receivedAt: number }>();
  const quarantine = new Map<string, QuarantineRecord>();
  const streams: StreamSummary[] = [];
  const latest: Reading[] = [];
  const alarms: Alarm[] = [];
  const people = new Map<string, Person>();
  const enabled = (personId: string, disabledAt: number | null) => {
    const person = { ...need(people, personId), disabledAt };
    people.set(personId, person);
    return person;
  };
  const limits = new Map<string, PatientLimits>();
  const asked: [string, ...unknown[]][] = [];
  const patientListeners: ((organisationId: string) => void)[] = [];

  const stay = (patientId: string, wardId: string, bed: string): Stay & { wardName: string } => ({
    id: id(),
    organisationId: ORGANISATION,
    patientId,
    wardId,
    wardName: WARD.name,
    bed,
    from: now(),
    to: null,
  });
  const need = <T>(map: Map<string, T>, key: string): T => {
    const found = map.get(key);
    if (!found) throw new RefusedInput("NOT_FOUND");
    return found;
  };
  const put = (record: PatientRecord) => {
    patients.set(record.patient.id, record);
    return record;
  };
  const checkFree = (patientId: string | null, { wardId, bed, shareBed }: Place) => {
    const isTaken = [...patients.values()].some(
      (r) => r.patient.id !== patientId && r.stay?.wardId === wardId && r.stay.bed === bed,
    );
    if (isTaken && !shareBed) throw new RefusedInput("BED_OCCUPIED", { at: "bed" });
  };
  const lay = (patientId: string, place: Place) => {
    checkFree(patientId, place);
    return put({ ...need(patients, patientId), stay: stay(patientId, place.wardId, place.bed) });
  };
  const viewFor = (principal: Authenticated["principal"]): PatientView => ({
    principal,
    has: (patientId) => patients.has(patientId) && !hidden.has(patientId),
    patientIds: () => [...patients.keys()].filter((key) => !hidden.has(key)),
    recordsOf: (patientId) => (patients.has(patientId) && !hidden.has(patientId) ? [patientId] : []),
    hiddenOf: () => undefined,
  });
  const authenticated = (via: "session" | "token", role: Role): Authenticated => ({
    principal: {
      kind: via === "token" ? "token" : "person",
      id: `${role}-1`,
      display: `A ${role}`,
      organisationId: ORGANISATION,
      role,
    },
    organisation: { id: ORGANISATION, name: "Demo hospital", isDemo: true },
    expiresAt: now() + 3_600_000,
    via,
    ...(via === "session" ? { proof: { by: "passkey" as const, at: now() - proofs.ageMs } } : {}),
  });
  const wall: Authenticated = {
    principal: { kind: "kiosk", id: id(), display: "Corridor", organisationId: ORGANISATION, role: "kiosk" },
    organisation: { id: ORGANISATION, name: "Demo hospital", isDemo: true },
    expiresAt: now() + 3_600_000,
    via: "kiosk",
    kiosk: { wardId: id(), shows: "number", takesBadges: false },
  };
  const worn = (deviceId: string, patientId: string, from: number): Association => ({
    id: id(),
    organisationId: ORGANISATION,
    deviceId,
    patientId,
    from,
    to: null,
  });

  const deps: PortalDeps = {
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
    access: {
      async authenticate({ cookie, authorization }, { locked, kiosk } = {}) {
        if (kiosk) return cookie?.startsWith("openward_kiosk=") ? wall : undefined;
        const role = (authorization?.slice("Bearer ".length) ?? cookie?.slice("openward_session=".length)) as
          | Role
          | undefined;
        if (proofs.isLocked && !locked && !authorization) return undefined;
        return role ? authenticated(authorization ? "token" : "session", role) : undefined;
      },
      async signIn(token) {
        if (token !== "a-good-one-time-token") throw new RefusedInput("LINK_EXPIRED");
        return { authenticated: authenticated("session", "nurse"), cookie: "openward_session=nurse; HttpOnly" };
      },
      signOut: async () => ({ cookie: "openward_session=; Max-Age=0" }),
      viewOf: async (principal) => viewFor(principal),
      subjectViewOf: async (principal) => viewFor(principal),
      signInWithPasskey: async () => {
        throw new RefusedInput("SIGN_IN_REFUSED");
      },
      signOutEverywhere: async () => ({ cookie: "openward_session=; Max-Age=0" }),
      sessionsOf: async () => [],
      endSession: async () => {},
      // The real ones, with real clients' requests: test/nightscout.int.test.ts.
      nightscout: {
        async create() {
          throw new RefusedInput("NOT_FOUND", { at: "patientId" });
        },
        list: async () => [],
        end: async () => {},
      },
      // The real ones, with a real authenticator: server/access/passkeys.int.test.ts, web/e2e/passkey.test.ts.
      passkeys: {
        list: async () => [],
        enrolmentOptions: async () => ({}),
        remove: async () => {},
        signInOptions: async () => ({}),
        proofOptions: async () => ({}),
      },
      addPasskey: refuseSignIn,
      codes: {
        of: async () => ({ signInName: proofs.hasPassword ? "nina" : null, since: null, recoveryCodesLeft: 0 }),
        begin: async () => ({ signInName: "", secret: "", uri: "" }),
        confirm: async () => [],
        remove: async () => {},
      },
      // The real ones: server/access/factors/code-sign-in.int.test.ts.
      screen: {
        input: async () => {},
        lockAfter: async () => {},
        lock: async () => {},
        unlock: refuseSignIn,
        pins: { has: async () => false, set: async () => {}, remove: async () => {} },
      },
      // The real ones: server/access/kiosk/kiosks.int.test.ts.
      kiosks: {
        list: async () => [],
        add: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        newCode: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        end: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        enrol: async () => Promise.reject(new RefusedInput("LINK_EXPIRED")),
        renew: async () => undefined,
        passkeyOptions: async () => ({}),
        whoIs: refuseSignIn,
        viewOfOne: async (principal) => viewFor(principal),
      },
      badges: { has: async () => false, set: async () => {}, remove: async () => {} },
      // The real one, at a real provider: server/access/external/external-sign-in.int.test.ts.
      external: {
        name: null,
        list: async () => [],
        begin: refuseSignIn,
        link: refuseSignIn,
        remove: async () => {},
      },
      signInOutside: refuseSignIn,
      signInWithCodes: refuseSignIn,
      proveWithPasskey: refuseSignIn,
      proveWithCodes: refuseSignIn,
      // The real ones, on the real database: server/access/grants.
      grants: {
        add: async () => [],
        end: async () => {
          throw new RefusedInput("NOT_FOUND", { at: "grant" });
        },
        list: async () => [],
        async assignNewcomer(person, by) {
          asked.push(["assign newcomer", person.id, by]);
        },
      },
      monitoring: { unwatched: async () => [], ofPatient: async () => [{ at: 5, isWatched: false }] },
      // The real ones, on the real database: server/access/consent, test/consent.int.test.ts.
      consents: {
        say: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        change: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        withdraw: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        find: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        ofPatients: async () => [],
        hiddenFrom: async () => [],
        isSeen: async () => false,
        versions: async () => [],
      },
      breakGlass: {
        open: async () => {
          throw new RefusedInput("NOT_FOUND", { at: "patient" });
        },
        running: async () => [],
        end: async () => {
          throw new RefusedInput("NOT_FOUND", { at: "id" });
        },
        list: async () => [],
        review: async () => {
          throw new RefusedInput("NOT_FOUND", { at: "id" });
        },
      },
      issueLink: async (personId) => ({ token: `link-for-${personId}`, expiresAt: now() + 86_400_000 }),
    },
    patients: {
      list: async (_, { all, q }) =>
        [...patients.values()].filter(
          (record) =>
            (all || record.stay) && (q === undefined || record.patient.name.includes(q)) && !record.patient.mergedInto,
        ),
      find: async (_, patientId) => patients.get(patientId),
      similar: async (_, name) =>
        [...patients.values()].filter((r) => r.patient.name.toLowerCase() === name.toLowerCase()),
      async create(organisationId, patient, _by, place) {
        if (place) checkFree(null, place);
        asked.push(["create", patient]);
        const made: Patient = {
          ...patient,
          id: id(),
          organisationId,
          mergedInto: null,
          createdAt: now(),
          updatedAt: now(),
        };
        return put({ patient: made, stay: place ? stay(made.id, place.wardId, place.bed) : null }).patient;
      },
      async change(_, patientId, change) {
        asked.push(["change", change]);
        const record = need(patients, patientId);
        return put({ ...record, patient: { ...record.patient, ...change } }).patient;
      },
      admit: async (_, patientId, place) => lay(patientId, place),
      transfer: async (_, patientId, place) => lay(patientId, place),
      discharge: async (_, patientId) => put({ ...need(patients, patientId), stay: null }),
      async merge(_, patientId, into) {
        const gone = need(patients, patientId);
        put({ patient: { ...gone.patient, mergedInto: into }, stay: null });
        return need(patients, into);
      },
    },
    wards: {
      list: async () => [WARD],
      create: async (organisationId, name, timeZone) => ({ id: id(), organisationId, name, timeZone }),
    },
    gateways: {
      settingsOf: async (_, id) => gatewayVersions.get(id)?.[0],
      async configure(_, id, settings, seen, by, { changed, restores = null }) {
        const before = gatewayVersions.get(id) ?? [];
        if ((before[0]?.revision ?? 0) !== seen) throw new RefusedInput("CONFLICT");
        asked.push(["configure", changed, restores]);
        const version = {
          settings,
          revision: seen + 1,
          setBy: by,
          setAt: now(),
          restores,
          takenUpAt: null,
          refused: [],
        };
        gatewayVersions.set(id, [version, ...before]);
      },
      versionsOf: async (_, id) => gatewayVersions.get(id) ?? [],
      versionOf: async (_, id, revision) => gatewayVersions.get(id)?.find((one) => one.revision === revision),
      reportOf: async (_, id) => gatewayReports.get(id),
      configuration: async () => ({ version: "1-abc" }),
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
    devices: {
      list: async () => [...devices.values()],
      find: async (_, deviceId) => devices.get(deviceId),
      displays: async (_, deviceIds) =>
        new Map(deviceIds.flatMap((id) => devices.get(id)?.device ?? []).map(({ id, display }) => [id, display])),
      async create(organisationId, given) {
        const device: Device = {
          ...given,
          id: given.id ?? "made-1",
          organisationId,
          createdAt: now(),
          revokedAt: null,
        };
        devices.set(device.id, {
          device,
          status: null,
          lastSeenAt: null,
          clockOffsetMs: null,
          clock: null,
          association: null,
          openQuarantine: 0,
          certificateEndsAt: null,
          registration: NOTHING_REGISTERED,
          facts: [],
          commands: null,
        });
        return { device, token: "secret-token" };
      },
      async rotateToken(_organisationId, deviceId, _by, options) {
        asked.push(["rotate token", deviceId, options]);
        return "another-token";
      },
      async addCertificate(_organisationId, deviceId, { hash, expiresAt }, _by, options) {
        asked.push(["add certificate", deviceId, [...hash], expiresAt, options]);
      },
      // The real ones, on the real database: server/store/registry.
      credentials: async () => [],
      revokeCredential: async () => {
        throw new RefusedInput("NOT_FOUND", { at: "credential" });
      },
      newClaim: async (_organisationId, _deviceId, validMs) => ({ code: "AAAA-BBBB-CCCC", expiresAt: now() + validMs }),
      async takeCharge(_organisationId, gatewayId, deviceId) {
        asked.push(["take charge", gatewayId, deviceId]);
        charges.push({ gatewayId, deviceId });
      },
      endCharge: async () => {
        throw new RefusedInput("NOT_FOUND", { at: "device" });
      },
      inCharge: async (_, gatewayId) =>
        charges.filter((one) => one.gatewayId === gatewayId).map(({ deviceId }) => deviceId),
      async describe(_, deviceId, { type, display, manufacturer, model, serial, ...registration }) {
        const record = need(devices, deviceId);
        const device = { ...record.device, type, display, manufacturer, model, serial };
        devices.set(deviceId, { ...record, device, registration });
      },
      async revoke(_, deviceId) {
        const record = need(devices, deviceId);
        const device = { ...record.device, revokedAt: now() };
        devices.set(deviceId, { ...record, device });
        return device;
      },
      async assign(_, deviceId, patientId, from) {
        asked.push(["assign", deviceId, patientId, from]);
        const association = worn(deviceId, patientId, from);
        devices.set(deviceId, { ...need(devices, deviceId), association });
        return association;
      },
      async release(_, deviceId) {
        devices.set(deviceId, { ...need(devices, deviceId), association: null });
      },
    },
    certify: async (deviceId, { csr, days }) => {
      asked.push(["certify", deviceId, csr, days]);
      const expiresAt = now() + days * 86_400_000;
      return { cert: "CERT", key: csr === null ? "KEY" : null, hash: new Uint8Array([1]), expiresAt, authority: "CA" };
    },
    devicesNow: {
      decideClock: async (_organisationId, decision) => void asked.push(["decide clock", decision]),
      isConnected: (deviceId) => deviceId === "oximeter-1",
      hasTwin: () => false,
      lastSeenAt: (deviceId) => (deviceId === "oximeter-1" ? now() - 1_000 : undefined),
      patientOf: (deviceId) => devices.get(deviceId)?.association?.patientId,
    },
    deviceTypes: [
      { key: "generic", display: "Device", signals: [] },
      { key: "pulse-oximeter", display: "Pulse oximeter", signals: [{ signal: "spo2", intervalMs: 1_000 }] },
    ],
    quarantine: {
      list: async (_, { state }) => [...quarantine.values()].filter((record) => record.state === state),
      find: async (_, key) => quarantine.get(key),
      async resolve(_, key, as, by, detail) {
        asked.push(["resolve", as, detail]);
        const record = {
          ...need(quarantine, key),
          state: as,
          resolvedBy: by,
          resolvedAt: now(),
          patientId: detail.patientId ?? null,
        };
        quarantine.set(key, record);
        return record;
      },
    },
    ingest: {
      async accept() {
        return { accepted: 0, quarantined: [] };
      },
    },
    async reprocess(entry, claim) {
      asked.push(["reprocess", entry.id, claim]);
      return { accepted: entry.raw.byteLength > 0 ? 1 : 0, quarantined: [] };
    },
    async reprocessing(view, request) {
      asked.push(["reprocessing", view.principal.id, request]);
      const counts = { added: 1, changed: 0, missing: 0 };
      const summary = {
        messages: 2,
        skipped: 0,
        same: 9,
        counts,
        byHand: 0,
        leftAlone: 0,
        streams: [],
        streamsLeftOut: 0,
      };
      return {
        summary: { ...summary, refused: [], unreadable: 0, faults: [] },
        code: "c0de",
        applied: request.apply && { added: 1, amended: 0, resolved: 0 },
      };
    },
    history: { ofPatient: async (_, patientId) => alarms.filter((alarm) => alarm.patientId === patientId) },
    applications: applicationsInMemory({ now, id }),
    launches: {
      begin: async (_by, clientId, patientId) => ({
        url: `https://app.example/launch?client=${clientId}&patient=${patientId}`,
        expiresAt: now() + 300_000,
      }),
    },
    people: {
      list: async () => [...people.values()],
      async create(organisationId, display, role) {
        const person: Person = { id: id(), organisationId, display, role, createdAt: now(), disabledAt: null };
        people.set(person.id, person);
        return person;
      },
      find: async (personId) => people.get(personId),
      async change(_, personId, { display, role, email }) {
        if (email !== undefined) asked.push(["change person", personId, { email }]);
        const before = need(people, personId);
        const person = { ...before, display: display ?? before.display, role: role ?? before.role };
        people.set(personId, person);
        return person;
      },
      disable: async (_, personId) => enabled(personId, now()),
      enable: async (_, personId) => enabled(personId, null),
    },
    relations: relationsInMemory({ organisationId: ORGANISATION, now, id }),
    watch: {
      active: (view) => alarms.filter((alarm) => view.has(alarm.patientId) && alarm.state !== "resolved"),
      acknowledge(view, alarmId, revision) {
        const alarm = alarms.find((one) => one.id === alarmId && view.has(one.patientId));
        if (!alarm) throw new RefusedInput("NOT_FOUND");
        if (alarm.revision !== revision) throw new RefusedInput("CONFLICT", { at: "revision" });
        return {
          ...alarm,
          state: "acknowledged",
          acknowledgedBy: view.principal.id,
          acknowledgedAt: now(),
          revision: revision + 1,
        };
      },
      limitsOf: (view, patientId) => {
        if (!view.has(patientId)) throw new RefusedInput("NOT_FOUND");
        return limits.get(patientId) ?? { profile: null, limits: [] };
      },
      async setLimits(view, patientId, changes) {
        // As the real one: saved before it counts.
        await Promise.resolve();
        const old = limits.get(patientId) ?? { profile: null, limits: [] };
        const set = changes.map((one) => ({ ...one, setBy: view.principal.id, setAt: now() }));
        const rest = old.limits.filter((one) => !set.some((other) => other.signal === one.signal));
        const next = { profile: old.profile, limits: [...rest, ...set] };
        limits.set(patientId, next);
        return next;
      },
      chooseProfile(_, patientId, profile) {
        const next = { profile, limits: [{ ...spo2Limits, setBy: `profile ${profile}`, setAt: now() }] };
        limits.set(patientId, next);
        return next;
      },
      startStandby: (view, patientId, { streamId, reason, minutes }) => ({
        id: id(),
        organisationId: ORGANISATION,
        patientId,
        streamId,
        reason,
        from: now(),
        until: now() + minutes * 60_000,
        startedBy: view.principal.id,
        endedAt: null,
      }),
      endStandby() {
        throw new RefusedInput("NOT_FOUND");
      },
      standbyOf: () => [],
      expectationOf: (streamId) => {
        const signal = streams.find(({ stream }) => stream.id === streamId)?.stream.signal;
        return { streamId, intervalMs: signal === "body-temperature" ? null : 1_000, source: "device-type" };
      },
      confirmExpectation: (_, streamId, intervalMs) => ({ streamId, intervalMs, source: "confirmed" }),
    },
    telemetry: {
      streams: async (view, patientId) =>
        streams.filter(({ stream }) => view.has(patientId) && stream.patientId === patientId),
      latest: (view, patientId) => latest.filter(({ stream }) => view.has(patientId) && stream.patientId === patientId),
      trend: async (_, { streamIds, from, buckets }) =>
        streams
          .filter(({ stream }) => streamIds.includes(stream.id))
          .map(({ stream }) => ({
            stream,
            starts: Float64Array.from({ length: buckets }, (_v, i) => from + i * 1_000),
            min: Float64Array.of(90, Number.NaN).subarray(0, buckets),
            max: Float64Array.of(10, Number.NaN).subarray(0, buckets),
            mean: Float64Array.of(95, Number.NaN).subarray(0, buckets),
            last: Float64Array.of(96, Number.NaN).subarray(0, buckets),
            count: Uint32Array.of(3, 0).subarray(0, buckets),
          })),
      waveform: async (_, { streamId, from }) =>
        streams
          .filter(({ stream }) => stream.id === streamId)
          .map(({ stream }) => ({
            stream,
            associationId: id(),
            start: from,
            rateHz: 250,
            scale: 0.005,
            origin: 0,
            samples: Int32Array.of(1, -2147483648, 3),
            quality: 0,
            utcOffsetMinutes: null,
            receivedAt: from,
          })),
      waveformOverview: async () => ({
        starts: Float64Array.of(0, 1),
        min: Float64Array.of(-1, Number.NaN),
        max: Float64Array.of(1, Number.NaN),
      }),
    },
    screens: { patientChanged: (patientId) => asked.push(["screens", patientId]) },
    streams: {
      known(view, streamId) {
        const stream = streams.find((one) => one.stream.id === streamId)?.stream;
        return stream && view.has(stream.patientId) ? stream : undefined;
      },
      newest(view, patientIds) {
        const seen = patientIds.filter((patientId) => view.has(patientId));
        const mine = seen.flatMap((patientId) => latest.filter(({ stream }) => stream.patientId === patientId));
        return {
          patients: seen.map((patientId) => ({
            patientId,
            streams: mine.filter(({ stream }) => stream.patientId === patientId).map(({ stream }) => stream),
          })),
          times: Float64Array.from(mine, ({ time }) => time),
          values: Float64Array.from(mine, ({ value }) => value),
          receivedAt: Float64Array.from(mine, ({ receivedAt }) => receivedAt),
          quality: Uint8Array.from(mine, ({ quality }) => quality),
        };
      },
      async *columns(_, streamId, { from, to, isDescending, after, signal }) {
        asked.push(["columns", streamId]);
        // A reading a second, so many at a time.
        const times: number[] = [];
        for (let at = Math.ceil(from / 1_000) * 1_000; at < to; at += 1_000) times.push(at);
        if (isDescending) times.reverse();
        const left = after ? times.slice(times.indexOf(after.time) + 1) : times;
        for (let i = 0; i < left.length; i += 1_000) {
          signal.throwIfAborted();
          const piece = Float64Array.from(left.slice(i, i + 1_000));
          asked.push(["piece", i]);
          yield {
            times: piece,
            values: piece.map((at) => (at / 1_000) % 100),
            quality: new Uint8Array(piece.length),
            ordinals: new Uint16Array(piece.length),
          };
        }
      },
      trends: async (_, streamIds, { from, to, buckets }) =>
        streamIds.map((streamId) => ({
          stream: streams.find(({ stream }) => stream.id === streamId)?.stream as Stream,
          starts: Float64Array.from({ length: buckets }, (_v, i) => from + ((to - from) * i) / buckets),
          min: new Float64Array(buckets).fill(Number.NaN),
          max: new Float64Array(buckets).fill(99.5),
          mean: new Float64Array(buckets).fill(96.25),
          last: new Float64Array(buckets).fill(96),
          count: new Uint32Array(buckets).fill(3),
        })),
      line: async (_, __, { from, to }) => ({
        times: Float64Array.of(from, to),
        values: Float64Array.of(1, Number.NaN),
      }),
      async *waveforms(_, streamId, { from }) {
        const stream = streams.find((one) => one.stream.id === streamId)?.stream as Stream;
        const scale = { start: from, rateHz: 250, scale: 0.005, origin: 0 };
        const samples = Int32Array.of(1, -2147483648, 3);
        yield { stream, associationId: id(), ...scale, samples, quality: 0, utcOffsetMinutes: null, receivedAt: from };
      },
      overview: async (_, __, { from }) => ({
        starts: Float64Array.of(from),
        min: Float64Array.of(-1),
        max: Float64Array.of(Number.NaN),
      }),
    },
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
