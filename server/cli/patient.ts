import { RefusedInput } from "@openward/errors";
import type { Sex } from "@openward/model";
import type { Command } from "commander";
import type { PatientRecord } from "../store/registry/ports.ts";
import { print } from "./output.ts";
import { addPatientExport } from "./patient-export.ts";
import { withRegistry } from "./registry.ts";

const SEXES: readonly string[] = ["male", "female", "other", "unknown"] satisfies Sex[];

interface Options {
  name: string;
  birthDate?: string;
  sex: string;
  mrn: string;
  ward?: string;
  bed?: string;
  shareBed?: boolean;
  seenSimilar?: boolean;
  organisation?: string;
  json?: boolean;
}

export function addPatientCommands(program: Command): void {
  const patient = program.command("patient").description("patients of the ward");
  patient
    .command("add")
    .description("add a patient and admit them to a bed")
    .requiredOption("--name <name>", 'as shown on the ward: "Berg, Ola"')
    .option("--birth-date <date>", "YYYY-MM-DD; without it nobody's limits are applied until a person chooses them")
    .option("--sex <sex>", SEXES.join(", "), "unknown")
    .requiredOption("--mrn <number>", "record number, unique in the organisation")
    .option("--ward <name>", "the ward's name; the first ward when left out")
    .option("--bed <bed>", "the bed; the next free number when left out")
    .option("--share-bed", "admit to a bed in which another patient lies")
    .option("--seen-similar", "you have looked at the patients of a same or similar name: it is somebody else")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object")
    .action(addPatient);
  addPatientExport(patient);
}

async function addPatient(options: Options): Promise<void> {
  if (!SEXES.includes(options.sex)) {
    throw new RefusedInput("FIELD_INVALID", { at: "--sex", expected: SEXES.join(", "), received: options.sex });
  }
  if (options.birthDate !== undefined && !isDate(options.birthDate)) {
    throw new RefusedInput("FIELD_INVALID", {
      at: "--birth-date",
      expected: "YYYY-MM-DD",
      received: options.birthDate,
    });
  }
  await withRegistry(options.organisation, async ({ patients, wards, organisation }) => {
    const all = await wards.list(organisation.id);
    const ward = options.ward === undefined ? all[0] : all.find((w) => w.name === options.ward);
    if (!ward) throw new RefusedInput("NOT_FOUND", { at: "--ward", expected: all.map((w) => w.name).join(", ") });
    const birthDate = options.birthDate ?? null;
    const similar = await patients.similar(organisation.id, options.name, birthDate);
    if (similar.length > 0 && !options.seenSimilar) {
      throw new RefusedInput("CONFLICT", {
        at: "--name",
        expected: `a look at the same or similar name of record ${recordsOf(similar)}, then --seen-similar`,
      });
    }
    const bed = options.bed ?? (await nextFreeBed());
    const place = { wardId: ward.id, bed, shareBed: options.shareBed ?? false };
    const created = await patients
      .create(
        organisation.id,
        {
          name: options.name,
          birthDate,
          sex: options.sex as Sex,
          mrn: options.mrn,
          isUnknown: false,
          timeZone: ward.timeZone,
          ageGroup: null,
        },
        "command line",
        place,
      )
      .catch(async (error) => {
        if (!(error instanceof RefusedInput && error.code === "BED_OCCUPIED")) throw error;
        const there = (await here()).filter(({ stay }) => stay?.bed.toLowerCase() === bed.trim().toLowerCase());
        throw new RefusedInput("BED_OCCUPIED", {
          at: "--bed",
          expected: `a free bed, or --share-bed with record ${recordsOf(there)}`,
        });
      });
    print(options.json ?? false, { id: created.id, ward: ward.name, bed }, [
      `${options.name} (record ${options.mrn}) is on ${ward.name}, bed ${bed}, of ${organisation.name}.`,
      `id ${created.id}`,
    ]);

    async function here(): Promise<PatientRecord[]> {
      return (await patients.list(organisation.id, { all: false })).filter((p) => p.stay?.wardId === ward?.id);
    }

    async function nextFreeBed(): Promise<string> {
      const taken = new Set((await here()).map((p) => p.stay?.bed));
      let number = 1;
      while (taken.has(String(number))) number++;
      return String(number);
    }
  });
}

const recordsOf = (records: readonly PatientRecord[]) => records.map(({ patient }) => patient.mrn).join(", ");

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(time).toISOString().startsWith(text);
}
