import type { Pool } from "pg";
import { everywhere } from "./transaction.ts";

interface Kept {
  readonly keyId: number;
  readonly sealed: Uint8Array;
}

/** The certificate authority of this installation, as it was sealed. */
export function createKeptAuthority(worker: Pool) {
  return {
    read: (): Promise<Kept | undefined> =>
      everywhere(worker, async (tx) => {
        const [row] = await tx.rows<{ key_id: number; sealed: Buffer }>("SELECT key_id, sealed FROM kept_authority");
        return row && { keyId: row.key_id, sealed: row.sealed };
      }),
    write: ({ keyId, sealed, keptAt }: Kept & { readonly keptAt: number }): Promise<void> =>
      everywhere(worker, async (tx) => {
        await tx.run(
          `INSERT INTO kept_authority (key_id, sealed, kept_at) VALUES ($1, $2, $3) ON CONFLICT (id)
             DO UPDATE SET key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed, kept_at = EXCLUDED.kept_at`,
          [keyId, Buffer.from(sealed), keptAt],
        );
      }),
  };
}
