/**
 * A server for working on the screens: invented patients, invented signals, nothing is kept. It answers the routes of
 * packages/api and feeds /live. `node web/test/fake-server.ts [port]` serves web/dist and the API on one port.
 * It also listens on the terminal's standard input: `silence`, `speak`, `drop`, `spooling`, `ok`.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { createInterface } from "node:readline";
import {
  type AlarmBody,
  type DeviceBody,
  GATEWAY_DEFAULTS,
  type GatewayBody,
  type GatewaySettings,
  type LimitsBody,
  type LiveMessage,
  type PersonBody,
  type QuarantinedBody,
  type Route,
  routes,
  type StandbyBody,
  type Tile,
} from "@openward/api";
import { parseUdi } from "@openward/codecs/udi";
import { type WebSocket, WebSocketServer } from "ws";
import {
  applyQuarantineRun,
  completenessOf,
  dayOf,
  endings,
  fleetOf,
  quarantineCounts,
  quarantineRun,
  quarantineRuns,
  startQuarantineRun,
  undoQuarantineRun,
} from "./fleet.ts";
import { people, wards } from "./people.ts";
import { type FakeStream, streamsOf, waveAt } from "./physiology.ts";

const DIST = join(import.meta.dirname, "..", "dist");
const port = Number(process.argv[2] ?? 8080);
const isDemo = process.env.FAKE_DEMO !== "0";
const role = (process.env.FAKE_ROLE ?? "administrator") as "nurse" | "administrator" | "clinical-engineer";
let storage: "ok" | "damaged" | "low" | "spooling" | "full" | "failed" = "ok";
let isSilent = false;
let isSignedIn = process.env.FAKE_SIGNED_OUT !== "1";

const streams = new Map<string, FakeStream[]>(people.map((p) => [p.patient.id, streamsOf(p)]));
const alarms: AlarmBody[] = [];
const standby: StandbyBody[] = [];
const limits = new Map<string, LimitsBody[]>();
const links = new Set<string>(["fake-link-token-0123456789"]);

const limit = (
  signal: string,
  low: number | null,
  high: number | null,
  criticalLow: number | null,
  criticalHigh: number | null,
): LimitsBody => ({
  signal,
  low,
  high,
  criticalLow,
  criticalHigh,
  priority: "medium",
  delayMs: 10_000,
  hysteresis: 1,
  latching: false,
  enabled: true,
  setBy: "profile adult",
  setAt: Date.now() - 86_400_000,
  isDefault: true,
  revision: "profile adult",
});

function adultLimits(): LimitsBody[] {
  return [
    limit("heart-rate", 50, 120, 40, 150),
    limit("spo2", 90, null, 85, null),
    limit("respiratory-rate", 8, 30, 5, 35),
    limit("nibp-systolic", 90, 160, 70, 200),
    limit("body-temperature", 36, 39, null, null),
  ];
}

function raise(
  i: number,
  signal: string | null,
  rule: AlarmBody["rule"],
  priority: AlarmBody["priority"],
  value: number | null,
  lim: number | null,
  agoS: number,
  over: Partial<AlarmBody> = {},
): void {
  const p = people[i]!.patient;
  const stream = streams.get(p.id)?.find((s) => s.signal === signal);
  const at = Date.now() - agoS * 1000;
  alarms.push({
    id: createHash("sha256").update(`${p.id}${signal}${rule}`).digest("hex").slice(0, 32),
    revision: 1,
    patientId: p.id,
    deviceId: stream?.deviceId ?? null,
    streamId: stream?.id ?? null,
    signal,
    rule,
    priority,
    state: "raised",
    latched: false,
    onsetAt: at - 10_000,
    raisedAt: at,
    conditionEndedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    value,
    limit: lim,
    unit: stream?.unit ?? null,
    ...over,
  });
}
raise(1, "spo2", "critical-low", "high", 83, 85, 42);
raise(1, "heart-rate", "limit-high", "medium", 131, 120, 30);
raise(3, "respiratory-rate", "limit-high", "medium", 31, 30, 190);
raise(3, "body-temperature", "limit-high", "low", 39.2, 39, 700);
raise(6, "heart-rate", "missing-data", "low", null, null, 230);
raise(7, "heart-rate", "limit-high", "medium", 152, 140, 320, {
  state: "acknowledged",
  acknowledgedAt: Date.now() - 60_000,
  acknowledgedBy: "Nina Berg",
  revision: 2,
});
for (const p of people) limits.set(p.patient.id, p.patient.ageGroup ? adultLimits() : []);
standby.push({
  id: randomUUID(),
  patientId: people[5]!.patient.id,
  streamId: null,
  reason: "in the bath",
  from: Date.now() - 600_000,
  until: Date.now() + 1_500_000,
  startedBy: "Nina Berg",
  endedAt: null,
});

const baseDevice: Omit<
  DeviceBody,
  "id" | "type" | "typeDisplay" | "display" | "createdAt" | "connected" | "hasTwin" | "lastSeenAt" | "patient"
> = {
  manufacturer: null,
  model: null,
  serial: null,
  revokedAt: null,
  openQuarantine: 0,
  certificateEndsAt: null,
  label: null,
  owner: "organisation",
  ownerName: null,
  location: null,
  wardId: null,
  isElsewhere: false,
  commands: { since: Date.now() - 86_400_000, list: [{ command: "locate", about: "a tone of 10 s" }] },
  service: { state: "in-service", dueOn: null, note: null },
  says: [],
  misfit: null,
  clockOffsetMs: 12,
  clock: null,
  battery: 87,
  state: "online",
};
const devices: DeviceBody[] = people.flatMap((p) => {
  const ids = [...new Set(streams.get(p.patient.id)!.map((s) => s.deviceId))];
  return ids.map((id): DeviceBody => {
    const isOff = p.scenario === "offline" && id.startsWith("mon");
    return {
      ...baseDevice,
      id,
      type: id.startsWith("mon") ? "bedside-monitor" : "nibp-cuff",
      typeDisplay: id.startsWith("mon") ? "Bedside monitor" : "Vital signs spot check",
      display: id.startsWith("mon") ? `Monitor bed ${p.patient.stay?.bed}` : `Spot check ${p.patient.stay?.bed}`,
      createdAt: Date.now() - 86_400_000 * 9,
      connected: !isOff,
      hasTwin: false,
      state: isOff ? "offline" : "online",
      lastSeenAt: Date.now() - (isOff ? 240_000 : 1_000),
      clockOffsetMs: id === "mon-100237" ? -184_000 : 12,
      clock: {
        kind: id === "mon-100237" || id === "mon-100236" ? ("step" as const) : null,
        leadsTo: id === "mon-100237" ? "corrected" : id === "mon-100236" ? "flagged" : "kept",
        isCertain: id !== "mon-100236",
        since: Date.now() - 86_400_000,
        notBefore: Date.now() - 86_460_000,
        decidedAt: Date.now() - 86_300_000,
        lessMs: 140,
        moreMs: 2_140,
        driftPpm: 4.2,
        driftBoundPpm: 1.1,
        sightings: 1_440,
        sequence: 3,
        byPerson: false,
        because: null,
      },
      battery: id === "cuff-100236" ? 14 : 87,
      // One that stands in another ward than its patient lies.
      wardId: id === "mon-100234" ? (wards[1]?.id ?? null) : null,
      isElsewhere: id === "mon-100234",
      patient: {
        id: p.patient.id,
        name: p.patient.name,
        mrn: p.patient.mrn,
        bed: p.patient.stay?.bed ?? null,
        wardId: p.patient.stay?.wardId ?? null,
        since: Date.now() - 86_400_000,
      },
    };
  });
});
devices.push({
  ...baseDevice,
  id: "ring-7781",
  type: "thermometer",
  typeDisplay: "Thermometer",
  display: "Ring of the night study",
  label: {
    agency: "GS1",
    di: "04012345000016",
    lot: "LOT7A",
    serial: "00042",
    madeOn: "2026-01-15",
    expiresOn: "2027-11-30",
    din: null,
    text: "(01)04012345000016(11)260115(17)271130(10)LOT7A(21)00042",
    check: "right",
    entry: "barcode",
  },
  serial: "00042",
  owner: "loan",
  ownerName: "Night study",
  location: "Cupboard 3",
  service: { state: "due", dueOn: "2026-11-01", note: "Strap is worn" },
  says: [
    { fact: "firmware", text: "2.1.0", since: Date.now() - 3_600_000 },
    { fact: "manufacturer", text: "Nonin Medical, Inc.", since: Date.now() - 86_400_000 },
    { fact: "model", text: "3230", since: Date.now() - 86_400_000 },
    { fact: "firmware", text: "2.0.4", since: Date.now() - 86_400_000 },
  ],
  misfit: { type: "nonin-3230", typeDisplay: "Nonin 3230", by: "model" },
  createdAt: Date.now() - 3_600_000,
  connected: true,
  hasTwin: true,
  lastSeenAt: Date.now() - 4_000,
  patient: null,
  openQuarantine: 2,
  certificateEndsAt: Date.now() + 5.5 * 86_400_000,
});

const text = (s: string) => Buffer.from(s);
const quarantine: (QuarantinedBody & { raw: Buffer })[] = [
  {
    kind: "readings",
    deviceId: "ring-7781",
    contentType: "application/json",
    problems: [{ index: 0, code: "NO_ASSOCIATION", field: "", readings: 2 }],
    raw: text('{"at":"2026-11-22T06:00:00.000Z","values":{"heart-rate":61,"spo2":96}}'),
  },
  {
    kind: "readings",
    deviceId: "ring-7781",
    contentType: "application/json",
    problems: [
      { index: 0, code: "TIME_IN_FUTURE", field: "at", expected: "a time no more than 5 minutes ahead", readings: 1 },
    ],
    raw: text('{"at":"2090-01-01T00:00:00Z","values":{"heart-rate":63}}'),
  },
  {
    kind: "raw",
    deviceId: "cuff-100233",
    contentType: "application/octet-stream",
    problems: [{ index: 0, code: "CODEC_UNKNOWN", field: "raw/gatt/9999", readings: 1 }],
    raw: Buffer.from("00066e0100ff41c3d2", "hex"),
  },
].map(
  (q, i) =>
    ({
      ...q,
      id: randomUUID(),
      receivedAt: Date.now() - 60_000 * (i + 1) * 7,
      state: "open",
      size: q.raw.length,
      resolvedBy: null,
      resolvedAt: null,
      patientId: null,
    }) as QuarantinedBody & { raw: Buffer },
);

const staff: PersonBody[] = [
  { id: randomUUID(), display: "Nina Berg", role: "nurse", createdAt: Date.now() - 86_400_000, disabledAt: null },
  {
    id: randomUUID(),
    display: "Erik Dahl",
    role: "clinical-engineer",
    createdAt: Date.now() - 86_400_000,
    disabledAt: null,
  },
  {
    id: randomUUID(),
    display: "Ada Moen",
    role: "administrator",
    createdAt: Date.now() - 86_400_000,
    disabledAt: null,
  },
];

const session = () => ({
  principal: { kind: "person", id: staff[2]!.id, display: "Ada Moen", role },
  organisation: { id: wards[0]!.id, name: "Fjord Hospital", isDemo },
  serverTime: Date.now(),
  expiresAt: Date.now() + 36_000_000,
  lockAfterMs: null,
});

const latestOf = (patientId: string, s: FakeStream) => {
  const person = people.find((p) => p.patient.id === patientId)!;
  const isOff = person.scenario === "offline" && s.deviceId.startsWith("mon");
  const at =
    s.expectedIntervalMs === null
      ? Date.now() - 60_000 * (s.signal === "body-temperature" ? 95 : 14)
      : isOff
        ? Date.now() - 240_000
        : Date.now() - 200;
  return {
    streamId: s.id,
    signal: s.signal,
    deviceId: s.deviceId,
    value: Math.round((s.base + s.swing * Math.sin(Date.now() / 4000 + s.base)) * 10) / 10,
    unit: s.unit,
    at: Math.round(at),
    receivedAt: Math.round(at) + 20,
    quality: 0,
  };
};

function tileOf(patientId: string): Tile | null {
  const person = people.find((p) => p.patient.id === patientId);
  if (!person?.patient.stay) return null;
  const own = streams.get(patientId) ?? [];
  return {
    patient: person.patient,
    latest: own.filter((s) => s.kind === "numeric").map((s) => latestOf(patientId, s)),
    streams: own.map(({ id, signal, kind, unit, deviceId, expectedIntervalMs }) => ({
      id,
      signal,
      kind,
      unit,
      deviceId,
      expectedIntervalMs,
    })),
    alarms: alarms.filter((a) => a.patientId === patientId && a.state !== "resolved"),
    standby: standby.filter((s) => s.patientId === patientId && s.endedAt === null),
  };
}

class Refusal extends Error {
  readonly status: number;
  readonly body: object;
  constructor(status: number, code: string, detail: string, more: object = {}) {
    super(detail);
    this.status = status;
    this.body = { type: `urn:openward:${code}`, title: detail, status, detail, code, ...more };
  }
}
const found = <T>(x: T | undefined | null): T => {
  if (x === undefined || x === null)
    throw new Refusal(404, "NOT_FOUND", "There is no such thing, or it is not visible to you.");
  return x;
};

// biome-ignore lint/suspicious/noExplicitAny: a fake; bodies were parsed by the contract's schemas before
type Call = { params: Record<string, string>; query: any; body: any };
const patientOf = (c: Call) => found(people.find((p) => p.patient.id === c.params.id)).patient;
const deviceOf = (c: Call) => found(devices.find((d) => d.id === c.params.deviceId));

// The portals do not ask these.
const unasked = () => {
  throw new Refusal(404, "NOT_FOUND", "There is no such thing here.");
};
const answers: Record<keyof typeof routes, (call: Call) => unknown> = {
  streamsOfPatients: unasked,
  newestReadings: unasked,
  rawReadings: unasked,
  streamTrend: unasked,
  waveformPieces: unasked,
  waveformExtremes: unasked,
  amendments: () => [],
  amend: unasked,
  withdrawAmendment: unasked,
  accessHistory: () => [],
  myAccessHistory: unasked,
  audit: unasked,
  reprocess: unasked,
  passkeyChallenge: unasked,
  signInWithCodes: unasked,
  proofChallenge: unasked,
  prove: unasked,
  codeSignIn: unasked,
  beginCodeSignIn: unasked,
  confirmCodeSignIn: unasked,
  removeCodeSignIn: unasked,
  beginExternal: unasked,
  signInExternal: unasked,
  externalIdentities: () => [],
  linkExternal: unasked,
  linkedExternal: unasked,
  removeExternal: unasked,
  kiosks: () => [],
  addKiosk: unasked,
  newKioskCode: unasked,
  endKiosk: unasked,
  enrolKiosk: unasked,
  kiosk: unasked,
  kioskPasskey: unasked,
  kioskAcknowledge: unasked,
  ownBadge: () => ({ hasBadge: false }),
  setOwnBadge: unasked,
  removeOwnBadge: unasked,
  setBadge: unasked,
  removeBadge: unasked,
  input: () => null,
  lockScreen: unasked,
  unlockWays: unasked,
  unlock: unasked,
  screenLock: unasked,
  setScreenLock: unasked,
  setPin: unasked,
  removePin: unasked,
  signInWithPasskey: unasked,
  passkeys: () => [],
  enrolPasskey: unasked,
  addPasskey: unasked,
  removePasskey: unasked,
  sessions: () => [],
  ownApplications: () => [],
  endApplication: unasked,
  endSession: unasked,
  signOutEverywhere: unasked,
  me: () => ({ patients: [] }),
  myDevices: () => [],
  relations: () => ({ relations: [], facts: [] }),
  relate: unasked,
  endRelation: unasked,
  stateFact: unasked,
  endFact: unasked,
  changePerson: unasked,
  disablePerson: unasked,
  enablePerson: unasked,
  session: () => session(),
  signIn: ({ body }) => {
    if (!links.delete(body.token))
      throw new Refusal(401, "LINK_EXPIRED", "The sign-in link has been used or has expired.");
    isSignedIn = true;
    return session();
  },
  signOut: () => {
    isSignedIn = false;
    return null;
  },
  about: () => ({ isDemo, passkeysAt: null, external: null }),
  system: () => ({
    version: "0.1.0",
    publicUrl: `http://127.0.0.1:${port}`,
    mqtt: { host: "127.0.0.1", port: 1883 },
    storage,
    disks: [{ name: "data directory", freeBytes: 1e12 }],
    archive: "ok",
    mail: false,
    serverTime: Date.now(),
  }),
  wards: () => wards,
  addWard: ({ body }) => {
    const w = { id: randomUUID(), ...body };
    wards.push(w);
    return w;
  },
  patients: ({ query }) => people.map((p) => p.patient).filter((p) => query.all || p.stay),
  findPatients: ({ body }) =>
    people
      .map((p) => p.patient)
      .filter((p) => (body.all || p.stay) && `${p.name} ${p.mrn}`.toLowerCase().includes(String(body.q).toLowerCase())),
  admit: ({ body }) => {
    checkBed(body, null);
    const family = String(body.name ?? "")
      .split(",")[0]!
      .trim()
      .toLowerCase();
    const similar = body.isUnknown
      ? []
      : people
          .map((p) => p.patient)
          .filter((p) => p.name.toLowerCase().startsWith(family) && !body.seenSimilar.includes(p.id));
    if (similar.length > 0)
      throw new Refusal(409, "CONFLICT", "The request conflicts with the present state.", { similar });
    const ward = found(wards.find((w) => w.id === body.wardId));
    const patient = {
      id: randomUUID(),
      name: body.name ?? `Unknown ${body.bed}`,
      birthDate: body.birthDate ?? null,
      sex: body.sex,
      mrn: body.mrn ?? `U-${people.length}`,
      isUnknown: body.isUnknown,
      timeZone: ward.timeZone,
      ageGroup: body.ageGroup ?? (body.birthDate ? "adult" : null),
      ageGroupSource: body.birthDate ? "birth-date" : "unknown",
      limitsProfile: body.ageGroup ?? (body.birthDate ? "adult" : null),
      mergedInto: null,
      stay: { wardId: ward.id, wardName: ward.name, bed: body.bed, from: Date.now() },
    } as (typeof people)[number]["patient"];
    people.push({ patient, scenario: "stable" });
    streams.set(patient.id, []);
    limits.set(patient.id, patient.ageGroup ? adultLimits() : []);
    tell(patient.id);
    return patient;
  },
  patient: patientOf,
  changePatient: (c) => {
    const { seenSimilar: _, ...change } = c.body;
    const p = Object.assign(patientOf(c), change);
    tell(p.id);
    return p;
  },
  readmit: (c) => place(c),
  transfer: (c) => place(c),
  discharge: (c) => {
    const p = patientOf(c);
    p.stay = null;
    tell(p.id);
    return p;
  },
  merge: (c) => {
    const p = patientOf(c);
    p.mergedInto = c.body.into;
    p.stay = null;
    tell(p.id);
    return p;
  },
  streams: (c) =>
    (streams.get(c.params.id!) ?? []).map((s) => ({
      ...s,
      deviceDisplay: s.deviceId,
      lastAt: Date.now(),
      latest: s.kind === "numeric" ? latestOf(c.params.id!, s) : null,
      expectationSource: s.expectedIntervalMs === null ? "on-demand" : "device-type",
    })),
  trend: (c) => {
    const { from, to, buckets } = c.query;
    const wanted: string[] | undefined = c.query.signals?.split(",");
    return (streams.get(c.params.id!) ?? [])
      .filter((s) => s.kind === "numeric" && (!wanted || wanted.includes(s.signal)))
      .map((s) => {
        const step = (to - from) / buckets;
        const starts = Array.from({ length: buckets }, (_, i) => Math.round(from + i * step));
        const mean = starts.map((t, i) => {
          if (t > Date.now()) return null;
          if (s.expectedIntervalMs === null)
            return Math.floor(t / 1_800_000) !== Math.floor((t - step) / 1_800_000)
              ? s.base + 6 * Math.sin(t / 5e6 + s.base)
              : null;
          if (i > buckets * 0.55 && i < buckets * 0.6) return null;
          return s.base + s.swing * 2 * Math.sin(t / 2e6) + s.swing * Math.sin(t / 1.7e5 + s.base);
        });
        const spread = s.swing * (1 + Math.log10(Math.max(1, step / 10_000)));
        return {
          streamId: s.id,
          signal: s.signal,
          unit: s.unit,
          deviceId: s.deviceId,
          starts,
          mean,
          last: mean,
          min: mean.map((m) => (m === null ? null : m - spread)),
          max: mean.map((m) => (m === null ? null : m + spread)),
          count: mean.map((m) => (m === null ? 0 : Math.round(step / 1000))),
        };
      });
  },
  waveform: (c) => {
    const stream = found((streams.get(c.params.id!) ?? []).find((s) => s.id === c.query.stream));
    const person = people.find((p) => p.patient.id === c.params.id)!;
    const {
      streamId: _s,
      signal: _n,
      unit: _u,
      ...piece
    } = waveAt(person, stream, c.query.from, (c.query.to - c.query.from) / 1000);
    return [piece];
  },
  waveformOverview: (c) => {
    const { from, to, buckets } = c.query;
    const starts = Array.from({ length: buckets }, (_, i) => Math.round(from + (i * (to - from)) / buckets));
    const isGap = (i: number) => i > buckets * 0.3 && i < buckets * 0.36;
    return {
      starts,
      min: starts.map((t, i) => (isGap(i) ? null : -0.25 + 0.04 * Math.sin(t / 9000))),
      max: starts.map((t, i) => (isGap(i) ? null : 1.05 + 0.08 * Math.sin(t / 13000))),
    };
  },
  confirmExpectation: (c) => found((streams.get(c.params.id!) ?? []).find((s) => s.id === c.params.streamId)),
  alarms: () => alarms.filter((a) => a.state !== "resolved"),
  patientAlarms: (c) =>
    [
      ...alarms.filter((a) => a.patientId === c.params.id),
      ...[2, 5, 9, 20].map(
        (h, i): AlarmBody => ({
          ...alarms[i % 4]!,
          id: `old-${i}`,
          patientId: c.params.id!,
          state: "resolved",
          onsetAt: Date.now() - h * 3_600_000,
          raisedAt: Date.now() - h * 3_600_000,
          acknowledgedAt: Date.now() - h * 3_600_000 + 45_000,
          acknowledgedBy: "Nina Berg",
          conditionEndedAt: Date.now() - h * 3_600_000 + 90_000,
          resolvedAt: Date.now() - h * 3_600_000 + 90_000,
        }),
      ),
    ].sort((a, b) => b.raisedAt - a.raisedAt),
  acknowledge: (c) => {
    const alarm = found(alarms.find((a) => a.id === c.params.id));
    Object.assign(alarm, {
      state: "acknowledged",
      revision: alarm.revision + 1,
      acknowledgedAt: Date.now(),
      acknowledgedBy: "Ada Moen",
    });
    sendAll({ type: "alarm", alarm });
    return alarm;
  },
  limits: (c) => ({ profile: patientOf(c).limitsProfile, limits: limits.get(c.params.id!) ?? [] }),
  setLimits: (c) => {
    const present = limits.get(c.params.id!) ?? [];
    for (const { signal, seen } of c.body.limits) {
      const revision = present.find((l) => l.signal === signal)?.revision ?? null;
      if (seen !== undefined && seen !== revision)
        throw new Refusal(409, "CONFLICT", "The request conflicts with the present state.", {
          field: "limits[0].seen",
        });
    }
    const now = { setBy: "Ada Moen", setAt: Date.now(), isDefault: false, revision: `set ${Date.now()}` };
    const changed: LimitsBody[] = c.body.limits.map((l: LimitsBody & { seen?: string }) => {
      const { seen: _, ...set } = l;
      return { ...set, ...now };
    });
    limits.set(c.params.id!, [
      ...(limits.get(c.params.id!) ?? []).filter((l) => !changed.some((n) => n.signal === l.signal)),
      ...changed,
    ]);
    tell(c.params.id!);
    return { profile: patientOf(c).limitsProfile, limits: limits.get(c.params.id!) };
  },
  chooseProfile: (c) => {
    const p = patientOf(c);
    if (p.ageGroup !== null && p.ageGroup !== c.body.ageGroup && !c.body.confirm)
      throw new Refusal(409, "AGE_GROUP_DIFFERS", "These are not the limits of the patient's age.", {
        field: "confirm",
      });
    p.limitsProfile = c.body.ageGroup;
    limits.set(p.id, adultLimits());
    tell(p.id);
    return { profile: p.limitsProfile, limits: limits.get(p.id) };
  },
  standby: (c) => standby.filter((s) => s.patientId === c.params.id && s.endedAt === null),
  startStandby: (c) => {
    const s: StandbyBody = {
      id: randomUUID(),
      patientId: c.params.id!,
      streamId: c.body.streamId,
      reason: c.body.reason,
      from: Date.now(),
      until: Date.now() + c.body.minutes * 60_000,
      startedBy: "Ada Moen",
      endedAt: null,
    };
    standby.push(s);
    sendAll({ type: "standby", standby: s });
    return s;
  },
  endStandby: (c) => {
    const s = found(standby.find((x) => x.id === c.params.standbyId));
    s.endedAt = Date.now();
    sendAll({ type: "standby", standby: s });
    return s;
  },
  deviceTypes: () => [
    { key: "generic", display: "Generic device", signals: [] },
    {
      key: "bedside-monitor",
      display: "Bedside monitor",
      signals: [
        { signal: "heart-rate", intervalMs: 1000 },
        { signal: "spo2", intervalMs: 1000 },
      ],
    },
    { key: "pulse-oximeter", display: "Pulse oximeter", signals: [{ signal: "spo2", intervalMs: 1000 }] },
  ],
  devices: () => devices.map((d) => (d.connected ? { ...d, lastSeenAt: Date.now() - 800 } : d)),
  device: deviceOf,
  addDevice: ({ body }) => {
    const id = body.id ?? `dev-${randomBytes(3).toString("hex")}`;
    devices.push({
      ...baseDevice,
      id,
      type: body.type,
      typeDisplay: "Generic device",
      display: body.display ?? id,
      createdAt: Date.now(),
      connected: false,
      hasTwin: false,
      state: null,
      battery: null,
      clockOffsetMs: null,
      clock: null,
      lastSeenAt: null,
      patient: null,
    });
    return { id, token: randomBytes(24).toString("base64url") };
  },
  deviceCredentials: () => ({ credentials: [], inCharge: [] }),
  revokeCredential: unasked,
  gateway: (c) => gatewayBody(c.params.deviceId ?? ""),
  configureGateway(c) {
    const { seen, ...settings } = c.body;
    return setGateway(c, settings, seen, null);
  },
  restoreGateway: (c) => {
    const { revision, seen } = c.body;
    const version = gatewayVersions.find((one) => one.revision === revision);
    return setGateway(c, version?.settings ?? GATEWAY_DEFAULTS, seen, revision);
  },
  issueCertificate: unasked,
  newClaimCode: unasked,
  setCharge: unasked,
  rotateToken: (c) => ({ id: deviceOf(c).id, token: randomBytes(24).toString("base64url") }),
  describeDevice: (c) => describeDevice(c),
  decideClock: (c) => {
    const d = deviceOf(c);
    if (d.clock)
      d.clock = {
        ...d.clock,
        leadsTo: c.body.leadsTo,
        isCertain: true,
        sequence: c.body.seen + 1,
        byPerson: true,
        because: c.body.reason,
      };
    return d;
  },
  revokeDevice: (c) => Object.assign(deviceOf(c), { revokedAt: Date.now(), connected: false }),
  assign: (c) => {
    const p = found(people.find((x) => x.patient.id === c.body.patientId)).patient;
    return Object.assign(deviceOf(c), {
      patient: { id: p.id, name: p.name, mrn: p.mrn, bed: p.stay?.bed ?? null, since: Date.now() },
    });
  },
  release: (c) => Object.assign(deviceOf(c), { patient: null }),
  fleet: ({ query }) => fleetOf(devices, query),
  completeness: ({ query }) => completenessOf(devices, query),
  patientCompleteness: (c) => dayOf(c.params.id ?? "", devices[0]?.id ?? "", c.query.day),
  deviceCompleteness: (c) => dayOf(people[0]?.patient.id ?? "", c.params.deviceId ?? "", c.query.day),
  endings,
  quarantineCounts: () => quarantineCounts(quarantine),
  quarantineRuns,
  startQuarantineRun,
  quarantineRun,
  applyQuarantineRun: ({ body }) => applyQuarantineRun(body.reason),
  undoQuarantineRun: (c) => undoQuarantineRun(c.params.id ?? ""),
  quarantine: ({ query }) =>
    quarantine
      .filter((q) => q.state === query.state && (!query.device || q.deviceId === query.device))
      .map(({ raw: _, ...q }) => q),
  quarantined: (c) => {
    const { raw, ...q } = found(quarantine.find((x) => x.id === c.params.id));
    const isText = q.contentType.includes("json");
    return { ...q, text: isText ? raw.toString() : null, hex: isText ? null : raw.toString("hex") };
  },
  claim: (c) => {
    const q = found(quarantine.find((x) => x.id === c.params.id));
    if (q.problems[0]!.code === "TIME_IN_FUTURE" && !c.body.useReceivedTime)
      return { accepted: 0, quarantined: q.problems };
    Object.assign(q, { state: "claimed", patientId: c.body.patientId, resolvedBy: "Ada Moen", resolvedAt: Date.now() });
    return { accepted: q.problems[0]!.readings, quarantined: [] };
  },
  dismiss: (c) => {
    const { raw: _, ...q } = Object.assign(found(quarantine.find((x) => x.id === c.params.id)), {
      state: "dismissed" as const,
      resolvedBy: "Ada Moen",
      resolvedAt: Date.now(),
    });
    return q;
  },
  grants: () => [],
  addGrant: unasked,
  endGrant: unasked,
  launchableApps: () => [],
  applications: () => [],
  addApplication: unasked,
  rotateApplication: unasked,
  disableApplication: unasked,
  breakGlass: unasked,
  myBrokenGlass: () => [],
  endBreakGlass: unasked,
  glassBroken: () => [],
  reviewGlass: unasked,
  unwatched: () => [],
  // With the real server: test/consent.int.test.ts, web/e2e/people.test.ts.
  sharing: unasked,
  tasks: unasked,
  addTask: unasked,
  endTask: unasked,
  myTasks: unasked,
  addMyTask: unasked,
  endMyTask: unasked,
  calendars: unasked,
  addCalendar: unasked,
  endCalendar: unasked,
  feeds: unasked,
  addFeed: unasked,
  pauseFeed: unasked,
  resumeFeed: unasked,
  endFeed: unasked,
  rotateFeed: unasked,
  pingFeed: unasked,
  replayFeed: unasked,
  applicationFeeds: unasked,
  addApplicationFeed: unasked,
  pauseApplicationFeed: unasked,
  resumeApplicationFeed: unasked,
  endApplicationFeed: unasked,
  rotateApplicationFeed: unasked,
  pingApplicationFeed: unasked,
  replayApplicationFeed: unasked,
  nightscoutKeys: unasked,
  addNightscoutKey: unasked,
  endNightscoutKey: unasked,
  addOwnDevice: unasked,
  sendOwnCapture: unasked,
  share: unasked,
  changeSharing: unasked,
  stopSharing: unasked,
  patientConsents: () => ({ consents: [], hidden: [] }),
  writeConsent: unasked,
  withdrawConsent: unasked,
  explainHidden: unasked,
  patientMonitoring: () => [],
  patientGrants: () => [],
  people: () => staff,
  addPerson: ({ body }) => {
    const person: PersonBody = {
      id: randomUUID(),
      display: body.display,
      role: body.role,
      createdAt: Date.now(),
      disabledAt: null,
    };
    staff.push(person);
    return linkFor(person);
  },
  launchApp: unasked,
  exportMine: unasked,
  exportPatient: unasked,
  findRecord: unasked,
  holds: unasked,
  placeHold: unasked,
  endHold: unasked,
  disclosures: unasked,
  breach: unasked,
  newLink: (c) => linkFor(found(staff.find((p) => p.id === c.params.id))),
};

function linkFor(person: PersonBody) {
  const token = randomBytes(24).toString("base64url");
  links.add(token);
  return { person, link: `http://127.0.0.1:${port}/sign-in#token=${token}`, expiresAt: Date.now() + 86_400_000 };
}

const gatewayVersions: GatewayBody["versions"] = [];

function setGateway(c: Call, settings: GatewaySettings, seen: number, restores: number | null): GatewayBody {
  if (seen !== (gatewayVersions[0]?.revision ?? 0))
    throw new Refusal(409, "CONFLICT", "Somebody has set it meanwhile.");
  const at = Date.now();
  const setBy = "Kim Aalto";
  gatewayVersions.unshift({ revision: seen + 1, settings, setAt: at, setBy, restores, takenUpAt: null, refused: [] });
  return gatewayBody(c.params.deviceId ?? "");
}

/** The first device has told of itself as a gateway; any other device never has. */
function gatewayBody(id: string): GatewayBody {
  const now = Date.now();
  const [newest] = gatewayVersions;
  const none: GatewayBody = {
    settings: newest?.settings ?? GATEWAY_DEFAULTS,
    revision: newest?.revision ?? 0,
    setAt: newest?.setAt ?? null,
    setBy: newest?.setBy ?? null,
    configuration: `${newest?.revision ?? 0}-1f`,
    inCharge: devices.slice(1, 4).map((one) => one.id),
    versions: gatewayVersions,
    report: null,
  };
  if (id !== devices[0]?.id) return none;
  const report = {
    version: "0.1.0",
    startedAt: now - 86_400_000,
    clock: now - 90_000,
    configuration: "0-1f",
    link: { isUp: true, since: now - 7_200_000, confirmedAt: now - 91_000 },
    kept: {
      messages: 412,
      bytes: 120_000,
      bytesMax: 1e9,
      oldestAt: now - 9_000_000,
      refused: 0,
      damaged: 0,
      aside: {},
    },
    disk: { freeBytes: 12e9 },
    sources: { mqtt: { isOn: true, connected: 2, fault: null } },
    devices: { "bed-1": now - 95_000 },
    alarms: [],
    takenUpAt: now - 3_600_000,
    refused: [{ at: "bluetooth", reason: "the box has no Bluetooth (OPENWARD_GATEWAY_BLUETOOTH is off)" }],
    sound: { by: "command" as const, fault: "aplay ended with 1: no such device", since: now - 300_000 },
    receivedAt: now - 90_000,
  };
  return { ...none, report };
}

