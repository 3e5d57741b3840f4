import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { OutsideTrouble } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { openAuthority } from "./authority.ts";
import { writeWhole } from "./files.ts";
import type { Log, Material } from "./ports.ts";
import { isDue } from "./server-certificate.ts";

const LOOK_EVERY_MS = 5_000;
const RENEW_EVERY_MS = 3_600_000;

export interface OpenMaterial {
  now(): Material;
  /** The authority that clients must trust; null with the operator's certificate. */
  readonly authority: string | null;
  /** Called with what new connections are to be shown from now on. */
  onChange(listener: (material: Material) => void): void;
  close(): void;
}

interface Options {
  /** The operator's files; null: our own authority. */
  readonly files: { readonly cert: string; readonly key: string } | null;
  readonly dataDir: string;
  /** Names and addresses under which this server is reached. */
  readonly names: readonly string[];
  readonly runtime: Runtime;
  readonly log: Log;
  readonly lookEveryMs?: number;
}

/** @throws OutsideTrouble CONFIG_INVALID naming the setting whose file cannot be read or does not fit the other */
export async function openMaterial(options: Options): Promise<OpenMaterial> {
  return options.files ? followFiles(options.files, options) : ownMaterial(options);
}

/** A renewed certificate and key come one after the other: what does not fit together is left until it does. */
function followFiles(files: { cert: string; key: string }, { runtime, log, lookEveryMs }: Options): OpenMaterial {
  let held: Material = {
    cert: readSetting("OPENWARD_TLS_CERT", files.cert),
    key: readSetting("OPENWARD_TLS_KEY", files.key),
  };
  const misfit = misfitOf(held);
  if (misfit) throw new OutsideTrouble("CONFIG_INVALID", false, { at: misfit.at, expected: misfit.expected });
  const listeners = new Set<(material: Material) => void>();
  let refused = "";
  const look = async () => {
    const [cert, key] = await Promise.all([readFile(files.cert, "utf8"), readFile(files.key, "utf8")]);
    if ((cert === held.cert && key === held.key) || cert + key === refused) return;
    const wrong = misfitOf({ cert, key });
    if (wrong) {
      refused = cert + key;
      return log.warn(wrong, "changed certificate files do not fit together; the ones before stay in use");
    }
    held = { cert, key };
    log.info({ validTo: new X509Certificate(cert).validTo }, "a new certificate is in use");
    for (const listener of listeners) listener(held);
  };
  let isLooking = false;
  const timer = runtime.timers.every(lookEveryMs ?? LOOK_EVERY_MS, () => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch((error: NodeJS.ErrnoException) => log.warn({ code: error.code }, "certificate files cannot be read"))
      .finally(() => {
        isLooking = false;
      });
  });
  return {
    now: () => held,
    authority: null,
    onChange: (listener) => void listeners.add(listener),
    close: () => timer.cancel(),
  };
}

async function ownMaterial({ dataDir, names, runtime, log }: Options): Promise<OpenMaterial> {
  const folder = join(dataDir, "tls");
  const authority = await openAuthority(folder, runtime);
  const certPath = join(folder, "server.crt");
  const keyPath = join(folder, "server.key");
  const renew = async (before: Material | undefined): Promise<Material> => {
    if (before && !isDue(before.cert, names, authority.cert, runtime.clock.now())) return before;
    const issued = await authority.issueServer(names);
    writeWhole(keyPath, issued.key, { isPublic: false });
    writeWhole(certPath, issued.cert, { isPublic: true });
    return issued;
  };
  let held = await renew(readOwn(certPath, keyPath));
  const listeners = new Set<(material: Material) => void>();
  const timer = runtime.timers.every(RENEW_EVERY_MS, () => {
    renew(held).then(
      (renewed) => {
        if (renewed === held) return;
        held = renewed;
        for (const listener of listeners) listener(held);
      },
      (error: Error) => log.warn({ reason: error.message }, "the server's certificate was not renewed"),
    );
  });
  return {
    now: () => held,
    authority: authority.cert,
    onChange: (listener) => void listeners.add(listener),
    close: () => timer.cancel(),
  };
}

/** undefined where there is none, or a stop between the two files left halves that do not fit. */
function readOwn(certPath: string, keyPath: string): Material | undefined {
  try {
    const material = { cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8") };
    return misfitOf(material) ? undefined : material;
  } catch {
    return undefined;
  }
}

function readSetting(at: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new OutsideTrouble("CONFIG_INVALID", false, { at, expected: "a file that can be read" }, { cause });
  }
}

function misfitOf({ cert, key }: Material): { at: string; expected: string } | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return { at: "OPENWARD_TLS_CERT", expected: "a certificate in PEM" };
  }
  try {
    if (certificate.checkPrivateKey(createPrivateKey(key))) return undefined;
  } catch {
    return { at: "OPENWARD_TLS_KEY", expected: "a private key in PEM, without a password" };
  }
  return { at: "OPENWARD_TLS_KEY", expected: "the key of the certificate in OPENWARD_TLS_CERT" };
}
