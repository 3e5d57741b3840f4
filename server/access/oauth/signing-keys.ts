import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { JWK } from "oidc-provider";
import type { OAuthDeps } from "./ports.ts";

const DAY_MS = 86_400_000;
/** A new key after so long. */
export const ROTATE_MS = 90 * DAY_MS;
/** A new key is shown for so long before anything is signed with it, an old one for so long after. */
export const OVERLAP_MS = DAY_MS;

const generate = promisify(generateKeyPair);

interface Row {
  readonly kid: string;
  readonly key_id: number;
  readonly sealed: Buffer;
  readonly made_at: number;
}

interface Kept {
  readonly jwk: JWK;
  readonly madeAt: number;
}

/**
 * The keys that identity tokens are signed with, made for this installation: the first of the list signs, all are shown.
 * Makes a new one when it is time, and forgets those that nothing can be signed with any more.
 */
export async function signingKeys({ tables, vault, runtime, log }: OAuthDeps): Promise<JWK[]> {
  const now = runtime.clock.now();
  const kept = (await tables.everywhere((tx) => tx.rows<Row>("SELECT * FROM oauth_key ORDER BY made_at"))).flatMap(
    ({ kid, key_id, sealed, made_at }): Kept[] => {
      try {
        const plain = Buffer.from(vault.open(`oauth key ${kid}`, key_id, sealed)).toString("utf8");
        return [{ jwk: JSON.parse(plain) as JWK, madeAt: made_at }];
      } catch (error) {
        log.error({ kid, reason: (error as Error).message }, "a signing key cannot be opened and is left out");
        return [];
      }
    },
  );
  const newest = kept.at(-1);
  if (!newest || now - newest.madeAt >= ROTATE_MS) kept.push(await make());

  // The newest that has been shown long enough; at a first start there is none but the first.
  const signer = kept.findLast(({ madeAt }) => now - madeAt >= OVERLAP_MS) ?? kept[0];
  const current = kept.filter(({ madeAt }, i) => {
    const next = kept[i + 1];
    return madeAt >= (signer as Kept).madeAt || (next !== undefined && now - next.madeAt < 2 * OVERLAP_MS);
  });
  const dropped = kept.filter((one) => !current.includes(one)).map(({ jwk }) => jwk.kid);
  if (dropped.length > 0)
    await tables.everywhere((tx) => tx.run("DELETE FROM oauth_key WHERE kid = ANY ($1)", [dropped]));
  return [signer as Kept, ...current.filter((one) => one !== signer)].map(({ jwk }) => jwk);

  async function make(): Promise<Kept> {
    const { privateKey } = await generate("rsa", { modulusLength: 2048 });
    const kid = runtime.ids.uuid();
    const jwk = { ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" } as JWK;
    const { keyId, sealed } = vault.seal(`oauth key ${kid}`, Buffer.from(JSON.stringify(jwk)));
    await tables.everywhere((tx) =>
      tx.run("INSERT INTO oauth_key (kid, key_id, sealed, made_at) VALUES ($1, $2, $3, $4)", [kid, keyId, sealed, now]),
    );
    return { jwk, madeAt: now };
  }
}
