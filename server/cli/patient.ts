import { RefusedInput } from "@openward/errors";
import type { Sex } from "@openward/model";
import type { Command } from "commander";
import { print } from "./output.ts";
import { withRegistry } from "./registry.ts";

const SEXES: readonly string[] = ["male", "female", "other", "unknown"] satisfies Sex[];

interface Options {
  name: string;
  birthDate?: string;
  sex: string;
  mrn: string;
  ward?: string;
  bed?: string;
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
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object")
    .action(addPatient);
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
    const created = await patients.create(
      organisation.id,
      {
        name: options.name,
        birthDate: options.birthDate ?? null,
        sex: options.sex as Sex,
        mrn: options.mrn,
        isUnknown: false,
        timeZone: ward.timeZone,
        ageGroup: null,
      },
      "command line",
    );
    const bed = options.bed ?? (await nextFreeBed());
    await patients.admit(organisation.id, created.id, ward.id, bed, "command line");
    print(options.json ?? false, { id: created.id, ward: ward.name, bed }, [
      `${options.name} (record ${options.mrn}) is on ${ward.name}, bed ${bed}, of ${organisation.name}.`,
      `id ${created.id}`,
    ]);

    async function nextFreeBed(): Promise<string> {
      const here = (await patients.list(organisation.id, { all: false })).filter((p) => p.stay?.wardId === ward?.id);
      const taken = new Set(here.map((p) => p.stay?.bed));
      let number = 1;
      while (taken.has(String(number))) number++;
      return String(number);
    }
  });
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(time).toISOString().startsWith(text);
}
