import { RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { createAuditQueries, disclosuresOf, inWords } from "../access/audit/index.ts";
import { createTables } from "../store/registry/index.ts";
import { print } from "./output.ts";
import { withRegistry } from "./registry.ts";

interface Span {
  from?: string;
  to?: string;
  organisation?: string;
  json?: boolean;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function addAuditReports(audit: Command): void {
  audit
    .command("breach")
    .description("who was affected: the patients whom a person, token or device was shown in a span")
    .requiredOption("--by <id>", "id of the person, token or device, as the log has it")
    .requiredOption("--from <time>", "such as 2026-11-22 or 2026-11-22T06:00:00Z")
    .option("--to <time>", "now when left out")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object: affected")
    .action(breach);
  audit
    .command("disclosures <patient>")
    .description("accounting of disclosures: what of this patient went to programs, and out in exports")
    .option("--from <time>", "six years ago when left out")
    .option("--to <time>", "now when left out")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object: disclosures")
    .action(disclosures);
}

async function breach({ by, ...options }: Span & { by: string }): Promise<void> {
  const from = timeOf(options.from ?? "", "--from");
  const to = options.to === undefined ? systemRuntime.clock.now() : timeOf(options.to, "--to");
  await withRegistry(options.organisation, async ({ organisation, database, patients }) => {
    const affected = await createAuditQueries(createTables(database)).affected(organisation.id, {
      agentId: by,
      from,
      to,
    });
    const known = new Map<string, { name: string; mrn: string }>();
    for (const { patientId } of affected) {
      const found = await patients.find(organisation.id, patientId);
      if (found) known.set(patientId, found.patient);
    }
    print(
      options.json ?? false,
      {
        by,
        from,
        to,
        affected: affected.map((one) => ({ ...one, mrn: known.get(one.patientId)?.mrn ?? null })),
      },
      [
        `${affected.length} patients`,
        ...affected.map(({ patientId, times, first, last, entities }) => {
          const { name = "erased", mrn = "-" } = known.get(patientId) ?? {};
          const span = `${new Date(first).toISOString()} to ${new Date(last).toISOString()}`;
          return `${patientId}  ${mrn}  ${name}  ${times} times, ${span}: ${entities.join(", ")}`;
        }),
      ],
    );
  });
}

const SIX_YEARS_MS = 6 * 365.25 * 86_400_000;

async function disclosures(patientId: string, options: Span): Promise<void> {
  if (!UUID.test(patientId))
    throw new RefusedInput("FIELD_INVALID", { at: "patient", expected: "a patient's id", received: patientId });
  const now = systemRuntime.clock.now();
  const from = options.from === undefined ? now - SIX_YEARS_MS : timeOf(options.from, "--from");
  const to = options.to === undefined ? now : timeOf(options.to, "--to");
  await withRegistry(options.organisation, async ({ organisation, database }) => {
    const queries = createAuditQueries(createTables(database));
    const found = await disclosuresOf(queries, organisation.id, { patientIds: [patientId], from, to });
    const told = found.map((record) => ({
      at: record.at,
      to: record.who.display,
      role: record.who.role,
      what: record.entity,
      via: record.via,
      purpose: record.purpose ?? null,
      address: record.address ?? null,
      words: inWords(record),
    }));
    print(options.json ?? false, { patient: patientId, from, to, disclosures: told }, [
      `${told.length} disclosures`,
      ...told.map(({ at, words, via, address }) => `${new Date(at).toISOString()}  ${words}  ${via}  ${address ?? ""}`),
    ]);
  });
}

function timeOf(text: string, at: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new RefusedInput("FIELD_INVALID", { at, expected: "a time such as 2026-11-22T06:00:00Z", received: text });
  return time;
}
