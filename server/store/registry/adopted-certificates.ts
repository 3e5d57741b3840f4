import type { Runtime } from "@openward/runtime";
import type { Pool } from "pg";
import { audit } from "./audit.ts";
import type { Adopted } from "./directory-memory.ts";
import { everywhere } from "./transaction.ts";

const AGAIN_AFTER_MS = 5_000;

/**
 * Certificates of the operator's authorities become rows at their first use. A device does not wait for it, nor for a
 * database that does not answer: what could not be written is written later.
 */
export function createAdoption(deps: {
  readonly worker: Pool;
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  readonly log: { warn(facts: object, text: string): void };
}) {
  const { worker, runtime, log } = deps;
  const waiting = new Map<string, Adopted>();
  let running: Promise<void> | null = null;
  let isClosed = false;

  const write = async ({ id, organisationId, deviceId, hash, expiresAt }: Adopted): Promise<void> => {
    const at = runtime.clock.now();
    const by = "operator's authority";
    await everywhere(worker, async (tx) => {
      const written = await tx.run(
        `INSERT INTO device_credential
           (id, organisation_id, device_id, kind, hash, created_at, created_by, expires_at, authority)
         VALUES ($1, $2, $3, 'certificate', $4, $5, $6, $7, 'operator') ON CONFLICT (id) DO NOTHING`,
        [id, organisationId, deviceId, Buffer.from(hash), at, by, expiresAt],
      );
      if (written === 0) return;
      const detail = { credential: id, expiresAt };
      await audit(tx, { organisationId, at, by, action: "device.adopt-certificate", deviceId, detail });
    });
  };

  const writeAll = async (): Promise<void> => {
    for (const adopted of [...waiting.values()]) {
      await write(adopted);
      waiting.delete(adopted.id);
    }
  };

  const start = (): void => {
    if (isClosed) return;
    running ??= writeAll()
      .catch((error: Error) => log.warn({ reason: error.message }, "a device's certificate could not be kept yet"))
      .finally(() => {
        running = null;
        if (waiting.size > 0) runtime.timers.after(AGAIN_AFTER_MS, start);
      });
  };

  return {
    keep(adopted: Adopted): void {
      waiting.set(adopted.id, adopted);
      start();
    },
    async close(): Promise<void> {
      isClosed = true;
      await running;
    },
  };
}
