import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OutsideTrouble } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { writeWhole } from "./files.ts";
import type { KeptAuthority, KeptRows, Log, Material, Vault } from "./ports.ts";

const LOOK_EVERY_MS = 60_000;
const NAME = "device authority";

export interface KeptAuthorities {
  /** Keeps what has been made since. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The authority of `folder` is kept in the database too, sealed, and so in every backup: where the folder has
 * none, as after a restore, it is put back. An authority that was put into the folder by hand is the one that is kept then.
 */
export async function keepAuthority(deps: {
  readonly folder: string;
  readonly vault: Vault;
  readonly rows: KeptRows;
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  readonly log: Log;
  readonly lookEveryMs?: number;
}): Promise<KeptAuthorities> {
  const { folder, vault, rows, runtime, log, lookEveryMs } = deps;
  const [certPath, keyPath] = [join(folder, "ca.crt"), join(folder, "ca.key")];
  const row = await rows.read();
  let held: string | undefined;
  if (row && !isThere(folder)) {
    held = Buffer.from(vault.open(NAME, row.keyId, row.sealed)).toString("utf8");
    const { cert, key } = JSON.parse(held) as Material;
    writeWhole(keyPath, key, { isPublic: false });
    writeWhole(certPath, cert, { isPublic: true });
    log.info({}, "the certificate authority was put back as the database has it");
  } else if (row) held = opened(row);

  function opened({ keyId, sealed }: KeptAuthority): string | undefined {
    try {
      return Buffer.from(vault.open(NAME, keyId, sealed)).toString("utf8");
    } catch (error) {
      // The folder has one: that is kept anew.
      log.warn({ reason: (error as Error).message }, "the kept certificate authority cannot be opened");
      return undefined;
    }
  }

  const look = async () => {
    if (!isThere(folder)) return;
    const material: Material = { cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8") };
    const text = JSON.stringify(material);
    if (held === text || !isPair(material)) return;
    await rows.write({ ...vault.seal(NAME, Buffer.from(text)), keptAt: runtime.clock.now() });
    held = text;
  };
  await look();
  let running: Promise<void> | null = null;
  // Made with the first device that asks, also by a command beside this server.
  const timer = runtime.timers.every(lookEveryMs ?? LOOK_EVERY_MS, () => {
    running ??= look()
      .catch((error: Error) => log.warn({ reason: error.message }, "the certificate authority could not be kept yet"))
      .finally(() => {
        running = null;
      });
  });
  return {
    look,
    async close() {
      timer.cancel();
      await running;
    },
  };
}

/**
 * For whoever may not open the key: a new authority beside one that is kept would be another than devices trust.
 *
 * @throws OutsideTrouble CONFLICT where one is kept that the folder does not have
 */
export async function needOwnAuthority(folder: string, rows: Pick<KeptRows, "read">): Promise<void> {
  if (isThere(folder) || !(await rows.read())) return;
  const expected = "a start of the server before, which puts the restored certificate authority back";
  throw new OutsideTrouble("CONFLICT", false, { at: "tls", expected });
}

const isThere = (folder: string) => existsSync(join(folder, "ca.crt")) && existsSync(join(folder, "ca.key"));

function isPair({ cert, key }: Material): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
