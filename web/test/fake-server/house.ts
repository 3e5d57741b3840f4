import { randomUUID } from "node:crypto";
import { people, wards } from "../people.ts";
import { type Answers, type Call, found, Refusal } from "./call.ts";
import { tell } from "./live.ts";
import { isDemo, port, state } from "./state.ts";
import { adultLimits, limits, patientOf, streams } from "./ward.ts";

/** The house, its wards, and who lies in them. */
export const houseAnswers = {
  about: () => ({ isDemo, passkeysAt: null, external: null }),
  system: () => ({
    version: "0.1.0",
    publicUrl: `http://127.0.0.1:${port}`,
    mqtt: { host: "127.0.0.1", port: 1883 },
    storage: state.storage,
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
} satisfies Answers;

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
