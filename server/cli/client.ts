import { readFile } from "node:fs/promises";
import { RefusedInput } from "@openward/errors";
import type { Command } from "commander";
import { CLIENT_KINDS, type Client, type ClientKind } from "../access/oauth/index.ts";
import { print } from "./output.ts";
import { withRegistry } from "./registry.ts";

const BY = "command line";

interface Common {
  organisation?: string;
  json?: boolean;
}

interface Keys {
  jwks?: string;
  jwksUri?: string;
}

interface Add extends Common, Keys {
  name: string;
  kind: string;
  scope: string;
  redirect?: string[];
  launch?: string;
  introspect?: boolean;
}

export function addClientCommands(program: Command): void {
  const client = program
    .command("client")
    .description("applications that may ask for access (OAuth 2, SMART App Launch)");
  const common = (command: Command) =>
    command
      .option("--organisation <name>", "needed only where there are several")
      .option("--json", "print one JSON object");
  common(client.command("add"))
    .description("register an application; a secret is printed once and kept as a hash")
    .requiredOption("--name <name>", "what people read when they are asked")
    .requiredOption(
      "--kind <kind>",
      `${CLIENT_KINDS.join(", ")}: without a secret, with one, with keys, acting for nobody`,
    )
    .requiredOption("--scope <scopes>", "the most that it can get, separated by spaces")
    .option("--redirect <uri...>", "where people are sent back to, to the letter")
    .option("--launch <uri>", "where it is opened from a patient's page")
    .option("--jwks <file>", "its public keys, as a JSON Web Key Set")
    .option("--jwks-uri <uri>", "where its public keys are")
    .option("--introspect", "it may ask what tokens of other applications are worth")
    .action(add);
  common(client.command("list")).description("the applications that are registered").action(list);
  common(client.command("disable <id>"))
    .description("end an application, and every token that it has, at once")
    .action(disable);
  common(client.command("rotate <id>"))
    .description("a new secret, or new keys; the old ones are worth nothing any more")
    .option("--jwks <file>", "its new public keys")
    .option("--jwks-uri <uri>", "where its public keys are")
    .action(rotate);
}

async function add(options: Add): Promise<void> {
  const keys = await keysOf(options);
  await withRegistry(options.organisation, async ({ clients, organisation }) => {
    const { client, secret } = await clients.add(
      organisation.id,
      {
        name: options.name,
        kind: options.kind as ClientKind, // checked there
        scope: options.scope,
        ...(options.redirect ? { redirectUris: options.redirect } : {}),
        ...(options.launch === undefined ? {} : { launchUri: options.launch }),
        ...(options.introspect ? { mayIntrospect: true } : {}),
        ...keys,
      },
      BY,
    );
    print(options.json ?? false, { id: client.id, ...(secret === undefined ? {} : { secret }) }, [
      `client id ${client.id}`,
      ...(secret === undefined ? [] : [`secret ${secret}; shown once`]),
    ]);
  });
}

async function list(options: Common): Promise<void> {
  await withRegistry(options.organisation, async ({ clients, organisation }) => {
    const all = await clients.list(organisation.id);
    print(
      options.json ?? false,
      { clients: all },
      all.length === 0 ? ["no application is registered"] : all.map(lineOf),
    );
  });
}

const lineOf = ({ id, name, kind, scope, disabledAt }: Client): string =>
  `${id}  ${kind.padEnd(7)}  ${disabledAt === null ? name : `${name} (disabled)`}  ${scope}`;

async function disable(id: string, options: Common): Promise<void> {
  await withRegistry(options.organisation, async ({ clients, organisation }) => {
    await clients.disable(organisation.id, id, BY);
    print(options.json ?? false, { id, disabled: true }, [`${id} is disabled, and its tokens have ended`]);
  });
}

async function rotate(id: string, options: Common & Keys): Promise<void> {
  const keys = await keysOf(options);
  await withRegistry(options.organisation, async ({ clients, organisation }) => {
    const { secret } = await clients.rotate(organisation.id, id, keys, BY);
    print(options.json ?? false, { id, ...(secret === undefined ? {} : { secret }) }, [
      secret === undefined ? `${id} has new keys` : `new secret ${secret}; shown once`,
    ]);
  });
}

/** @throws RefusedInput FILE_UNREADABLE, MALFORMED_JSON */
async function keysOf({ jwks: path, jwksUri }: Keys): Promise<{ jwks?: unknown; jwksUri?: string }> {
  const address = jwksUri === undefined ? {} : { jwksUri };
  if (path === undefined) return address;
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new RefusedInput("FILE_UNREADABLE", { at: "--jwks" }, { cause });
  });
  try {
    return { ...address, jwks: JSON.parse(text) as unknown };
  } catch (cause) {
    throw new RefusedInput("MALFORMED_JSON", { at: "--jwks" }, { cause });
  }
}
