import { RefusedInput } from "@openward/errors";
import type { Role } from "@openward/model";
import type { PortalDeps } from "../portal.ts";
import type { Held } from "./held.ts";

const refuseSignIn = async () => {
  throw new RefusedInput("SIGN_IN_REFUSED");
};

/** Sign-in, views and grants, in a few lines. */
export function accessOf({ now, proofs, asked, viewFor, authenticated, wall }: Held): Pick<PortalDeps, "access"> {
  return {
    access: {
      async authenticate({ cookie, authorization }, { locked, kiosk } = {}) {
        if (kiosk) return cookie?.startsWith("openward_kiosk=") ? wall : undefined;
        const role = (authorization?.slice("Bearer ".length) ?? cookie?.slice("openward_session=".length)) as
          | Role
          | undefined;
        if (proofs.isLocked && !locked && !authorization) return undefined;
        return role ? authenticated(authorization ? "token" : "session", role) : undefined;
      },
      async signIn(token) {
        if (token !== "a-good-one-time-token") throw new RefusedInput("LINK_EXPIRED");
        return { authenticated: authenticated("session", "nurse"), cookie: "openward_session=nurse; HttpOnly" };
      },
      signOut: async () => ({ cookie: "openward_session=; Max-Age=0" }),
      viewOf: async (principal) => viewFor(principal),
      subjectViewOf: async (principal) => viewFor(principal),
      signInWithPasskey: async () => {
        throw new RefusedInput("SIGN_IN_REFUSED");
      },
      signOutEverywhere: async () => ({ cookie: "openward_session=; Max-Age=0" }),
      sessionsOf: async () => [],
      endSession: async () => {},
      // The real ones, with real clients' requests: test/nightscout.int.test.ts.
      nightscout: {
        async create() {
          throw new RefusedInput("NOT_FOUND", { at: "patientId" });
        },
        list: async () => [],
        end: async () => {},
      },
      // The real ones, with a real authenticator: server/access/passkeys.int.test.ts, web/e2e/passkey.test.ts.
      passkeys: {
        list: async () => [],
        enrolmentOptions: async () => ({}),
        remove: async () => {},
        signInOptions: async () => ({}),
        proofOptions: async () => ({}),
      },
      addPasskey: refuseSignIn,
      codes: {
        of: async () => ({ signInName: proofs.hasPassword ? "nina" : null, since: null, recoveryCodesLeft: 0 }),
        begin: async () => ({ signInName: "", secret: "", uri: "" }),
        confirm: async () => [],
        remove: async () => {},
      },
      // The real ones: server/access/factors/code-sign-in.int.test.ts.
      screen: {
        input: async () => {},
        lockAfter: async () => {},
        lock: async () => {},
        unlock: refuseSignIn,
        pins: { has: async () => false, set: async () => {}, remove: async () => {} },
      },
      // The real ones: server/access/kiosk/kiosks.int.test.ts.
      kiosks: {
        list: async () => [],
        add: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        newCode: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        end: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        enrol: async () => Promise.reject(new RefusedInput("LINK_EXPIRED")),
        renew: async () => undefined,
        passkeyOptions: async () => ({}),
        whoIs: refuseSignIn,
        viewOfOne: async (principal) => viewFor(principal),
      },
      badges: { has: async () => false, set: async () => {}, remove: async () => {} },
      // The real one, at a real provider: server/access/external/external-sign-in.int.test.ts.
      external: {
        name: null,
        list: async () => [],
        begin: refuseSignIn,
        link: refuseSignIn,
        remove: async () => {},
      },
      signInOutside: refuseSignIn,
      signInWithCodes: refuseSignIn,
      proveWithPasskey: refuseSignIn,
      proveWithCodes: refuseSignIn,
      // The real ones, on the real database: server/access/grants.
      grants: {
        add: async () => [],
        end: async () => {
          throw new RefusedInput("NOT_FOUND", { at: "grant" });
        },
        list: async () => [],
        async assignNewcomer(person, by) {
          asked.push(["assign newcomer", person.id, by]);
        },
      },
      monitoring: { unwatched: async () => [], ofPatient: async () => [{ at: 5, isWatched: false }] },
      // The real ones, on the real database: server/access/consent, test/consent.int.test.ts.
      consents: {
        say: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        change: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        withdraw: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        find: async () => Promise.reject(new RefusedInput("NOT_FOUND")),
        ofPatients: async () => [],
        hiddenFrom: async () => [],
        isSeen: async () => false,
        versions: async () => [],
      },
      breakGlass: {
        open: async () => {
          throw new RefusedInput("NOT_FOUND", { at: "patient" });
        },
        running: async () => [],
        end: async () => {
          throw new RefusedInput("NOT_FOUND", { at: "id" });
        },
        list: async () => [],
        review: async () => {
          throw new RefusedInput("NOT_FOUND", { at: "id" });
        },
      },
      issueLink: async (personId) => ({ token: `link-for-${personId}`, expiresAt: now() + 86_400_000 }),
    },
  };
}