function describeDevice(c: Call) {
  const { label, service, ...told } = c.body;
  const d = deviceOf(c);
  const state = service.isOut ? "out-of-service" : service.dueOn && service.dueOn < "2020" ? "due" : "in-service";
  return Object.assign(d, told, {
    service: { state, dueOn: service.dueOn, note: service.note },
    label: label && { ...parseUdi(label.text, 2026), text: label.text, entry: label.entry },
  });
}

function checkBed(body: { wardId: string; bed: string; shareBed: boolean }, self: string | null): void {
  const occupants = people
    .map((p) => p.patient)
    .filter((p) => p.id !== self && p.stay?.wardId === body.wardId && p.stay?.bed === body.bed);
  if (occupants.length > 0 && !body.shareBed)
    throw new Refusal(409, "BED_OCCUPIED", "Another patient lies in this bed.", { field: "bed", occupants });
}

function place(c: Call) {
  const p = patientOf(c);
  checkBed(c.body, p.id);
  const ward = found(wards.find((w) => w.id === c.body.wardId));
  p.stay = { wardId: ward.id, wardName: ward.name, bed: c.body.bed, from: Date.now() };
  tell(p.id);
  return p;
}

const table = Object.entries(routes as Record<string, Route>).map(([name, route]) => ({
  name: name as keyof typeof routes,
  route,
  pattern: new RegExp(`^${route.path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`),
}));

