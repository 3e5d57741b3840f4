import { RefusedInput } from "@openward/errors";
import { type Person, RELATIONS, type Relation, ROLES, type Role } from "@openward/model";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { print } from "./output.ts";
import { type Registry, withRegistry } from "./registry.ts";

const BY = "command line";

interface Options {
  name: string;
  role: string;
  patient: string;
  relation: string;
  reason: string;
  organisation?: string;
  json?: boolean;
}

/** People who sign in: what the administration screen does, also while nobody can sign in. */
export function addPersonCommands(program: Command): void {
  const person = program.command("person").description("people who sign in");
  const command = (name: string, about: string) =>
    person
      .command(name)
      .description(about)
      .option("--organisation <name>", "needed only where there are several")
      .option("--json", "print one JSON object");

  command("list", "everybody who can sign in, or could").action((options: Options) => list(options));
  command("add", "add a person; prints a link that signs them in once")
    .requiredOption("--name <name>", "as shown to others")
    .requiredOption("--role <role>", ROLES.join(", "))
    .action((options: Options) => add(options));
  command("role <id> <role>", "change what a person is; running sessions have the new role within a second").action(
    (id: string, role: string, options: Options) => change(options, id, { role: needRole("role", role) }),
  );
  command("mail <id> [address]", "where a person is told that nobody watches; without an address: nowhere").action(
    (id: string, address: string | undefined, options: Options) => change(options, id, { email: address ?? null }),
  );
  command("disable <id>", "end a person's sessions and links, and let them in no more").action(
    (id: string, options: Options) =>
      withPerson(options, ({ people, organisation }) => people.disable(organisation.id, id, BY)),
  );
  command("enable <id>", "let a person in again").action((id: string, options: Options) =>
    withPerson(options, ({ people, organisation }) => people.enable(organisation.id, id, BY)),
  );
  command("link <id>", "a fresh link that signs a person in once, valid for a day").action(
    (id: string, options: Options) => link(options, id),
  );
  command("relate <id>", "say that a person is this patient, their family, or decides for them")
    .requiredOption("--patient <id>", "the patient")
    .requiredOption("--relation <relation>", RELATIONS.join(", "))
    .requiredOption("--reason <text>", "on what it rests")
    .action((id: string, options: Options) => relate(options, id));
}

async function list(options: Options): Promise<void> {
  await withRegistry(options.organisation, async ({ people, organisation }) => {
    const all = await people.list(organisation.id);
    print(
      options.json ?? false,
      { people: all.map(bodyOf) },
      all.map((one) => `${one.id}  ${lineOf(one)}`),
    );
  });
}

async function add(options: Options): Promise<void> {
  const role = needRole("--role", options.role);
  await withRegistry(options.organisation, async ({ people, organisation, access }) => {
    const person = await people.create(organisation.id, options.name, role, BY);
    await printLink(options, person, await access.issueLink(person.id, BY));
  });
}

async function link(options: Options, id: string): Promise<void> {
  await withRegistry(options.organisation, async (registry) => {
    const person = await find(registry, id);
    await printLink(options, person, await registry.access.issueLink(person.id, BY));
  });
}

function change(options: Options, id: string, what: { role: Role } | { email: string | null }): Promise<void> {
  return withPerson(options, ({ people, organisation }) => people.change(organisation.id, id, what, BY));
}

async function relate(options: Options, personId: string): Promise<void> {
  const relation = RELATIONS.find((known) => known === options.relation);
  if (!relation) throw wrong("--relation", RELATIONS, options.relation);
  const { patient, reason } = options;
  await withRegistry(options.organisation, async ({ relations, organisation }) => {
    const given = { personId, relation: relation as Relation, reason };
    const { id } = await relations.relate(organisation.id, patient, given, BY);
    print(options.json ?? false, { id }, [`${personId} is ${relation} of patient ${patient} from now on`]);
  });
}

async function withPerson(options: Options, work: (registry: Registry) => Promise<Person>): Promise<void> {
  await withRegistry(options.organisation, async (registry) => {
    const person = await work(registry);
    print(options.json ?? false, bodyOf(person), [lineOf(person)]);
  });
}

async function find({ people, organisation }: Registry, id: string): Promise<Person> {
  const person = await people.find(id);
  if (person?.organisationId !== organisation.id) throw new RefusedInput("NOT_FOUND", { at: "person" });
  return person;
}

/** With a public address as a link; without one the server alone knows at which port it is. */
async function printLink(
  options: Options,
  person: Person,
  { token, expiresAt }: { token: string; expiresAt: number },
): Promise<void> {
  const { publicUrl, httpPort } = readConfig(process.env);
  const url = `${(publicUrl ?? `http://localhost:${httpPort}`).replace(/\/+$/, "")}/sign-in#token=${token}`;
  print(options.json ?? false, { ...bodyOf(person), link: url, expiresAt }, [
    url,
    `${lineOf(person)}; works once, until ${new Date(expiresAt).toISOString()}`,
    `id ${person.id}`,
  ]);
}

function needRole(at: string, role: string): Role {
  const known = ROLES.find((one) => one === role);
  if (!known) throw wrong(at, ROLES, role);
  return known;
}

const wrong = (at: string, known: readonly string[], received: string) =>
  new RefusedInput("FIELD_INVALID", { at, expected: known.join(", "), received });

const bodyOf = ({ id, display, role, createdAt, disabledAt }: Person) => ({ id, display, role, createdAt, disabledAt });
const lineOf = ({ display, role, disabledAt }: Person) =>
  `${display}, ${role}${disabledAt === null ? "" : ", may not sign in"}`;
