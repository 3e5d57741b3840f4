import { Secret, TOTP } from "otpauth";
import { createAuthenticator } from "../../../server/access/testing/authenticator.ts";
import { json } from "../server.ts";
import type { Subject, World } from "../world.ts";
import type { Call, Request } from "./call.ts";

type SignIn =
  | "signIn"
  | "signOut"
  | "passkeys"
  | "sessions"
  | "ownApplications"
  | "endApplication"
  | "passkeyChallenge"
  | "signInWithPasskey"
  | "enrolPasskey"
  | "addPasskey"
  | "removePasskey"
  | "signInWithCodes"
  | "proofChallenge"
  | "prove"
  | "codeSignIn"
  | "beginCodeSignIn"
  | "confirmCodeSignIn"
  | "removeCodeSignIn"
  | "input"
  | "lockScreen"
  | "unlockWays"
  | "unlock"
  | "screenLock"
  | "setScreenLock"
  | "setPin"
  | "removePin"
  | "beginExternal"
  | "signInExternal"
  | "externalIdentities"
  | "linkExternal"
  | "linkedExternal"
  | "removeExternal"
  | "kiosks"
  | "addKiosk"
  | "newKioskCode"
  | "endKiosk"
  | "enrolKiosk"
  | "kiosk"
  | "kioskPasskey"
  | "ownBadge"
  | "setOwnBadge"
  | "removeOwnBadge"
  | "setBadge"
  | "removeBadge"
  | "endSession"
  | "signOutEverywhere";

const NOBODY = "00000000-0000-7000-8000-000000000001";
const plain = (request: Request = {}, ready?: Call["ready"], isForPeople = false): Call => ({
  isAbout: false,
  ask: () => request,
  isForPeople,
  ...(ready ? { ready } : {}),
});

/** Somebody of the same role who has just signed in: what they end is nobody else's. */
async function anew({ newPerson, server }: World, { role }: Subject) {
  const { person, cookie } = await newPerson(role === null || role === "kiosk" ? "nurse" : role);
  return { person, headers: { cookie, origin: server.url } };
}

async function withAuthenticator(world: World, subject: Subject) {
  const { headers } = await anew(world, subject);
  const { port } = new URL(world.server.url);
  const authenticator = createAuthenticator({
    id: "localhost",
    origins: [`http://localhost:${port}`],
  });
  const ask = <T>(method: string, path: string, body?: unknown) =>
    json<T>(world.server, { method, path: `/api${path}`, headers, ...(body === undefined ? {} : { body }) });
  const enrolled = authenticator.enrol(await ask<object>("POST", "/me/passkeys/options"));
  return { headers, authenticator, ask, body: { name: "key", response: enrolled } };
}

const password = "the red boat lies at the pier";

/** Has typed a password, and their app shows codes: of now, and of half a minute on, when the first has been used. */
async function withApp(world: World, subject: Subject) {
  const { headers } = await anew(world, subject);
  const post = <T>(path: string, body: unknown) =>
    json<T>(world.server, { method: "POST", path: `/api/me/codes${path}`, headers, body });
  const { signInName: name, secret } = await post<{ signInName: string; secret: string }>("", { password });
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  const codeOf = (at: number) => app.generate({ timestamp: at });
  return { headers, name, first: codeOf(Date.now()), next: codeOf(Date.now() + 30_000), post };
}

async function withCodes(world: World, subject: Subject) {
  const app = await withApp(world, subject);
  await app.post("/confirm", { code: app.first });
  return app;
}

const pin = "271828";

/** A screen that can be locked: its person has a PIN to open it with. */
async function withPin(world: World, subject: Subject) {
  const { headers } = await anew(world, subject);
  await json(world.server, { method: "PUT", path: "/api/me/pin", headers, body: { pin } });
  return { headers };
}

async function locked(world: World, subject: Subject) {
  const { headers } = await withPin(world, subject);
  await json(world.server, { method: "POST", path: "/api/session/lock", headers });
  return { headers };
}

const badgeNumber = () => `b${Math.random().toString(36).slice(2, 12)}00`;

/** A screen on a wall that is there for that alone. */
async function newKiosk({ server, home }: World) {
  const name = `wall ${Math.random().toString(36).slice(2, 12)}`;
  const asked = { name, wardId: home.wardId, shows: "number", takesBadges: false } as const;
  return server.foundation.access.kiosks.add(home.organisationId, asked, "test");
}

