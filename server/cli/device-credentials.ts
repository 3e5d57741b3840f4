import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { createKeptAuthority } from "../store/registry/index.ts";
import { needOwnAuthority } from "../tls/kept-authority.ts";
import { print } from "./output.ts";
import { withRegistry } from "./registry.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const BY = "command line";

interface Options {
  organisation?: string;
  json?: boolean;
}

/** @param device the command `device`, which has the others already */
export function addCredentialCommands(device: Command): void {
  const add = (name: string, about: string) =>
    device
      .command(name)
      .description(about)
      .option("--organisation <name>", "needed only where there are several")
      .option("--json", "print one JSON object");
  add("token <device>", "a new token; the ones before end at once, or after an overlap")
    .option("--overlap <hours>", "how long the tokens before stay valid beside it", "0")
    .option("--days <days>", "until when it is valid; until it is revoked when left out")
    .action(rotateToken);
  add("certificate <device>", "a client certificate of our own authority")
    .option("--csr <file>", "signing request of a key that the device keeps; a key is made when left out")
    .option("--days <days>", "how long it is valid", "90")
    .option("--overlap <hours>", "end the certificates before after so long; at their own end when left out")
    .option("--out <folder>", "write DEVICE.crt (and DEVICE.key) there instead of printing them")
    .action(issueCertificate);
  add("credentials <device>", "what the device can sign in with").action(listCredentials);
  add("revoke <device>", "end the device's access, or one credential of it; live sessions end with it")
    .option("--credential <id>", "this one only")
    .action(revoke);
  add(
    "claim-code <device>",
    "a code for one use that a device exchanges at POST /ingest/claim for its token or certificate",
  )
    .option("--hours <hours>", "how long it is valid", "24")
    .option("--url <url>", "the server's address as the device reaches it; OPENWARD_PUBLIC_URL when left out")
    .action(claimCode);
  add("charge <gateway> <device>", "put a device in the charge of a gateway, which may then send for it")
    .option("--end", "end it")
    .action(charge);
}

async function rotateToken(id: string, options: Options & { overlap: string; days?: string }): Promise<void> {
  const overlapMs = number("--overlap", options.overlap, [0, 720]) * HOUR_MS;
  const validMs = options.days === undefined ? null : number("--days", options.days, [1, 3660]) * DAY_MS;
  await withRegistry(options.organisation, async ({ devices, organisation }) => {
    const token = await devices.rotateToken(organisation.id, id, BY, { overlapMs, validMs });
    print(options.json ?? false, { id, token }, [`token  ${token}   (shown once)`]);
  });
}

async function issueCertificate(
  id: string,
  options: Options & { csr?: string; days: string; overlap?: string; out?: string },
): Promise<void> {
  const days = number("--days", options.days, [1, 397]);
  const overlapMs = options.overlap === undefined ? null : number("--overlap", options.overlap, [0, 720]) * HOUR_MS;
  const csr = options.csr === undefined ? null : readText(options.csr);
  await withRegistry(options.organisation, async ({ database, devices, organisation }) => {
    const known = await devices.find(organisation.id, id);
    if (!known) throw new RefusedInput("NOT_FOUND", { at: "device" });
    if (known.device.revokedAt !== null)
      throw new RefusedInput("CONFLICT", { at: "device", expected: "a device with access" });
    // Loaded by this command alone: the others need not wait for it.
    const { openAuthority } = await import("../tls/index.ts");
    const folder = join(readConfig(process.env).dataDir, "tls");
    await needOwnAuthority(folder, createKeptAuthority(database.worker));
    const authority = await openAuthority(folder, systemRuntime);
    const issued = await authority.issueDevice(id, { csr, days });
    // Written before it is valid: a certificate that nobody holds is no access.
    const files = options.out === undefined ? [] : writeFiles(options.out, id, issued);
    await devices.addCertificate(organisation.id, id, issued, BY, { overlapMs });
    const expires = new Date(issued.expiresAt).toISOString();
    const { cert, key, expiresAt } = issued;
    print(options.json ?? false, { id, certificate: cert, key, authority: authority.cert, expiresAt, files }, [
      ...(files.length > 0 ? files : [cert, ...(key === null ? [] : [key, "(the key is shown once)"])]),
      `valid until ${expires}`,
    ]);
  });
}