async function api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const reply = (status: number, body: unknown) => {
    response.writeHead(status, { "content-type": status >= 400 ? "application/problem+json" : "application/json" });
    response.end(status === 204 ? undefined : JSON.stringify(body));
  };
  try {
    for (const { name, route, pattern } of table) {
      const match = route.method === request.method ? pattern.exec(url.pathname) : null;
      if (!match) continue;
      if (!isSignedIn && route.allow !== "public") throw new Refusal(401, "NOT_SIGNED_IN", "Sign in first.");
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const sent = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
      const body = route.body?.safeParse(sent);
      const query = route.query?.safeParse(Object.fromEntries(url.searchParams));
      const issue = body?.error?.issues[0] ?? query?.error?.issues[0];
      if (issue)
        throw new Refusal(400, "FIELD_INVALID", "A field does not have the value that is expected.", {
          field: issue.path.join("."),
          expected: issue.message,
        });
      const answer = answers[name]({ params: { ...match.groups }, query: query?.data ?? {}, body: body?.data });
      const checked = route.response.safeParse(JSON.parse(JSON.stringify(answer)));
      if (!checked.success) console.error(`fake ${name} breaks the contract`, checked.error.issues.slice(0, 3));
      return reply(route.status, answer);
    }
    throw new Refusal(404, "NOT_FOUND", "There is no such route.");
  } catch (error) {
    if (error instanceof Refusal) return reply(error.status, error.body);
    console.error(error);
    reply(500, { code: "BUG", detail: String(error) });
  }
}

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? "/", "http://x");
  if (url.pathname.startsWith("/api/")) return api(request, response, url);
  const wanted = normalize(url.pathname);
  const path = extname(wanted) ? join(DIST, wanted) : join(DIST, "index.html");
  try {
    const body = await readFile(path);
    response.writeHead(200, {
      "content-type": types[extname(path)] ?? "application/octet-stream",
      "content-security-policy":
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});

const screens = new Map<
  WebSocket,
  { ids: Set<string>; wardId?: string | undefined; waveforms: "none" | "one" | "all" }
>();
new WebSocketServer({ server, path: "/live" }).on("connection", (socket) => {
  socket.on("message", (data) => {
    const watch = JSON.parse(String(data));
    const ids = new Set<string>(
      watch.patients ?? people.filter((p) => p.patient.stay?.wardId === watch.wardId).map((p) => p.patient.id),
    );
    screens.set(socket, { ids, wardId: watch.wardId, waveforms: watch.waveforms ?? "one" });
    if (isSilent) return;
    say(socket, { type: "snapshot", serverTime: Date.now(), tiles: [...ids].flatMap((id) => tileOf(id) ?? []) });
    say(socket, { type: "heartbeat", serverTime: Date.now(), storage });
  });
  socket.on("close", () => screens.delete(socket));
});

function say(socket: WebSocket, message: LiveMessage): void {
  if (!isSilent && socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
}
function sendAll(message: LiveMessage): void {
  for (const socket of screens.keys()) say(socket, message);
}
function tell(patientId: string): void {
  for (const [socket, screen] of screens) {
    const tile = tileOf(patientId);
    const isHere =
      screen.wardId === undefined ? screen.ids.has(patientId) : tile?.patient.stay?.wardId === screen.wardId;
    if (isHere) screen.ids.add(patientId);
    else if (!screen.ids.delete(patientId)) continue;
    say(socket, { type: "patient", patientId, tile: isHere ? tile : null });
  }
}

setInterval(() => sendAll({ type: "heartbeat", serverTime: Date.now(), storage }), 3_000);
setInterval(() => {
  for (const [socket, { ids }] of screens) {
    const items = [...ids].flatMap((patientId) => {
      const person = people.find((p) => p.patient.id === patientId);
      if (!person) return [];
      return (streams.get(patientId) ?? [])
        .filter((s) => s.kind === "numeric" && s.expectedIntervalMs !== null && person.scenario !== "offline")
        .map((s) => ({ ...latestOf(patientId, s), patientId }));
    });
    say(socket, { type: "numerics", serverTime: Date.now(), items });
  }
}, 1_000);
let waveAtMs = Date.now();
setInterval(() => {
  const start = waveAtMs;
  const seconds = Math.floor((Date.now() - start) / 4) * 0.004;
  waveAtMs = start + seconds * 1000;
  for (const [socket, { ids, waveforms }] of screens) {
    if (waveforms === "none") continue;
    const chunks = [...ids].flatMap((patientId) => {
      const person = people.find((p) => p.patient.id === patientId);
      if (!person || person.scenario === "offline") return [];
      const waves = (streams.get(patientId) ?? []).filter((s) => s.kind === "waveform");
      return (waveforms === "one" ? waves.slice(0, 1) : waves).map((s) => ({
        ...waveAt(person, s, start, seconds),
        patientId,
      }));
    });
    if (chunks.length > 0) say(socket, { type: "waveform", chunks });
  }
}, 250);

createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "silence") isSilent = true;
  if (line === "speak") isSilent = false;
  if (line === "drop") for (const socket of screens.keys()) socket.terminate();
  if (
    line === "ok" ||
    line === "damaged" ||
    line === "low" ||
    line === "spooling" ||
    line === "full" ||
    line === "failed"
  )
    storage = line;
});

server.listen(port, "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${port}/sign-in#token=fake-link-token-0123456789`),
);
