import { randomUUID } from "node:crypto";
import type {
  CompletenessDayBody,
  CompletenessTableBody,
  DeviceBody,
  DeviceState,
  EndingBody,
  FleetBody,
  QuarantineCountsBody,
  QuarantinedBody,
  QuarantineRunBody,
  QuarantineRunStateBody,
} from "@openward/api";
import { DEVICE_STATES } from "@openward/api";
import { people } from "./people.ts";

const DAY_MS = 86_400_000;
const CAUSES = [
  "battery",
  "out-of-range",
  "link-down",
  "clock",
  "quarantined",
  "not-worn",
  "sensor",
  "unknown",
] as const;

function statesOf(device: DeviceBody): DeviceState[] {
  if (device.revokedAt !== null) return ["no-access"];
  const states: DeviceState[] = [device.patient ? "in-use" : "free"];
  if (device.patient && !device.connected) states.push("silent");
  if (device.battery !== null && device.battery <= 20) states.push("battery-low");
  if (Math.abs(device.clockOffsetMs ?? 0) >= 2_000) states.push("clock-wrong");
  if (device.openQuarantine > 0) states.push("in-quarantine");
  if (device.hasTwin) states.push("used-twice");
  if (device.certificateEndsAt !== null && device.certificateEndsAt < Date.now() + 30 * DAY_MS)
    states.push("certificate-ending");
  if (device.service.state === "due") states.push("service-due");
  return states;
}

export function fleetOf(
  devices: readonly DeviceBody[],
  query: { state?: string; q?: string; page?: number },
): FleetBody {
  const all = devices.map((device, i) => {
    const states = statesOf(device);
    if (i % 5 === 1 && device.revokedAt === null) states.push("firmware-old");
    return { device, states, firmware: i % 2 ? { version: "1.9.3", newest: "1.10.0" } : null };
  });
  const counts = Object.fromEntries(
    DEVICE_STATES.map((state) => [state, all.filter(({ states }) => states.includes(state)).length]),
  ) as FleetBody["counts"];
  const found = all.filter(
    ({ device, states }) =>
      (query.state ? states.includes(query.state as DeviceState) : !states.includes("no-access")) &&
      `${device.id} ${device.display} ${device.typeDisplay} ${device.patient?.mrn ?? ""}`
        .toLowerCase()
        .includes((query.q ?? "").toLowerCase()),
  );
  const page = Number(query.page ?? 0);
  return {
    counts,
    total: all.length,
    found: found.length,
    pageSize: 50,
    devices: found.slice(page * 50, (page + 1) * 50),
  };
}

/** The same every time: a number in [0, 1) of two numbers. */
const mixed = (a: number, b: number) => {
  const x = Math.sin(a * 127.1 + b * 311.7) * 43_758.5453;
  return x - Math.floor(x);
};

const isoDay = (at: number) => new Date(at).toISOString().slice(0, 10);

function daysOf(row: number, days: number): CompletenessTableBody["rows"][number]["days"] {
  const today = Date.now();
  return Array.from({ length: days }, (_, i) => {
    const at = today - (days - 1 - i) * DAY_MS;
    const luck = mixed(row + 1, i);
    const expected = 1440;
    const share = luck < 0.72 ? 1 - luck / 60 : luck < 0.9 ? 0.93 - luck / 10 : 0.55 - (luck - 0.9) * 5;
    const missing = Math.round(expected * (1 - share));
    const cause = CAUSES[Math.floor(mixed(i, row) * CAUSES.length)] ?? "unknown";
    return {
      day: isoDay(at),
      expected,
      received: expected - missing,
      missing: missing > 30 ? { [cause]: missing } : {},
    };
  }).filter(({ day }) => mixed(row, day.charCodeAt(9)) > 0.04);
}

export function completenessOf(
  devices: readonly DeviceBody[],
  query: { by?: string; days?: number; page?: number; q?: string },
): CompletenessTableBody {
  const days = Number(query.days ?? 30);
  const rows =
    query.by === "device"
      ? devices.map((device, i) => ({
          patient: null,
          device: { id: device.id, display: device.display },
          days: daysOf(i + 40, days),
        }))
      : people.map(({ patient }, i) => ({
          patient: { id: patient.id, name: patient.name, mrn: patient.mrn, bed: patient.stay?.bed ?? null },
          device: null,
          days: daysOf(i, days),
        }));
  const page = Number(query.page ?? 0);
  return { found: rows.length, pageSize: 25, rows: rows.slice(page * 25, (page + 1) * 25) };
}

const proof = { at: null, percent: null, after: null, count: null, gateway: null, what: null, reason: null };

