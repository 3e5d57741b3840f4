import type { PatientBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import { isoDateIn, type PatientView, type Principal, type PrincipalRole, withheldFrom } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { Call, Handlers } from "./call.ts";
import { OccupiedBed } from "./occupied-bed.ts";
import type { Asker, NewPatient, PatientRecord, Patients, Place, Wards, Watch } from "./ports/index.ts";
import { patientBody } from "./present.ts";
import { limitsProfileOf } from "./profile.ts";
import { SimilarPatients } from "./similar.ts";
import { checkTimeZone } from "./system.ts";
import { unknownName, unknownRecordNumber } from "./unknown.ts";

type PatientRoutes =
  | "patients"
  | "findPatients"
  | "admit"
  | "patient"
  | "changePatient"
  | "readmit"
  | "transfer"
  | "discharge"
  | "merge";

const isNameless = (role: PrincipalRole): boolean => withheldFrom(role).has("name");

/** Neither what is found nor the order tells a name to whom it is withheld. */
function withoutNames(records: readonly PatientRecord[], q: string | undefined): PatientRecord[] {
  const wanted = q?.toLowerCase();
  return records
    .filter(({ patient }) => wanted === undefined || patient.mrn.toLowerCase().includes(wanted))
    .sort((a, b) => (a.patient.mrn < b.patient.mrn ? -1 : 1));
}

/** Nobody alive was born before. */
const OLDEST_YEARS = 130;

export function patientHandlers(deps: {
  patients: Patients;
  wards: Wards;
  watch: Pick<Watch, "limitsOf">;
  runtime: Pick<Runtime, "clock" | "random">;
}): Pick<Handlers, PatientRoutes> {
  const { patients, wards, watch, runtime } = deps;
  const now = () => runtime.clock.now();

  async function body(record: PatientRecord, view: PatientView): Promise<PatientBody> {
    return patientBody(record, now(), await limitsProfileOf(watch, view, record, now()));
  }
  const bodies = (records: readonly PatientRecord[], view: PatientView): Promise<PatientBody[]> =>
    Promise.all(records.map((record) => body(record, view)));

  async function seen(asker: Principal, asked: { q?: string; all: boolean }, view: () => Promise<PatientView>) {
    const [records, visible] = await Promise.all([patients.list(asker, asked), view()]);
    const some = records.filter(({ patient }) => visible.has(patient.id));
    return bodies(isNameless(asker.role) ? withoutNames(some, asked.q) : some, visible);
  }

  async function recordOf(asker: Asker, patientId: string): Promise<PatientRecord> {
    const record = await patients.find(asker, patientId);
    if (!record) throw new RefusedInput("NOT_FOUND");
    return record;
  }

  /** Two people of one name are how readings reach the wrong record; somebody has to look first. */
  async function checkSimilar(
    view: PatientView,
    name: string,
    { birthDate, seen, self }: { birthDate: string | null; seen: readonly string[]; self?: string },
  ): Promise<void> {
    const similar = await patients.similar(view.principal, name, birthDate);
    const unseen = similar.filter(
      ({ patient: { id, mergedInto } }) => id !== self && mergedInto === null && view.has(id) && !seen.includes(id),
    );
    if (unseen.length > 0) throw new SimilarPatients(await bodies(unseen.slice(0, 20), view));
  }

  /** Does what may put somebody into a bed; where another lies there, the answer says who. */
  async function placing<T>(view: PatientView, { wardId, bed }: Place, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RefusedInput && error.code === "BED_OCCUPIED")) throw error;
      const key = bed.trim().toLowerCase();
      const there = (await patients.list(view.principal, { all: false })).filter(
        ({ patient, stay }) => view.has(patient.id) && stay?.wardId === wardId && stay.bed.toLowerCase() === key,
      );
      throw new OccupiedBed(error.facts, await bodies(there, view));
    }
  }

  /** Ward and bed of a request. */
  async function placeOf(organisationId: string, asked: Place): Promise<Place> {
    const { id } = await wardOf(organisationId, asked.wardId);
    return { wardId: id, bed: asked.bed, shareBed: asked.shareBed ?? false };
  }

  async function wardOf(organisationId: string, wardId: string) {
    const ward = (await wards.list(organisationId)).find(({ id }) => id === wardId);
    if (!ward) throw new RefusedInput("FIELD_INVALID", { at: "wardId", expected: "the id of a ward" });
    return ward;
  }

  function checkBirthDate(birthDate: string | null | undefined, timeZone: string): void {
    if (birthDate === null || birthDate === undefined) return;
    const today = isoDateIn(timeZone, runtime.clock.now());
    const oldest = `${Number(today.slice(0, 4)) - OLDEST_YEARS}${today.slice(4)}`;
    if (birthDate > today || birthDate < oldest) {
      throw new RefusedInput("FIELD_INVALID", { at: "birthDate", expected: `a day from ${oldest} to ${today}` });
    }
  }

  async function identity({ body: asked, signedIn }: Call<"admit">, timeZone: string): Promise<NewPatient> {
    const common = {
      birthDate: asked.birthDate ?? null,
      sex: asked.sex,
      isUnknown: asked.isUnknown,
      timeZone,
      ageGroup: asked.ageGroup ?? null,
    };
    if (asked.name !== undefined && asked.mrn !== undefined) return { ...common, name: asked.name, mrn: asked.mrn };
    const all = await patients.list(signedIn.organisation.id, { all: true });
    const names = new Set(all.map(({ patient }) => patient.name));
    const numbers = new Set(all.map(({ patient }) => patient.mrn));
    let mrn = asked.mrn ?? unknownRecordNumber(runtime.random);
    while (asked.mrn === undefined && numbers.has(mrn)) mrn = unknownRecordNumber(runtime.random);
    return { ...common, name: asked.name ?? unknownName(runtime.random, (name) => names.has(name)), mrn };
  }

  return {
    patients: ({ signedIn, query, view }) => seen(signedIn.principal, query, view),
    findPatients: ({ signedIn, body: asked, view }) => seen(signedIn.principal, asked, view),

    async admit(call) {
      const { body: asked, signedIn } = call;
      const organisationId = signedIn.organisation.id;
      const view = await call.view();
      // Everything is checked before anything is written: a refused admission leaves no half-made patient.
      const ward = await wardOf(organisationId, asked.wardId);
      const timeZone = asked.timeZone ?? ward.timeZone;
      checkTimeZone(timeZone);
      checkBirthDate(asked.birthDate, timeZone);
      if (asked.name !== undefined) {
        const birthDate = asked.birthDate ?? null;
        await checkSimilar(view, asked.name, { birthDate, seen: asked.seenSimilar });
      }
      const place = { wardId: ward.id, bed: asked.bed, shareBed: asked.shareBed };
      const newPatient = await identity(call, timeZone);
      const { id } = await placing(view, place, () =>
        patients.create(organisationId, newPatient, signedIn.principal.id, place),
      );
      // In the name of the house: whoever admits to a ward that is not theirs is told what they wrote, and that is all.
      return body(await recordOf(organisationId, id), view);
    },

    async patient({ params, signedIn, view }) {
      return body(await recordOf(signedIn.principal, params.id), await view());
    },

    async changePatient({ params, body: asked, signedIn, view }) {
      const organisationId = signedIn.organisation.id;
      const { patient } = await recordOf(signedIn.principal, params.id);
      const { seenSimilar, ...given } = asked;
      checkBirthDate(given.birthDate, patient.timeZone);
      if (given.name !== undefined && given.name !== patient.name) {
        const birthDate = given.birthDate === undefined ? patient.birthDate : given.birthDate;
        await checkSimilar(await view(), given.name, { birthDate, seen: seenSimilar, self: patient.id });
      }
      const change = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      await patients.change(organisationId, params.id, change as Partial<NewPatient>, signedIn.principal.id);
      return body(await recordOf(signedIn.principal, params.id), await view());
    },

    async readmit({ params, body: asked, signedIn: { organisation, principal }, view }) {
      const [seen, place] = [await view(), await placeOf(organisation.id, asked)];
      const admit = () => patients.admit(organisation.id, params.id, place, principal.id);
      return body(await placing(seen, place, admit), seen);
    },

    async transfer({ params, body: asked, signedIn: { organisation, principal }, view }) {
      const [seen, place] = [await view(), await placeOf(organisation.id, asked)];
      const transfer = () => patients.transfer(organisation.id, params.id, place, principal.id);
      return body(await placing(seen, place, transfer), seen);
    },

    async discharge({ params, signedIn, view }) {
      return body(await patients.discharge(signedIn.organisation.id, params.id, signedIn.principal.id), await view());
    },

    async merge({ params, body: { into }, signedIn, view }) {
      const seen = await view();
      if (into === params.id) throw new RefusedInput("FIELD_INVALID", { at: "into", expected: "another patient" });
      if (!seen.has(into)) throw new RefusedInput("NOT_FOUND", { at: "into" });
      return body(await patients.merge(signedIn.organisation.id, params.id, into, signedIn.principal.id), seen);
    },
  };
}
