import { RefusedInput } from "@openward/errors";
import { ROLES, type Role } from "@openward/model";
import type { Command } from "commander";
import { print } from "./output.ts";
import { withRegistry } from "./registry.ts";

interface Options {
  role: string;
  days: string;
  name: string;
  tokenOnly?: boolean;
  organisation?: string;
  json?: boolean;
}

export function addTokenCommands(program: Command): void {
  const token = program.command("token").description("bearer tokens for programs");
  token
    .command("issue")
    .description("a bearer token for /api and /fhir; printed once, kept as a hash, and recorded")
    .requiredOption("--role <role>", ROLES.join(", "))
    .option("--days <days>", "how long it is valid, 1 to 365", "30")
    .option("--name <name>", "what it is for, as the audit log shows it", "command line")
    .option("--token-only", "print the token and nothing else, for scripts")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object: token, expiresAt")
    .action(issue);
}

async function issue(options: Options): Promise<void> {
  const role = ROLES.find((known) => known === options.role);
  if (!role)
    throw new RefusedInput("FIELD_INVALID", { at: "--role", expected: ROLES.join(", "), received: options.role });
  const days = Number(options.days);
  if (!Number.isInteger(days) || days < 1 || days > 365) {
    throw new RefusedInput("FIELD_INVALID", {
      at: "--days",
      expected: "a whole number from 1 to 365",
      received: options.days,
    });
  }
  await withRegistry(options.organisation, async ({ access, organisation }) => {
    const { token, expiresAt } = await access.issueToken(
      organisation.id,
      role as Role,
      options.name,
      days * 86_400_000,
      "command line",
    );
    if (options.tokenOnly) {
      process.stdout.write(`${token}\n`);
      return;
    }
    print(options.json ?? false, { token, role, expiresAt }, [
      token,
      `role ${role}, valid until ${new Date(expiresAt).toISOString()}; shown once`,
    ]);
  });
}