export function dayOf(patientId: string, deviceId: string, day: string): CompletenessDayBody {
  const from = Date.parse(`${day}T00:00:00+01:00`);
  const gap = (
    start: number,
    minutes: number,
    cause: (typeof CAUSES)[number],
    proofs: CompletenessDayBody["streams"][number]["gaps"][number]["proofs"],
  ) => ({
    from: from + start * 3_600_000,
    to: from + start * 3_600_000 + minutes * 60_000,
    missing: minutes,
    cause,
    proofs,
  });
  return {
    from,
    to: from + DAY_MS,
    timeZone: "Europe/Oslo",
    streams: [
      {
        patientId,
        deviceId,
        deviceDisplay: "Bedside monitor, bed 1",
        signal: "heart-rate",
        intervalMs: 60_000,
        expected: 1440,
        received: 1188,
        late: 14,
        gaps: [
          gap(2, 102, "battery", [{ ...proof, by: "battery", at: from + 6_000_000, percent: 6, after: 98 }]),
          gap(9.5, 40, "quarantined", [{ ...proof, by: "quarantine", count: 12, what: "UNIT_MISMATCH" }]),
          gap(15, 110, "out-of-range", [{ ...proof, by: "others-heard", gateway: { id: "gw-ward3" }, count: 4 }]),
        ],
      },
      {
        patientId,
        deviceId,
        deviceDisplay: "Bedside monitor, bed 1",
        signal: "spo2",
        intervalMs: 60_000,
        expected: 1440,
        received: 1310,
        late: 0,
        gaps: [gap(5, 30, "not-worn", [{ ...proof, by: "standby", reason: "bath" }]), gap(20, 100, "unknown", [])],
      },
    ],
  };
}

export const endings = (): EndingBody[] => [
  {
    kind: "device-certificate",
    deviceId: "mon-7",
    isGateway: false,
    display: "Bedside monitor, bed 7",
    endsAt: Date.now() - 2 * DAY_MS,
    isCovered: false,
    isInUse: true,
  },
  {
    kind: "device-certificate",
    deviceId: "gw-ward3",
    isGateway: true,
    display: "Gateway ward 3",
    endsAt: Date.now() + 5 * DAY_MS,
    isCovered: false,
    isInUse: false,
  },
  {
    kind: "device-token",
    deviceId: "strap-1",
    isGateway: false,
    display: "Heart rate strap",
    endsAt: Date.now() + 12 * DAY_MS,
    isCovered: true,
    isInUse: true,
  },
  {
    kind: "api-token",
    deviceId: null,
    isGateway: false,
    display: "laboratory interface",
    endsAt: Date.now() + 61 * DAY_MS,
    isCovered: false,
    isInUse: false,
  },
];

export const quarantineCounts = (entries: readonly QuarantinedBody[]): QuarantineCountsBody => {
  const open = entries.filter(({ state }) => state === "open");
  const byKey = Map.groupBy(open, (e) => `${e.problems[0]?.code}\n${e.deviceId}\n${e.contentType}`);
  return [...byKey.values()].map((same) => ({
    code: same[0]?.problems[0]?.code ?? "",
    deviceId: same[0]?.deviceId ?? "",
    contentType: same[0]?.contentType ?? "",
    messages: same.length,
  }));
};

const runId = "018f0000-0000-7000-8000-0000000000f1";
let run: QuarantineRunStateBody = {
  id: runId,
  phase: "looked",
  messages: 340,
  done: 340,
  isCut: false,
  placed: 312,
  stays: [
    { code: "UNIT_MISMATCH", messages: 21 },
    { code: "BY_A_PERSON", messages: 7 },
  ],
  readings: 1_871,
  byHand: 0,
  leftAlone: 2,
  fault: null,
};
let looks = 0;
const past: QuarantineRunBody[] = [
  {
    id: "018f0000-0000-7000-8000-0000000000f0",
    startedBy: "Eve Engineer",
    startedAt: Date.now() - 2 * DAY_MS,
    reason: "decoder of the new cuffs",
    messages: 48,
    endedAt: Date.now() - 2 * DAY_MS + 9_000,
    placed: 46,
    readings: 138,
    undoneAt: null,
    undoneBy: null,
  },
];

export const quarantineRuns = () => past;
export function startQuarantineRun(): QuarantineRunStateBody {
  looks = 0;
  run = { ...run, phase: "looking", done: 0 };
  return run;
}
export function quarantineRun(): QuarantineRunStateBody {
  looks++;
  const done = Math.min(340, looks * 120);
  if (run.phase === "looking") run = { ...run, done, phase: done < 340 ? "looking" : "looked" };
  else if (run.phase === "applying") run = { ...run, done, phase: done < 340 ? "applying" : "applied" };
  return run;
}
export function applyQuarantineRun(reason: string): QuarantineRunStateBody {
  looks = 0;
  run = { ...run, phase: "applying", done: 0 };
  past.unshift({
    id: randomUUID(),
    startedBy: "You",
    startedAt: Date.now(),
    reason,
    messages: 340,
    endedAt: Date.now(),
    placed: 312,
    readings: 1_871,
    undoneAt: null,
    undoneBy: null,
  });
  return run;
}
export function undoQuarantineRun(id: string) {
  const i = past.findIndex((each) => each.id === id);
  if (past[i]) past[i] = { ...past[i], undoneAt: Date.now(), undoneBy: "You" };
  return { opened: 46, amended: 138, leftAlone: 0 };
}
