import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { createAuthentication } from "./authentication.ts";
import { browserName } from "./browser-name.ts";
import { createConsents } from "./consent/consents.ts";
import { sessionCookie } from "./credentials.ts";
import { createExternalSignIn } from "./external/external-sign-in.ts";
import type { ProviderSettings } from "./external/ports.ts";
import { createCodeSignIn } from "./factors/code-sign-in.ts";
import { createFailures } from "./factors/failures.ts";
import { createPasswordHash } from "./factors/password-hash.ts";
import { createPins } from "./factors/pin.ts";
import type { Vault } from "./factors/ports.ts";
import { ensureFirstPeople } from "./first-people.ts";
import { createBreakGlass } from "./grants/break-glass.ts";
import { createGrantStore } from "./grants/grants.ts";
import { createMonitoring } from "./grants/monitoring.ts";
import { createBadges } from "./kiosk/badges.ts";
import { createKiosks } from "./kiosk/kiosks.ts";
import { createWhoAtWall } from "./kiosk/who.ts";
import { createLocks } from "./lock.ts";
import { createNightscoutKeys } from "./nightscout/keys.ts";
import { createPasskeys } from "./passkeys.ts";
import type { Access, Authenticated, Changes, People, Proof, SignedIn, Tables } from "./ports.ts";
import { createSessions } from "./sessions.ts";
import { createCredentialStore, SESSION_MS } from "./sign-in.ts";
import { createSubjectViews } from "./subject-view.ts";
import { createViews } from "./views.ts";

export { loadWebAuthn, relyingPartyOf } from "./passkeys.ts";

const EXPIRE_EVERY_MS = 5_000;
const SWEEP_EVERY_MS = 3_600_000;
const BREAK_GLASS_MS = 4 * 3_600_000;

export interface AccessDeps {
  readonly tables: Tables;
  readonly changes: Changes;
  readonly people: People;
  readonly runtime: Runtime;
  /** People come over https: the cookie never travels otherwise. */
  readonly isSecure: boolean;
  /** Left out: nobody can have a password, as in a command, which has no keys. */
  readonly vault?: Vault;
  /** An identity provider outside; left out: none. */
  readonly provider?: ProviderSettings | null;
  /** After so long a broken glass is whole again; left out: four hours. */
  readonly breakGlassMs?: number;
  readonly log: { warn(facts: object, text: string): void };
}

const keyless = () => {
  throw new RefusedInput("NOT_PERMITTED", { at: "password", expected: "a server with its keys" });
};
const noVault: Vault = { seal: keyless, open: keyless, derive: keyless };

