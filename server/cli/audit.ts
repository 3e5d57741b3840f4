import { createReadStream, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import {
  type Compared,
  compareRows,
  createAuditTable,
  createVerifier,
  decodeRecord,
  type KnownCheckpoint,
  logLines,
  parsePublicKey,
  publicKeyText,
  signerOf,
  takeCheckpoint,
  type Verdict,
} from "../access/audit/index.ts";
import { statement } from "../store/registry/index.ts";
import { addAuditReports } from "./audit-reports.ts";
import { keysToRead } from "./export.ts";
import { EXIT, print } from "./output.ts";
import { type Registry, withRegistry } from "./registry.ts";

interface ExportOptions {
  all?: boolean;
  organisation?: string;
  json?: boolean;
}

interface VerifyOptions {
  key?: string;
  checkpoint?: string;
  json?: boolean;
}

export function addAuditCommands(program: Command): void {
  const audit = program.command("audit").description("who looked at what and did what");
  audit
    .command("export <file>")
    .description("the audit log as a file that can be verified without this server")
    .option("--all", "of all organisations; otherwise other organisations' records are withheld")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object: file, records, checkpoint, key")
    .action(exportLog);
  audit
    .command("verify [file]")
    .description(
      "is an exported log as it was written? Names the first record that is not; needs no server. Without a file: the log in the database, and whether its rows still say what the chain says",
    )
    .option("--key <text or file>", "the public key, as `audit key` prints it; without it, the one in the file")
    .option("--checkpoint <number:digest>", "a checkpoint that you have kept: a log that was cut before it is found")
    .option("--json", "print one JSON object")
    .action(verify);
  audit
    .command("key")
    .description("the public key that checkpoints are signed with: keep it where the log is not")
    .option("--json", "print one JSON object: key, fingerprint")
    .action(showKey);
  addAuditReports(audit);
}

/** What reads the log, and the key store's signer. */
async function withLog<T>(
  { database }: Registry,
  work: (parts: { table: ReturnType<typeof createAuditTable>; signer: ReturnType<typeof signerOf> }) => Promise<T>,
): Promise<T> {
  const keys = await keysToRead(database.worker);
  try {
    const signer = signerOf(keys.auditSeed());
    return await work({
      signer,
      table: createAuditTable({ rows: (sql, values) => statement(database.worker, sql, values) }),
    });
  } finally {
    keys.close();
  }
}

async function exportLog(path: string, options: ExportOptions): Promise<void> {
  await withRegistry(options.organisation, (registry) =>
    withLog(registry, async ({ table, signer }) => {
      // What is in the file is signed for up to its end.
      await takeCheckpoint(table, { at: systemRuntime.clock.now(), signer });
      const mayShow = (body: string) => options.all || decodeRecord(body).organisationId === registry.organisation.id;
      const source = { nodes: await table.nodes(), checkpoints: table.checkpoints, records: table.records };
      const verifier = createVerifier({ key: signer.publicKey });
      const file = await open(path, "wx", 0o600).catch((cause: unknown) => {
        const expected = "a file that is not there yet, in a folder that can be written";
        throw new RefusedInput("FIELD_INVALID", { at: "file", expected, received: path }, { cause });
      });
      try {
        for await (const line of logLines(source, {
          key: signer.publicKey,
          mayShow: (body) => mayShow(body) === true,
        })) {
          verifier.line(line.slice(0, -1));
          await file.write(line);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      told(verifier.end(true), { file: path, isJson: options.json ?? false });
    }),
  );
}

async function verify(path: string | undefined, options: VerifyOptions): Promise<void> {
  const key = options.key === undefined ? undefined : keyOf(options.key);
  const known = options.checkpoint === undefined ? undefined : knownOf(options.checkpoint);
  if (path === undefined) return verifyDatabase({ key, known, isJson: options.json ?? false });
  const verifier = createVerifier({ key, known });
  let rest = "";
  try {
    for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 20 })) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) verifier.line(line);
    }
  } catch (cause) {
    throw new RefusedInput("FILE_UNREADABLE", { at: "file", received: path }, { cause });
  }
  if (rest !== "") verifier.line(rest);
  told(verifier.end(rest === ""), { file: path, isJson: options.json ?? false });
}

/** The log where it is: the chain, and the rows beside it that people read. */
async function verifyDatabase({ key, known, isJson }: Known & { isJson: boolean }): Promise<void> {
  await withRegistry(undefined, (registry) =>
    withLog(registry, async ({ table, signer }) => {
      const verifier = createVerifier({ key: key ?? signer.publicKey, known });
      const nodes = await table.nodes();
      const source = { nodes, checkpoints: table.checkpoints, records: table.records };
      for await (const line of logLines(source, { key: signer.publicKey, mayShow: () => true }))
        verifier.line(line.slice(0, -1));
      const verdict = verifier.end(true);
      const compared = await compareRows({ nodes, compared: table.compared, unlinked: table.unlinked });
      told(verdict, { file: "the log in the database", isJson, compared });
    }),
  );
}

async function showKey({ json }: { json?: boolean }): Promise<void> {
  await withRegistry(undefined, (registry) =>
    withLog(registry, async ({ signer }) => {
      const key = publicKeyText(signer.publicKey);
      print(json ?? false, { key, fingerprint: signer.fingerprint }, [key, `fingerprint ${signer.fingerprint}`]);
    }),
  );
}

interface Known {
  readonly key: ReturnType<typeof keyOf> | undefined;
  readonly known: KnownCheckpoint | undefined;
}

function told(
  verdict: Verdict,
  { file, isJson, compared }: { file: string; isJson: boolean; compared?: Compared },
): void {
  const { records, withheld, checkpoints, unsealed, last, key, broken } = verdict;
  const place = broken?.node ? `, node ${broken.node}, record ${broken.position}` : "";
  print(isJson, { file, ...verdict, ...(compared ? { compared } : {}) }, [
    broken ? `BROKEN at line ${broken.line}${place}: ${broken.reason}` : `${file}: as it was written`,
    `${records} records (${withheld} of other organisations withheld), ${checkpoints} checkpoints, ${unsealed} records behind the last`,
    ...(last ? [`newest checkpoint ${last.number}:${last.digest}, ${new Date(last.at).toISOString()}`] : []),
    `signed with the key ${key ?? "of nobody"}`,
    ...(compared ? comparedLines(compared) : []),
  ]);
  if (broken || (compared?.altered ?? 0) > 0) process.exitCode = EXIT.failed;
}

function comparedLines({ records, changes, unlinked, altered, first }: Compared): string[] {
  return [
    `${records} records and ${changes} changes compared with the chain, ${unlinked} changes not linked yet: ${altered === 0 ? "none is altered" : `${altered} ALTERED`}`,
    ...first.map(
      ({ node, position, event, reason }) =>
        `ALTERED: node ${node}, record ${position}${event === null ? "" : `, audit_event ${event}`}: ${reason}`,
    ),
  ];
}

function keyOf(text: string) {
  try {
    return parsePublicKey(
      /^[A-Za-z0-9+/=]{50,}$/.test(text) ? text : (readFileSync(text, "utf8").split("\n")[0] ?? ""),
    );
  } catch (cause) {
    throw new RefusedInput("FIELD_INVALID", { at: "--key", expected: "what `openward audit key` prints" }, { cause });
  }
}

function knownOf(text: string): KnownCheckpoint {
  const [, number, digest = ""] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined)
    throw new RefusedInput("FIELD_INVALID", { at: "--checkpoint", expected: "number:digest", received: text });
  return { number: Number(number), digest };
}
