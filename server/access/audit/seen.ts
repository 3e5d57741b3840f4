import { AsyncLocalStorage } from "node:async_hooks";
import type { PatientView, Principal } from "@openward/model";
import type { AuthenticateOptions } from "../ports.ts";
import type { Because } from "./because.ts";
import type { Who } from "./record.ts";

/** What one request turned out to be: who asked, and whose records passed through their view. */
export interface Seen {
  who: Who | undefined;
  /** The screen on a wall at which they showed it. */
  through: Who | undefined;
  /** The person whom `who` acts for. */
  onBehalfOf: Who | undefined;
  /** What lets them see a patient. */
  becauseOf: (patientId: string) => Because | undefined;
  organisationId: string | null;
  readonly patients: Set<string>;
}

const requests = new AsyncLocalStorage<Seen>();

export const newSeen = (): Seen => ({
  who: undefined,
  through: undefined,
  onBehalfOf: undefined,
  becauseOf: () => undefined,
  organisationId: null,
  patients: new Set(),
});

/** Everything that the work does, and whatever it sets off, is seen as this request's. */
export const seenIn = <T>(seen: Seen, work: () => T): T => requests.run(seen, work);

export const seenNow = (): Seen | undefined => requests.getStore();

interface Signed {
  readonly principal: Principal;
  readonly app?: { readonly clientId: string; readonly name: string };
}

/** The part of `access` that tells who asks; a room calls it as before, and the door hears the answer. */
interface Doors {
  authenticate(
    headers: { cookie?: string | undefined; authorization?: string | undefined },
    options?: AuthenticateOptions,
  ): Promise<Signed | undefined>;
  viewOf(principal: Principal): Promise<PatientView>;
  subjectViewOf(principal: Principal, patientId: string): Promise<PatientView>;
  becauseOf(principal: Pick<Principal, "id">, patientId: string): Because | undefined;
  /** Whose `enrol` is a way in. */
  readonly kiosks?: Kiosks;
  readonly nightscout?: object;
}

interface Kiosks {
  whoIs(...given: never[]): Promise<Principal>;
}

/**
 * `access`, as the rooms get it. Nothing of a patient is read but through a view, so that what passes the view is what may
 * have been seen, whichever room has answered.
 */
export function watched<A extends Doors>(access: A): A {
  const note = ({ principal, app }: Signed) => {
    const seen = seenNow();
    if (!seen) return;
    seen.who = app ? { kind: "application", id: app.clientId, display: app.name, role: null } : whoOf(principal);
    seen.onBehalfOf = app && principal.kind === "person" ? whoOf(principal) : undefined;
    seen.becauseOf = (patientId) => access.becauseOf(principal, patientId);
    seen.organisationId = principal.organisationId;
  };
  return {
    ...access,
    async authenticate(headers, options) {
      const signed = await access.authenticate(headers, options);
      if (signed) note(signed);
      return signed;
    },
    ...Object.fromEntries(SIGN_INS.flatMap((name) => noting(access, name, note))),
    ...(access.kiosks ? { kiosks: watchedKiosks(access.kiosks, note) } : {}),
    ...(access.nightscout ? { nightscout: watchedKeys(access.nightscout, note) } : {}),
    async viewOf(principal) {
      const view = await access.viewOf(principal);
      const seen = seenNow();
      return seen ? watchedView(view, seen.patients) : view;
    },
    async subjectViewOf(principal, patientId) {
      const view = await access.subjectViewOf(principal, patientId);
      const seen = seenNow();
      // A grant is not what it rests on.
      if (seen) seen.becauseOf = (id) => (view.has(id) ? SUBJECT_RIGHT : undefined);
      return view;
    },
  };
}

const SUBJECT_RIGHT: Because = { purpose: "family", basis: "subject-right" };

/** Every way in that answers with who came. */
const SIGN_INS = ["signIn", "signInWithPasskey", "signInWithCodes", "signInOutside"] as const;

type SignIn = (...given: unknown[]) => Promise<{ authenticated: Signed }>;

function noting(access: object, name: string, note: (signed: Signed) => void): [string, SignIn][] {
  const way = (access as Readonly<Record<string, SignIn | undefined>>)[name];
  if (!way) return [];
  const noted: SignIn = async (...given) => {
    const result = await way(...given);
    note(result.authenticated);
    return result;
  };
  return [[name, noted]];
}

/** A browser that is enrolled comes in; who shows at a wall who they are answers there, and the screen is where. */
function watchedKiosks<K extends Kiosks>(kiosks: K, note: (signed: Signed) => void): K {
  return {
    ...kiosks,
    ...Object.fromEntries(noting(kiosks, "enrol", note)),
    async whoIs(...given: never[]) {
      const person = await kiosks.whoIs(...given);
      const seen = seenNow();
      if (seen) {
        seen.through = seen.who;
        seen.who = whoOf(person);
      }
      return person;
    },
  };
}

/** Clients of Nightscout come in by their secret, or by what they were given for it. */
function watchedKeys(keys: object, note: (signed: Signed) => void): object {
  const ways = ["signIn", "signInById"].flatMap((name) => noting(keys, name, note));
  return { ...keys, ...Object.fromEntries(ways) };
}

function watchedView(view: PatientView, passed: Set<string>): PatientView {
  return {
    ...view,
    has(patientId) {
      const isThere = view.has(patientId);
      if (isThere) passed.add(patientId);
      return isThere;
    },
    recordsOf(patientId) {
      const records = view.recordsOf(patientId);
      if (records.length > 0) passed.add(patientId);
      return records;
    },
  };
}

export function whoOf({ kind, id, display, role }: Principal): Who {
  return { kind, id, display, role };
}

/** A calendar came with its private address, in the name of whoever made that. */
export function noteCalendar(
  address: { readonly id: string; readonly name: string; readonly patientId: string },
  owner: Principal,
): void {
  const seen = seenNow();
  if (!seen) return;
  seen.who = { kind: "application", id: address.id, display: address.name, role: null };
  seen.onBehalfOf = whoOf(owner);
  seen.organisationId = owner.organisationId;
  seen.patients.add(address.patientId);
}
