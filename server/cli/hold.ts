import { RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { createHolds, type Hold } from "../rights/index.ts";
import { audit } from "../store/registry/audit.ts";
import { createTables } from "../store/registry/index.ts";
import { print } from "./output.ts";
import { type Registry, withRegistry } from "./registry.ts";

interface Options {
  reason: string;
  until?: string;
  by: string;
  all?: boolean;
  organisation?: string;
  json?: boolean;
}

export function addHoldCommands(program: Command): void {
  const hold = program.command("hold").description("legal holds: of whom nothing may be erased or have its time");
  const common = (command: Command) =>
    command
      .option("--by <name>", "who decided it; it stays in the audit log", "command line")
      .option("--organisation <name>", "needed only where there are several")
      .option("--json", "print one JSON object");
  common(hold.command("add <patient>"))
    .description("hold a patient, by record number or id: erasure is refused and retention passes by")
    .requiredOption("--reason <text>", "why, such as a court's number")
    .option("--until <time>", "ends by itself, as 2027-12-31T12:00:00Z")
    .action(add);
  common(hold.command("list"))
    .description("the holds that run")
    .option("--all", "also those that have ended")
    .action(list);
  common(hold.command("end <id>"))
    .description("end a hold: what has had its time meanwhile goes with the next run of retention")
    .requiredOption("--reason <text>", "why")
    .action(end);
}

const holdsOf = ({ database }: Registry) =>
  createHolds({ tables: createTables(database), audit, runtime: systemRuntime });

async function add(patient: string, { reason, until, by, ...options }: Options): Promise<void> {
  const to = until === undefined ? null : Date.parse(until);
  if (Number.isNaN(to))
    throw new RefusedInput("FIELD_INVALID", { at: "--until", expected: "a time such as 2027-12-31T12:00:00Z" });
  await withRegistry(options.organisation, async (registry) => {
    const made = await holdsOf(registry).place(registry.organisation.id, { patient, reason, until: to }, by);
    print(options.json ?? false, { ...made }, [lineOf(made)]);
  });
}

async function list(options: Options): Promise<void> {
  await withRegistry(options.organisation, async (registry) => {
    const holds = await holdsOf(registry).list(registry.organisation.id, { ended: options.all ?? false });
    print(options.json ?? false, { holds }, holds.length === 0 ? ["nobody is held"] : holds.map(lineOf));
  });
}

async function end(id: string, { reason, by, ...options }: Options): Promise<void> {
  await withRegistry(options.organisation, async (registry) => {
    const ended = await holdsOf(registry).end(registry.organisation.id, id, reason, by);
    print(options.json ?? false, { ...ended }, [lineOf(ended)]);
  });
}

const day = (at: number) => new Date(at).toISOString().slice(0, 10);

function lineOf({ id, mrn, reason, from, to, endedAt }: Hold): string {
  const until =
    endedAt !== null ? `ended ${day(endedAt)}` : to === null ? "until somebody ends it" : `until ${day(to)}`;
  return `${id}  ${mrn}  since ${day(from)}, ${until}  ${reason}`;
}
