import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import { writeNewFile } from "./durable-file.ts";
import { FILES, readStoreHeader, unwrapStoreKey } from "./key-store.ts";
import type { Kms } from "./master.ts";

/**
 * Put the store under another master key. What is encrypted stays as it is: only the store's own key is wrapped anew. A
 * server that runs goes on, as it asks its master key at a start only. Copies of the store made before still need the old one.
 *
 * @throws RefusedInput NOT_FOUND where there is no store; KEY_MASTER_WRONG when `from` is not its master key, or when `to`
 *   does not give back what it was given; nothing is changed then
 */
export async function changeMaster(folder: string, from: Kms, to: Kms): Promise<void> {
  const header = readStoreHeader(folder);
  if (!header) throw new RefusedInput("NOT_FOUND", { at: "key store", received: folder });
  const key = await unwrapStoreKey(header, from);
  const wrapped = await to.wrap(key);
  const changed = { ...header, kms: to.name, wrappedKey: Buffer.from(wrapped).toString("base64") };
  if (!Buffer.from(await unwrapStoreKey(changed, to)).equals(key))
    throw new RefusedInput("KEY_MASTER_WRONG", { at: to.name, expected: "a master key that opens what it wrapped" });
  writeNewFile(join(folder, FILES.store), Buffer.from(`${JSON.stringify(changed, null, 2)}\n`));
}
