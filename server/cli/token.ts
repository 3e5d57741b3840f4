import { RefusedInput } from "@openward/errors";
import { ROLES, type Role } from "@openward/model";
import type { Command } from "commander";
import { print } from "./output.ts";
import { withRegistry } from "./registry.ts";

const BY = "command line";

interface Common {
  organisation?: string;
  json?: boolean;
}

interface Options extends Common {
  role: string;
  days: string;
  name: string;
  tokenOnly?: boolean;
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
    .option("--json", "print one JSON object: id, token, expiresAt")
    .action(issue);
  const common = (command: Command) =>
    command
      .option("--organisation <name>", "needed only where there are several")
      .option("--json", "print one JSON object");
  common(token.command("list")).description("the tokens that are valid now; never what they are").action(list);
  common(token.command("revoke <id>"))
    .description("end a token at once: its answers, open screens and running exports end with it")
    .action(revoke);
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
    const { id, token, expiresAt } = await access.issueToken(
      organisation.id,
      role as Role,
      options.name,
      days * 86_400_000,
      BY,
    );
    if (options.tokenOnly) {
      process.stdout.write(`${token}\n`);
      return;
    }
    print(options.json ?? false, { id, token, role, expiresAt }, [
      token,
      `role ${role}, valid until ${new Date(expiresAt).toISOString()}; shown once. To end it before: openward token revoke ${id}`,
    ]);
  });
}

async function list(options: Common): Promise<void> {
  await withRegistry(options.organisation, async ({ access, organisation }) => {
    const tokens = await access.tokens(organisation.id);
    const lines = tokens.map(
      ({ id, role, display, createdBy, expiresAt }) =>
        `${id}  ${role.padEnd(17)}  until ${new Date(expiresAt).toISOString()}  by ${createdBy}  ${display}`,
    );
    print(options.json ?? false, { tokens }, lines.length === 0 ? ["no token is valid"] : lines);
  });
}

async function revoke(id: string, options: Common): Promise<void> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) {
    throw new RefusedInput("FIELD_INVALID", {
      at: "id",
      expected: "the id of a token, as `openward token list` shows it",
    });
  }
  await withRegistry(options.organisation, async ({ access, organisation }) => {
    const { revokedAt } = await access.revokeToken(organisation.id, id, BY);
    print(options.json ?? false, { id, revokedAt }, [`${id} opens nothing any more`]);
  });
}
