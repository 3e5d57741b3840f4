import { randomBytes } from "node:crypto";
import type { DeviceBody } from "@openward/api";
import { parseUdi } from "@openward/codecs/udi";
import { completenessOf, dayOf, endings, fleetOf } from "../fleet.ts";
import { people, wards } from "../people.ts";
import { type Answers, type Call, found, unasked } from "./call.ts";
import { streams } from "./ward.ts";

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
export const devices: DeviceBody[] = people.flatMap((p) => {
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

export const deviceOf = (c: Call) => found(devices.find((d) => d.id === c.params.deviceId));

/** Devices, who wears them, and how all of them do. */
export const deviceAnswers = {
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
} satisfies Answers;

function describeDevice(c: Call) {
  const { label, service, ...told } = c.body;
  const d = deviceOf(c);
  const state = service.isOut ? "out-of-service" : service.dueOn && service.dueOn < "2020" ? "due" : "in-service";
  return Object.assign(d, told, {
    service: { state, dueOn: service.dueOn, note: service.note },
    label: label && { ...parseUdi(label.text, 2026), text: label.text, entry: label.entry },
  });
}