async function listCredentials(id: string, options: Options): Promise<void> {
  await withRegistry(options.organisation, async ({ devices, organisation }) => {
    const credentials = await devices.credentials(organisation.id, id);
    const inCharge = await devices.inCharge(organisation.id, id);
    const until = (at: number | null) => (at === null ? "until revoked" : `until ${new Date(at).toISOString()}`);
    print(options.json ?? false, { id, credentials, inCharge }, [
      ...credentials.map((one) => `${one.id}  ${one.kind.padEnd(11)}  ${until(one.expiresAt)}`),
      ...inCharge.map((deviceId) => `in its charge: ${deviceId}`),
    ]);
  });
}

async function revoke(id: string, options: Options & { credential?: string }): Promise<void> {
  await withRegistry(options.organisation, async ({ devices, organisation }) => {
    if (options.credential === undefined) await devices.revoke(organisation.id, id, BY);
    else await devices.revokeCredential(organisation.id, id, options.credential, BY);
    print(options.json ?? false, { id, credential: options.credential ?? null }, [`${id}: access has ended.`]);
  });
}

async function claimCode(id: string, options: Options & { hours: string; url?: string }): Promise<void> {
  const validMs = number("--hours", options.hours, [1, 72]) * HOUR_MS;
  const { publicUrl, httpPort } = readConfig(process.env);
  const base = (options.url ?? publicUrl ?? `http://127.0.0.1:${httpPort}`).replace(/\/+$/, "");
  await withRegistry(options.organisation, async ({ devices, organisation }) => {
    const { code, expiresAt } = await devices.newClaim(organisation.id, id, validMs, BY);
    // Behind the #, so that a browser which is sent there sends the code to nobody.
    const url = `${base}/ingest/claim#${code}`;
    const { default: qrcode } = await import("qrcode");
    const picture = options.json ? "" : await qrcode.toString(url, { type: "utf8" });
    print(options.json ?? false, { id, code, url, expiresAt }, [
      picture,
      `code   ${code}   (shown once; valid until ${new Date(expiresAt).toISOString()})`,
      `try    curl -H 'Content-Type: application/json' -d '{"code":"${code}"}' ${base}/ingest/claim`,
    ]);
  });
}

async function charge(gateway: string, id: string, options: Options & { end?: boolean }): Promise<void> {
  await withRegistry(options.organisation, async ({ devices, organisation }) => {
    if (options.end) await devices.endCharge(organisation.id, gateway, id, BY);
    else await devices.takeCharge(organisation.id, gateway, id, BY);
    const inCharge = await devices.inCharge(organisation.id, gateway);
    print(options.json ?? false, { id: gateway, inCharge }, [`in the charge of ${gateway}: ${inCharge.join(", ")}`]);
  });
}

function writeFiles(folder: string, id: string, { cert, key }: { cert: string; key: string | null }): string[] {
  const files: [path: string, text: string, mode: number][] = [[join(folder, `${id}.crt`), cert, 0o644]];
  if (key !== null) files.push([join(folder, `${id}.key`), key, 0o600]);
  const there = files.find(([path]) => existsSync(path));
  if (there) throw new RefusedInput("CONFLICT", { at: "--out", expected: "a folder without", received: there[0] });
  for (const [path, text, mode] of files) writeFileSync(path, text, { mode, flag: "wx" });
  return files.map(([path]) => path);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new RefusedInput("FILE_UNREADABLE", { at: "--csr" }, { cause });
  }
}

function number(at: string, text: string, [min, max]: [number, number]): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new RefusedInput("FIELD_INVALID", { at, expected: `a whole number from ${min} to ${max}`, received: text });
}
