import { RefusedInput } from "@openward/errors";
import { type Grant, PURPOSES, type Purpose } from "@openward/model";
import type { Command } from "commander";
import { print } from "./output.ts";
import { type Registry, withRegistry } from "./registry.ts";

interface Options {
  person?: string;
  role?: string;
  ward?: string;
  patient?: string;
  purpose?: string;
  until?: string;
  reason?: string;
  all?: boolean;
  organisation?: string;
  json?: boolean;
}

const BY = "command line";
const DAY_MS = 86_400_000;

export function addGrantCommands(program: Command): void {
  const grant = program.command("grant").description("who may see whom, and because of what");
  grant
    .command("add")
    .description("assign a person, or everybody of a role, to a ward, or let them see one patient")
    .option("--person <name or id>", "who")
    .option("--role <role>", "or everybody of this role")
    .option("--ward <name>", "whoever lies on this ward, and for 7 days after they left it")
    .option("--patient <id or record number>", "or this patient")
    .option("--purpose <purpose>", PURPOSES.join(", "), "monitoring")
    .option("--until <time>", "ends by itself, as 2026-12-31T12:00:00Z")
    .option("--reason <text>", "as the patient and the audit log read it")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object")
    .action(add);
  grant
    .command("list")
    .description("the grants that hold")
    .option("--patient <id or record number>", "by which this patient is seen")
    .option("--all", "also those that have ended")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object: grants")
    .action(list);
  grant
    .command("end <id>")
    .description("end a grant: open screens lose the patients within a second")
    .option("--reason <text>", "why")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object")
    .action(end);
}

async function add(options: Options): Promise<void> {
  const purpose = PURPOSES.find((known) => known === options.purpose);
  if (!purpose) throw wrong("--purpose", PURPOSES.join(", "), options.purpose);
  if ((options.person === undefined) === (options.role === undefined)) throw wrong("--person", "--person or --role");
  if ((options.ward === undefined) === (options.patient === undefined)) throw wrong("--ward", "--ward or --patient");
  const to = options.until === undefined ? null : Date.parse(options.until);
  if (Number.isNaN(to)) throw wrong("--until", "a time, as 2026-12-31T12:00:00Z", options.until);
  await withRegistry(options.organisation, async (registry) => {
    const { access, organisation } = registry;
    const grantee =
      options.role !== undefined
        ? ({ kind: "role", role: options.role } as const)
        : ({ kind: "person", id: await personOf(registry, options.person ?? "") } as const);
    const reach =
      options.ward !== undefined
        ? ({ kind: "ward", wardId: await wardOf(registry, options.ward), afterStayMs: 7 * DAY_MS } as const)
        : ({ kind: "patient", patientId: await patientOf(registry, options.patient ?? "") } as const);
    const basis = reach.kind === "ward" ? "ward-assignment" : "care-team";
    const asked = { grantee, reach, purpose: purpose as Purpose, basis, to, reason: options.reason ?? null } as const;
    const [grant] = await access.grants.add(organisation.id, [asked], BY);
    if (grant) print(options.json ?? false, { grant }, [`grant ${grant.id}: ${sentence(grant)}`]);
  });
}

async function list(options: Options): Promise<void> {
  await withRegistry(options.organisation, async (registry) => {
    const patientId = options.patient === undefined ? undefined : await patientOf(registry, options.patient);
    const grants = await registry.access.grants.list(registry.organisation.id, {
      ended: options.all ?? false,
      ...(patientId === undefined ? {} : { patientId }),
    });
    print(
      options.json ?? false,
      { grants },
      grants.map((grant) => `${grant.id}  ${sentence(grant)}`),
    );
  });
}

async function end(id: string, options: Options): Promise<void> {
  await withRegistry(options.organisation, async ({ access, organisation }) => {
    const grant = await access.grants.end(organisation.id, id, BY, options.reason ?? null);
    print(options.json ?? false, { grant }, [`ended: ${sentence(grant)}`]);
  });
}

/** A grant in one line of internal ids and the words of the table. */
function sentence({ grantee, reach, purpose, basis, to, endedAt }: Grant): string {
  const who = grantee.kind === "role" ? `every ${grantee.role}` : `${grantee.kind} ${grantee.id}`;
  const whom =
    reach.kind === "patient"
      ? `patient ${reach.patientId}`
      : reach.kind === "ward"
        ? `whoever lies on ward ${reach.wardId}`
        : "everybody of the organisation";
  const until = to === null ? "" : `, until ${new Date(to).toISOString()}`;
  const ended = endedAt === null ? "" : `, ended ${new Date(endedAt).toISOString()}`;
  return `${who} sees ${whom} for ${purpose}, because of ${basis}${until}${ended}`;
}

async function personOf({ people, organisation }: Registry, asked: string): Promise<string> {
  const all = await people.list(organisation.id);
  const [found, another] = all.filter(({ id, display }) => id === asked || display === asked);
  if (found && !another) return found.id;
  throw new RefusedInput("NOT_FOUND", { at: "--person", expected: another ? "the id: several have this name" : "" });
}

async function wardOf({ wards, organisation }: Registry, name: string): Promise<string> {
  const all = await wards.list(organisation.id);
  const ward = all.find((one) => one.name === name || one.id === name);
  if (!ward) throw new RefusedInput("NOT_FOUND", { at: "--ward", expected: all.map((one) => one.name).join(", ") });
  return ward.id;
}

async function patientOf({ patients, organisation }: Registry, asked: string): Promise<string> {
  const all = await patients.list(organisation.id, { all: true });
  const found = all.find(({ patient }) => patient.id === asked || patient.mrn === asked);
  if (!found) throw new RefusedInput("NOT_FOUND", { at: "--patient" });
  return found.patient.id;
}

const wrong = (at: string, expected: string, received?: string) =>
  new RefusedInput("FIELD_INVALID", { at, expected, ...(received === undefined ? {} : { received }) });
