import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import { audit } from "./audit.ts";
import { createChallenges } from "./challenges.ts";
import type { Passkey, Passkeys, RelyingParty, Tables, Transaction } from "./ports.ts";
import { beginSession } from "./sign-in.ts";

/** The library with its readers of certificates takes longer to load than most commands, which sign nobody in, take to run. */
export const loadWebAuthn = () => import("@simplewebauthn/server");

/** COSE: EdDSA, ES256, RS256. */
const ALGORITHMS = [-8, -7, -257] as const;
const PASSKEYS_MAX = 20;
const SIGN_IN = "sign-in";
const enrolmentOf = (personId: string) => `enrol ${personId}`;
const proofOf = (personId: string) => `prove ${personId}`;

interface Row {
  readonly id: string;
  readonly organisation_id: string;
  readonly person_id: string;
  readonly credential_id: string;
  readonly public_key: Buffer;
  readonly counter: number;
  readonly transports: string[];
  readonly name: string;
  readonly is_synced: boolean;
  readonly created_at: number;
  readonly last_used_at: number | null;
}

const LISTED = "id, credential_id, transports, name, is_synced, created_at, last_used_at";

/** Passkeys (WebAuthn): the authenticator must have verified its user, by PIN, finger or face. */
export function createPasskeys({ tables, runtime }: { tables: Tables; runtime: Runtime }): Passkeys {
  const challenges = createChallenges(runtime);
  const now = () => runtime.clock.now();

  const own = (tx: Transaction, personId: string) =>
    tx.rows<Row>(`SELECT ${LISTED} FROM passkey WHERE person_id = $1 AND removed_at IS NULL ORDER BY created_at, id`, [
      personId,
    ]);

  /** The passkey that signed. @throws RefusedInput SIGN_IN_REFUSED */
  const asserted = async (
    tx: Transaction,
    given: {
      readonly party: RelyingParty;
      readonly response: object;
      readonly purpose: string;
      readonly at: number;
      /** Left out: whoever's it is. */
      readonly personId?: string;
    },
  ): Promise<Row> => {
    const { party, response, purpose, at, personId } = given;
    const credentialId = (response as { id?: unknown }).id;
    if (typeof credentialId !== "string" || credentialId.length > 1400) throw new RefusedInput("SIGN_IN_REFUSED");
    const [row] = await tx.rows<Row>(
      `SELECT k.* FROM passkey k JOIN person p ON p.id = k.person_id
        WHERE k.credential_id = $1 AND k.removed_at IS NULL AND p.disabled_at IS NULL
          AND ($2::uuid IS NULL OR k.person_id = $2) FOR UPDATE OF k`,
      [credentialId, personId ?? null],
    );
    if (!row) throw new RefusedInput("SIGN_IN_REFUSED");
    const { verifyAuthenticationResponse } = await loadWebAuthn();
    const { authenticationInfo, challenge } = await verified((taking) =>
      verifyAuthenticationResponse({
        response: response as unknown as AuthenticationResponseJSON,
        expectedChallenge: taking((one) => challenges.isGood(one, purpose)),
        expectedOrigin: [...party.origins],
        expectedRPID: party.id,
        requireUserVerification: true,
        credential: {
          id: row.credential_id,
          publicKey: new Uint8Array(row.public_key),
          // Refuses one that goes back: the authenticator was copied.
          counter: row.counter,
        },
      }),
    );
    if (!challenges.use(challenge)) throw new RefusedInput("SIGN_IN_REFUSED");
    const { newCounter, credentialBackedUp } = authenticationInfo;
    await tx.run("UPDATE passkey SET counter = $2, last_used_at = $3, is_synced = $4 WHERE id = $1", [
      row.id,
      newCounter,
      at,
      credentialBackedUp,
    ]);
    return row;
  };

  return {
    async list({ id, organisationId }) {
      return (await tables.inOrganisation(organisationId, (tx) => own(tx, id))).map(toPasskey);
    },

    async enrolmentOptions(principal, party) {
      const { id, organisationId, display } = principal;
      const present = await tables.inOrganisation(organisationId, (tx) => own(tx, id));
      const { generateRegistrationOptions } = await loadWebAuthn();
      return generateRegistrationOptions({
        rpName: "Openward",
        rpID: party.id,
        userName: display,
        userDisplayName: display,
        userID: new Uint8Array(Buffer.from(id.replaceAll("-", ""), "hex")),
        challenge: challenges.make(enrolmentOf(id)),
        attestationType: "none",
        supportedAlgorithmIDs: [...ALGORITHMS],
        excludeCredentials: present.map((row) => ({ id: row.credential_id, transports: row.transports })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
      });
    },

    async enrol(principal, party, { name, response }) {
      const { id: personId, organisationId } = principal;
      const purpose = enrolmentOf(personId);
      const { verifyRegistrationResponse } = await loadWebAuthn();
      const { registrationInfo, challenge } = await verified((taking) =>
        verifyRegistrationResponse({
          response: response as unknown as RegistrationResponseJSON,
          expectedChallenge: taking((given) => challenges.isGood(given, purpose)),
          expectedOrigin: [...party.origins],
          expectedRPID: party.id,
          requireUserVerification: true,
          supportedAlgorithmIDs: [...ALGORITHMS],
        }),
      );
      if (!challenges.use(challenge)) throw new RefusedInput("SIGN_IN_REFUSED");
      const { credential, credentialBackedUp } = registrationInfo;
      const at = now();
      const id = runtime.ids.uuid();
      return tables.inOrganisation(organisationId, async (tx) => {
        const present = await own(tx, personId);
        if (present.length >= PASSKEYS_MAX)
          throw new RefusedInput("CONFLICT", { at: "name", expected: `at most ${PASSKEYS_MAX} passkeys` });
        const transports = (credential.transports ?? []).filter((one) => /^[a-z-]{1,20}$/.test(one)).slice(0, 10);
        await tx.run(
          `INSERT INTO passkey (id, organisation_id, person_id, credential_id, public_key, counter, transports, name, is_synced, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
          [
            id,
            organisationId,
            personId,
            credential.id,
            Buffer.from(credential.publicKey),
            credential.counter,
            transports,
            name,
            credentialBackedUp,
            at,
          ],
        );
        await audit(tx, { organisationId, at, by: personId, action: "passkey.add", detail: { passkeyId: id } });
        return { id, name, isSynced: credentialBackedUp, createdAt: at, lastUsedAt: null };
      });
    },

    async remove({ id: personId, organisationId }, passkeyId) {
      const at = now();
      await tables.inOrganisation(organisationId, async (tx) => {
        const removed = await tx.run(
          "UPDATE passkey SET removed_at = $3 WHERE id = $1 AND person_id = $2 AND removed_at IS NULL",
          [passkeyId, personId, at],
        );
        if (removed === 0) throw new RefusedInput("NOT_FOUND", { at: "passkey" });
        // Whoever has the authenticator may be signed in by it.
        await tx.run("UPDATE session SET ended_at = $2 WHERE passkey_id = $1 AND ended_at IS NULL", [passkeyId, at]);
        await audit(tx, { organisationId, at, by: personId, action: "passkey.remove", detail: { passkeyId } });
      });
    },

    async signInOptions(party) {
      const { generateAuthenticationOptions } = await loadWebAuthn();
      return generateAuthenticationOptions({
        rpID: party.id,
        challenge: challenges.make(SIGN_IN),
        // Nobody is asked who they are: the authenticator knows, and nothing here tells who has one.
        allowCredentials: [],
        userVerification: "required",
      });
    },

    async signIn(party, response, device) {
      const at = now();
      return tables.everywhere(async (tx) => {
        const row = await asserted(tx, { party, response, purpose: SIGN_IN, at });
        const by = { method: "passkey", passkeyId: row.id, device } as const;
        return beginSession(tx, runtime, {
          organisationId: row.organisation_id,
          personId: row.person_id,
          at,
          ...by,
        });
      });
    },

    async whoseOptions(party, purpose) {
      const { generateAuthenticationOptions } = await loadWebAuthn();
      return generateAuthenticationOptions({
        rpID: party.id,
        challenge: challenges.make(purpose),
        allowCredentials: [],
        userVerification: "required",
      });
    },

    async whose(party, response, { purpose, organisationId }) {
      return tables.everywhere(async (tx) => {
        const row = await asserted(tx, { party, response, purpose, at: now() });
        if (row.organisation_id !== organisationId) throw new RefusedInput("SIGN_IN_REFUSED");
        return row.person_id;
      });
    },

    async proofOptions({ id, organisationId }, party) {
      const present = await tables.inOrganisation(organisationId, (tx) => own(tx, id));
      const { generateAuthenticationOptions } = await loadWebAuthn();
      return generateAuthenticationOptions({
        rpID: party.id,
        challenge: challenges.make(proofOf(id)),
        allowCredentials: present.map((row) => ({ id: row.credential_id, transports: row.transports })),
        userVerification: "required",
      });
    },

    async prove({ id }, party, response) {
      await tables.everywhere((tx) => asserted(tx, { party, response, purpose: proofOf(id), at: now(), personId: id }));
    },
  };
}

/**
 * What the library says, as our refusal where it says no; it throws for every reason there is.
 *
 * @param verify is handed a wrapper for its check of the challenge, by which the challenge is known afterwards
 */
async function verified<R extends { verified: boolean }>(
  verify: (taking: (check: (challenge: string) => boolean) => (challenge: string) => boolean) => Promise<R>,
): Promise<Extract<R, { verified: true }> & { challenge: string }> {
  let challenge = "";
  let result: R;
  try {
    result = await verify((check) => (given) => {
      challenge = given;
      return check(given);
    });
  } catch (cause) {
    throw new RefusedInput("SIGN_IN_REFUSED", {}, { cause });
  }
  if (!result.verified) throw new RefusedInput("SIGN_IN_REFUSED");
  return { ...(result as Extract<R, { verified: true }>), challenge };
}

function toPasskey(row: Row): Passkey {
  const { id, name, is_synced: isSynced, created_at: createdAt, last_used_at: lastUsedAt } = row;
  return { id, name, isSynced, createdAt, lastUsedAt };
}

/** An address by number is nobody's name for a passkey; our own machine has one. @returns null: none is possible there */
export function relyingPartyOf(address: string): RelyingParty | null {
  const url = new URL(address);
  const isLoopback = url.hostname === "127.0.0.1" || url.hostname === "[::1]" || url.hostname === "localhost";
  if (isLoopback) url.hostname = "localhost";
  if (/^[\d.]+$|^\[/.test(url.hostname) || (url.protocol !== "https:" && !isLoopback)) return null;
  return { id: url.hostname, origins: [url.origin] };
}