/** Signing in and out, each with an account that is there for that alone. */
export const signInCalls: Readonly<Record<SignIn, Call>> = {
  signIn: plain({ body: { token: "x".repeat(43) } }, async (world) => {
    const { person } = await world.newPerson("nurse");
    const { token } = await world.server.foundation.access.issueLink(person.id, "test");
    return { body: { token } };
  }),
  signOut: plain({}, async (world, subject) =>
    subject.kind === "person" ? { headers: (await anew(world, subject)).headers } : {},
  ),
  passkeyChallenge: plain({}),
  signInWithPasskey: plain({ body: { response: {} } }, async (world, subject) => {
    const { authenticator, ask, body } = await withAuthenticator(world, subject);
    await ask("POST", "/me/passkeys", body);
    const asked = await ask<object>("POST", "/session/passkey/options");
    return { body: { response: authenticator.answer(asked) } };
  }),
  passkeys: plain({}, undefined, true),
  sessions: plain({}, undefined, true),
  ownApplications: plain({}, undefined, true),
  endApplication: plain({ params: { id: NOBODY } }, undefined, true),
  enrolPasskey: plain({}, undefined, true),
  addPasskey: plain(
    { body: { name: "key", response: {} } },
    async (world, subject) => {
      const { headers, body } = await withAuthenticator(world, subject);
      return { headers, body };
    },
    true,
  ),
  removePasskey: plain(
    { params: { id: NOBODY } },
    async (world, subject) => {
      const { headers, ask, body } = await withAuthenticator(world, subject);
      const { id } = await ask<{ id: string }>("POST", "/me/passkeys", body);
      return { headers, params: { id } };
    },
    true,
  ),
  signInWithCodes: plain({ body: { name: "nobody-10000", password, code: "000000" } }, async (world, subject) => {
    const { name, next: code } = await withCodes(world, subject);
    return { body: { name, password, code } };
  }),
  proofChallenge: plain({}, undefined, true),
  prove: plain(
    { body: { password, code: "000000" } },
    async (world, subject) => {
      const { headers, next: code } = await withCodes(world, subject);
      return { headers, body: { password, code } };
    },
    true,
  ),
  codeSignIn: plain({}, undefined, true),
  beginCodeSignIn: plain(
    { body: { password } },
    async (world, subject) => ({ headers: (await anew(world, subject)).headers, body: { password } }),
    true,
  ),
  confirmCodeSignIn: plain(
    { body: { code: "000000" } },
    async (world, subject) => {
      const { headers, first: code } = await withApp(world, subject);
      return { headers, body: { code } };
    },
    true,
  ),
  removeCodeSignIn: plain({}, async (world, subject) => ({ headers: (await withCodes(world, subject)).headers }), true),
  input: plain({}, async (world, subject) => ({ headers: (await anew(world, subject)).headers }), true),
  lockScreen: plain({}, async (world, subject) => ({ headers: (await withPin(world, subject)).headers }), true),
  unlockWays: plain({}, locked, true),
  unlock: plain(
    { body: { pin } },
    async (world, subject) => ({ headers: (await locked(world, subject)).headers, body: { pin } }),
    true,
  ),
  screenLock: plain({}, undefined, true),
  setScreenLock: plain(
    { body: { minutes: null } },
    async (world, subject) => ({ headers: (await withPin(world, subject)).headers, body: { minutes: 5 } }),
    true,
  ),
  setPin: plain(
    { body: { pin } },
    async (world, subject) => ({ headers: (await anew(world, subject)).headers, body: { pin } }),
    true,
  ),
  removePin: plain({}, async (world, subject) => ({ headers: (await withPin(world, subject)).headers }), true),
  beginExternal: { ...plain(), isRefusedHere: true },
  signInExternal: { ...plain({ body: { answer: "code=x" } }), isRefusedHere: true },
  externalIdentities: plain({}, undefined, true),
  linkExternal: { ...plain({}, undefined, true), isRefusedHere: true },
  linkedExternal: { ...plain({ body: { answer: "code=x" } }, undefined, true), isRefusedHere: true },
  kiosks: plain(),
  addKiosk: plain({ body: { name: "wall", wardId: NOBODY } }, async ({ home }) => ({
    body: { name: `wall ${Math.random().toString(36).slice(2, 12)}`, wardId: home.wardId },
  })),
  newKioskCode: plain({ params: { id: NOBODY } }, async (world) => ({
    params: { id: (await newKiosk(world)).kiosk.id },
  })),
  endKiosk: plain({ params: { id: NOBODY } }, async (world) => ({ params: { id: (await newKiosk(world)).kiosk.id } })),
  enrolKiosk: plain({ body: { code: "AAAA-BBBB-CCCC" } }, async (world) => ({
    body: { code: (await newKiosk(world)).code },
  })),
  kiosk: plain(),
  kioskPasskey: plain(),
  ownBadge: plain({}, undefined, true),
  setOwnBadge: plain({ body: { number: "0" } }, async () => ({ body: { number: badgeNumber() } }), true),
  removeOwnBadge: plain(
    {},
    async (world, subject) => {
      const { headers } = await anew(world, subject);
      const body = { number: badgeNumber() };
      await json(world.server, { method: "PUT", path: "/api/me/badge", headers, body });
      return { headers };
    },
    true,
  ),
  setBadge: plain({ params: { id: NOBODY }, body: { number: "0" } }, async ({ newPerson }) => ({
    params: { id: (await newPerson("nurse")).person.id },
    body: { number: badgeNumber() },
  })),
  removeBadge: plain({ params: { id: NOBODY } }, async ({ newPerson, server, home }) => {
    const { person } = await newPerson("nurse");
    await server.foundation.access.badges.set(home.organisationId, person.id, badgeNumber(), "test");
    return { params: { id: person.id } };
  }),
  removeExternal: { ...plain({ params: { id: NOBODY } }, undefined, true), isRefusedHere: true },
  endSession: plain(
    { params: { id: NOBODY } },
    async (world, subject) => {
      const { headers } = await anew(world, subject);
      const [session] = await json<{ id: string }[]>(world.server, {
        method: "GET",
        path: "/api/me/sessions",
        headers,
      });
      return { headers, params: { id: session?.id ?? "" } };
    },
    true,
  ),
  signOutEverywhere: plain({}, async (world, subject) => ({ headers: (await anew(world, subject)).headers }), true),
};