/** The door: who is it, and which patients may they see. Nothing is visible but through a view. */
export function createAccess(deps: AccessDeps): Access & { close(): Promise<void> } {
  const { tables, runtime, people, isSecure } = deps;
  const onTrouble = (error: unknown) =>
    deps.log.warn({ reason: (error as Error).message }, "the database does not answer questions of access");
  const passkeys = createPasskeys({ tables, runtime });
  const sessions = createSessions({ tables, runtime });
  const vault = deps.vault ?? noVault;
  const passwords = createPasswordHash(runtime.random);
  const failures = createFailures({ tables, clock: runtime.clock, key: () => vault.derive("guesses") });
  const codes = createCodeSignIn({ tables, runtime, vault, passwords, failures });
  const pins = createPins({ tables, clock: runtime.clock, passwords, failures });
  const listeners = new Set<(principalId: string) => void>();
  const onlookers = new Set<(organisationId: string, patientIds: readonly string[]) => void>();
  const authentication = createAuthentication({ tables, runtime, onTrouble });
  const views = createViews({
    tables,
    runtime,
    onTrouble,
    onSeen(organisationId, patientIds) {
      for (const onlooker of onlookers) onlooker(organisationId, patientIds);
    },
  });
  const grants = createGrantStore({
    tables,
    runtime,
    changed: async (organisationId, principalId) => views.regrant(organisationId, principalId),
  });
  const monitoring = createMonitoring({ tables, runtime, log: deps.log, onTrouble });
  const credentials = createCredentialStore({ tables, runtime, grants });

  const ended = (principalId: string) => {
    authentication.forget(principalId);
    views.end(principalId);
    for (const listener of listeners) listener(principalId);
  };

  const letIn = async ({ secret }: { secret: string }): Promise<SignedIn> => {
    const cookie = sessionCookie(secret, { maxAgeMs: SESSION_MS, isSecure });
    const authenticated = await authentication.authenticate({ cookie: cookie.slice(0, cookie.indexOf(";")) });
    if (!authenticated) throw new Error("a session that was just begun is not there");
    return { authenticated, cookie };
  };

  const proved = async (authenticated: Authenticated, by: Proof["by"]): Promise<Proof> => {
    const idHash = authentication.idHashOf(authenticated);
    if (!idHash) throw new Error("a session that nobody has read");
    const proof = await sessions.proved(authenticated.principal, idHash, by);
    authentication.forget(authenticated.principal.id);
    return proof;
  };

  const external = createExternalSignIn({ tables, runtime, vault, settings: deps.provider ?? null, isSecure });
  const locks = createLocks({
    tables,
    runtime,
    idHashOf: authentication.idHashOf,
    of: authentication.lockOf,
    changed: ({ principal }) => authentication.forget(principal.id),
  });

  const badgeKey = () => vault.derive("badges");
  const kiosks = createKiosks({
    tables,
    runtime,
    isSecure,
    grants,
    authenticate: (cookie) => authentication.authenticate({ cookie }, { kiosk: true }),
    ended,
  });

  const stopListening = deps.changes.on((change) => {
    if (change.kind === "grant" || change.kind === "patient" || change.kind === "session") monitoring.changed();
    if (change.kind === "session") ended(change.principalId);
    else if (change.kind === "patient") views.refresh(change.organisationId, change.patientId);
    else if (change.kind === "grant") views.regrant(change.organisationId, change.principalId);
  });
  const sweep = runtime.timers.every(EXPIRE_EVERY_MS, () => {
    for (const principalId of authentication.expire()) ended(principalId);
    for (const authenticated of authentication.lockIdle()) {
      // Written, so that a touch that comes late, or a restart, does not open it.
      locks.lock(authenticated).then(() => ended(authenticated.principal.id), onTrouble);
    }
  });
  const sweepGuesses = runtime.timers.every(SWEEP_EVERY_MS, () => void failures.sweep().catch(onTrouble));

  return {
    authenticate: authentication.authenticate,
    identityOf: authentication.identityOf,
    viewOf: views.viewOf,
    becauseOf: views.becauseOf,
    subjectViewOf: createSubjectViews({ tables, clock: runtime.clock }),
    issueLink: credentials.issueLink,
    issueToken: credentials.issueToken,

    passkeys,
    codes,

    async signIn(linkToken, userAgent) {
      return letIn(await credentials.signIn(linkToken, browserName(userAgent)));
    },

    async signInWithPasskey(party, response, userAgent) {
      return letIn(await passkeys.signIn(party, response, browserName(userAgent)));
    },

    async signInWithCodes(name, proof, userAgent) {
      return letIn(await codes.signIn(name, proof, browserName(userAgent)));
    },

    async proveWithPasskey(authenticated, party, response) {
      await passkeys.prove(authenticated.principal, party, response);
      return proved(authenticated, "passkey");
    },

    async addPasskey(authenticated, party, given) {
      const passkey = await passkeys.enrol(authenticated.principal, party, given);
      await proved(authenticated, "passkey");
      return passkey;
    },

    async proveWithCodes(authenticated, proof) {
      await codes.prove(authenticated.principal, proof);
      return proved(authenticated, "codes");
    },

    external,

    async signInOutside(answer, cookie, userAgent) {
      return letIn(await external.signIn(answer, cookie, browserName(userAgent)));
    },

    screen: {
      input: locks.input,
      lockAfter: locks.setAfter,
      async lock(authenticated) {
        await locks.lock(authenticated);
        ended(authenticated.principal.id);
      },
      async unlock(authenticated, by) {
        const { principal } = authenticated;
        if ("pin" in by) await pins.verify(principal, by.pin);
        else if ("code" in by) await codes.prove(principal, by);
        else await passkeys.prove(principal, by.party, by.response);
        await locks.unlock(authenticated);
        if (!("pin" in by)) await proved(authenticated, "code" in by ? "codes" : "passkey");
      },
      pins,
    },

    sessionsOf: (authenticated) => sessions.list(authenticated.principal, authentication.idHashOf(authenticated)),

    async endSession(principal, sessionId) {
      await sessions.end(principal, sessionId);
      ended(principal.id);
    },

    async signOutEverywhere({ principal }) {
      await credentials.endSession(principal, undefined);
      ended(principal.id);
      return { cookie: sessionCookie(null, { maxAgeMs: 0, isSecure }) };
    },

    async signOut(authenticated) {
      if (authenticated.via === "session") {
        await credentials.endSession(authenticated.principal, authentication.idHashOf(authenticated));
        ended(authenticated.principal.id);
      }
      return { cookie: sessionCookie(null, { maxAgeMs: 0, isSecure }) };
    },

    tokens: credentials.tokens,

    async revokeToken(organisationId, tokenId, by) {
      const revoked = await credentials.revokeToken(organisationId, tokenId, by);
      ended(tokenId);
      return revoked;
    },

    ensureFirstPeople: (organisation, options) =>
      ensureFirstPeople({ people, credentials, grants }, organisation, options?.again ?? false),

    onEnded(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    onSeen(onlooker) {
      onlookers.add(onlooker);
      return () => void onlookers.delete(onlooker);
    },

    kiosks: { ...kiosks, ...createWhoAtWall({ tables, passkeys, passwords, failures, badgeKey }) },
    nightscout: createNightscoutKeys({ tables, runtime, onTrouble }),
    badges: createBadges({ tables, clock: runtime.clock, key: badgeKey }),
    grants,
    breakGlass: createBreakGlass({
      tables,
      runtime,
      grants,
      durationMs: deps.breakGlassMs ?? BREAK_GLASS_MS,
      log: deps.log,
    }),

    monitoring,
    consents: createConsents({
      tables,
      runtime,
      changed: (organisationId) => views.regrant(organisationId, null),
      log: deps.log,
    }),
    watchMonitoring: (mail) => monitoring.start(mail),

    async close() {
      sweep.cancel();
      sweepGuesses.cancel();
      stopListening();
      views.close();
      listeners.clear();
      onlookers.clear();
      await monitoring.close();
    },
  };
}
