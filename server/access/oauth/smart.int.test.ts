import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import type { Bundle, Practitioner, RelatedPerson, Resource } from "@medplum/fhirtypes";
import type { Patient } from "@openward/model";
import { createRemoteJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import type { Client } from "./index.ts";
import { TTL } from "./provider.ts";
import { KEYS_EVERY_MS } from "./register.ts";
import { OVERLAP_MS, ROTATE_MS } from "./signing-keys.ts";
import { startTestServer, type TestServer } from "./testing/server.ts";

const BACK = "https://app.example/back";
const VERIFIER = "v".repeat(64);
const CHALLENGE = createHash("sha256").update(VERIFIER).digest("base64url");
const SCOPE = "openid fhirUser launch/patient offline_access patient/Observation.rs patient/Patient.r";

let server: TestServer;
let app: Client;
let kari: Patient;
let ola: Patient;
let nurse: { person: { id: string }; cookie: string };

before(async () => {
  server = await startTestServer();
  ({ client: app } = await server.clients.add(
    server.home.id,
    { name: "Growth <chart>", kind: "public", scope: SCOPE, redirectUris: [BACK] },
    "test",
  ));
  kari = await server.newPatient("Hansen, Kari");
  ola = await server.newPatient("Berg, Ola");
  server.measure(kari, 72);
  server.measure(ola, 60);
  nurse = await server.signIn("nurse", "Nina Berg");
});
after(() => server?.stop());

/** A browser: keeps cookies, follows nothing by itself. */
function browser(session?: string) {
  const jar = new Map<string, string>();
  const take = (answer: Response) => {
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  };
  const cookie = () =>
    [...(session ? [session] : []), ...[...jar].map(([name, value]) => `${name}=${value}`)].join("; ");
  const at = (url: string) => new URL(url, server.issuer);
  return {
    get: async (url: string) => take(await fetch(at(url), { redirect: "manual", headers: { cookie: cookie() } })),
    post: async (url: string, form: [string, string][], origin = server.issuer) =>
      take(
        await fetch(at(url), {
          method: "POST",
          redirect: "manual",
          body: new URLSearchParams(form),
          headers: { cookie: cookie(), origin },
        }),
      ),
  };
}

const authorizeUrl = (more: Record<string, string | undefined> = {}) => {
  const asked = {
    response_type: "code",
    client_id: app.id,
    redirect_uri: BACK,
    scope: SCOPE,
    state: "s",
    aud: server.fhir,
    code_challenge: CHALLENGE,
    code_challenge_method: "S256",
    ...more,
  };
  const pairs = Object.entries(asked).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return `/oauth/authorize?${new URLSearchParams(pairs)}`;
};

/** Up to the address that the application is called back by. */
async function authorize(
  options: {
    session?: string;
    patient?: string;
    scopes?: string[];
    more?: Record<string, string | undefined>;
    decision?: string;
  } = {},
): Promise<URL> {
  const { session = nurse.cookie, patient = kari.id, scopes = SCOPE.split(" "), more, decision = "allow" } = options;
  const web = browser(session);
  const begun = await web.get(authorizeUrl(more));
  const interaction = begun.headers.get("location") ?? "";
  assert.match(interaction, /^\/oauth\/interaction\//, `${begun.status} ${interaction} ${await begun.text()}`);
  const decided = await web.post(interaction, [
    ["decision", decision],
    ["patient", patient],
    ...scopes.map((one): [string, string] => ["scope", one]),
  ]);
  assert.equal(decided.status, 303, await decided.text());
  const back = await web.get(decided.headers.get("location") ?? "");
  const location = back.headers.get("location") ?? "";
  assert.ok(location.startsWith(BACK), `${back.status} ${location} ${await back.text()}`);
  return new URL(location);
}

const exchange = async (form: Record<string, string>) => {
  const answer = await server.post("/oauth/token", { client_id: app.id, ...form });
  return { status: answer.status, body: (await answer.json()) as Record<string, string> };
};
const withCode = (code: string, more: Record<string, string> = {}) =>
  exchange({ grant_type: "authorization_code", code, redirect_uri: BACK, code_verifier: VERIFIER, ...more });
const codeOf = (url: URL) => url.searchParams.get("code") ?? "";
const tokens = async (options: Parameters<typeof authorize>[0] = {}) => {
  const { status, body } = await withCode(codeOf(await authorize(options)));
  assert.equal(status, 200, JSON.stringify(body));
  return body as Record<string, string>;
};
const entries = async (answer: Response) => ((await answer.json()) as Bundle).entry ?? [];

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 120_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `waited two minutes for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a person is asked for one patient, in plain words, and what was allowed is that patient", async () => {
  const web = browser(nurse.cookie);
  const interaction = (await web.get(authorizeUrl())).headers.get("location") ?? "";
  const picker = await (await web.get(interaction)).text();
  assert.match(picker, /Choose a patient/);
  assert.ok(picker.includes("Hansen, Kari") && picker.includes("Berg, Ola"));
  const found = await (
    await web.post(interaction, [
      ["decision", "search"],
      ["q", "Kari"],
    ])
  ).text();
  assert.ok(found.includes("Hansen, Kari") && !found.includes("Berg, Ola"));
  const page = await web.get(`${interaction}?patient=${kari.id}`);
  assert.match(page.headers.get("content-security-policy") ?? "", /form-action 'self' https:\/\/app\.example;/);
  const text = await page.text();
  for (const said of [
    "Nina Berg",
    "Growth &lt;chart&gt;",
    "read measurements of this patient",
    "Hansen, Kari",
    "90 days",
  ])
    assert.ok(text.includes(said), said);

  const got = await tokens();
  assert.equal(got.patient, kari.id);
  assert.equal(Number(got.expires_in), 3600);
  assert.deepEqual(new Set(String(got.scope).split(" ")), new Set(SCOPE.split(" ")));
  const seen = await entries(await server.get("/fhir/Observation", got.access_token));
  assert.equal(seen.length, 1);
  assert.equal((await server.get(`/fhir/Patient/${kari.id}`, got.access_token)).status, 200);
  assert.equal((await server.get(`/fhir/Patient/${ola.id}`, got.access_token)).status, 404);
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/oauth/jwks`));
  const { payload } = await jwtVerify(String(got.id_token), keys, { issuer: server.issuer, audience: app.id });
  assert.deepEqual(
    [payload.sub, payload.fhirUser],
    [nurse.person.id, `${server.fhir}/Practitioner/${nurse.person.id}`],
  );
});

/** What somebody is given is seen by them as soon as the change is told of, which is after it was made. */
const seenBy = ({ cookie }: { cookie: string }, patientId: string) =>
  until("the patient to be seen", async () => {
    const found = await server.access.authenticate({ cookie });
    return found !== undefined && (await server.access.viewOf(found.principal)).has(patientId);
  });

/** The identity token's claims, and what is read at the resource that it names. */
async function whoIs({ id_token, access_token }: Record<string, string>) {
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/oauth/jwks`));
  const { payload } = await jwtVerify(String(id_token), keys, { issuer: server.issuer, audience: app.id });
  const named = payload.fhirUser as string | undefined;
  if (named === undefined) return { named };
  const answer = await server.get(named.slice(server.issuer.length), access_token);
  return { named, status: answer.status, resource: (await answer.json()) as Resource };
}

test("the identity token names a Practitioner, a Patient or the RelatedPerson of the chosen patient, who can be read", async () => {
  const scopes = ["openid", "fhirUser", "patient/Observation.rs"];
  const { status, named, resource } = await whoIs(await tokens({ scopes }));
  assert.deepEqual([status, named], [200, `${server.fhir}/Practitioner/${nurse.person.id}`]);
  assert.equal((resource as Practitioner).name?.[0]?.text, "Nina Berg");

  const { relations, people } = server.registry;
  const home = server.home.id;
  const rests = { reason: "as the register says" };
  const herself = await server.signIn("patient", "Kari Hansen", false);
  await relations.relate(home, kari.id, { personId: herself.person.id, relation: "self", ...rests }, "test");
  await seenBy(herself, kari.id);
  const own = await whoIs(await tokens({ scopes, session: herself.cookie }));
  assert.deepEqual([own.status, own.named], [200, `${server.fhir}/Patient/${kari.id}`]);

  const son = await server.signIn("family", "Per Berg", false);
  const personId = son.person.id;
  // What the patient lets him see; a guardian sees by being one.
  const grantee = { kind: "person", id: personId } as const;
  const reach = { kind: "patient", patientId: kari.id } as const;
  await server.access.grants.add(home, [{ grantee, reach, purpose: "family", basis: "consent" }], "test");
  const ofKari = await relations.relate(home, kari.id, { personId, relation: "family", ...rests }, "test");
  const ofOla = await relations.relate(home, ola.id, { personId, relation: "guardian", ...rests }, "test");
  for (const [patient, relation] of [
    [kari, ofKari],
    [ola, ofOla],
  ] as const) {
    await seenBy(son, patient.id);
    const got = await tokens({ scopes, session: son.cookie, patient: patient.id });
    const who = await whoIs(got);
    assert.deepEqual([who.status, who.named], [200, `${server.fhir}/RelatedPerson/${relation.id}`]);
    assert.equal((who.resource as RelatedPerson).patient.reference, `Patient/${patient.id}`);
    // Himself beside the other patient, and whoever works here, he was not told of.
    const [other] = [ofKari, ofOla].filter((one) => one !== relation);
    for (const path of [`RelatedPerson/${other?.id}`, `Practitioner/${nurse.person.id}`])
      assert.equal((await server.get(`/fhir/${path}`, got.access_token)).status, 403, path);
  }

  // A relation that has ended is nobody any more.
  const got = await tokens({ scopes, session: son.cookie, patient: ola.id });
  await relations.endRelation(home, ola.id, ofOla.id, "test");
  await until(
    "the guardian to see nobody there",
    async () => (await server.get(`/fhir/RelatedPerson/${ofOla.id}`, got.access_token)).status === 404,
  );
  assert.ok(await people.find(personId));
});

test("who the person is, is told to nobody who was not given it", async () => {
  const scopes = ["openid", "patient/Observation.rs"];
  const got = await tokens({ scopes });
  assert.equal((await whoIs(got)).named, undefined);
  assert.equal((await server.get(`/fhir/Practitioner/${nurse.person.id}`, got.access_token)).status, 403);
});

test("a person sees which applications act for them, and takes away what they allowed: it is over for them, and for nobody else", async () => {
  const { id: personId } = nurse.person;
  const mine = await tokens();
  const colleague = await server.signIn("nurse", "Second, Siri");
  const theirs = await tokens({ session: colleague.cookie });
  const own = await server.clients.ofPerson(server.home.id, personId);
  const found = own.find(({ id }) => id === app.id);
  assert.equal(found?.name, app.name);
  assert.ok(found.scopes.includes("patient/Observation.rs") && found.lastTokenAt !== null, JSON.stringify(found));
  await server.clients.endForPerson(server.home.id, personId, app.id);
  await until(
    "what was allowed to end",
    async () => (await server.get("/fhir/Observation", mine.access_token)).status === 401,
  );
  const again = await exchange({ grant_type: "refresh_token", refresh_token: mine.refresh_token ?? "" });
  assert.equal(again.body.error, "invalid_grant");
  assert.equal((await server.get("/fhir/Observation", theirs.access_token)).status, 200);
  assert.deepEqual(await server.clients.ofPerson(server.home.id, personId), []);
});

test("who is not signed in is told so; who comes from another site is asked to come again with the session", async () => {
  const web = browser();
  const interaction = (await web.get(authorizeUrl())).headers.get("location") ?? "";
  assert.match(await (await web.get(interaction)).text(), /http-equiv="refresh"/);
  assert.match(await (await web.get(`${interaction}?again=1`)).text(), /Sign in to Openward first/);
  const decided = await web.post(interaction, [["decision", "allow"]]);
  assert.equal(decided.status, 401);
});

test("the answer of another browser, of another site, or for a patient who may not be seen, counts for nothing", async () => {
  const web = browser(nurse.cookie);
  const interaction = (await web.get(authorizeUrl())).headers.get("location") ?? "";
  const allow: [string, string][] = [
    ["decision", "allow"],
    ["patient", kari.id],
    ["scope", "patient/Observation.rs"],
  ];
  assert.equal((await browser(nurse.cookie).post(interaction, allow)).status, 400);
  assert.equal((await web.post(interaction, allow, "https://evil.example")).status, 403);
  const other = await server.registry.wards.createOrganisation("Other", false);
  const stranger = await server.newPatient("Fremd, Fritz", other);
  allow[1] = ["patient", stranger.id];
  assert.equal((await web.post(interaction, allow)).status, 422);
});

test("less may be allowed than was asked for, and nothing", async () => {
  const some = await tokens({ scopes: ["openid", "launch/patient", "patient/Patient.r"] });
  assert.deepEqual(new Set(String(some.scope).split(" ")), new Set(["openid", "launch/patient", "patient/Patient.r"]));
  assert.equal(some.refresh_token, undefined);
  assert.equal((await server.get("/fhir/Observation", some.access_token)).status, 403);
  const none = await authorize({ decision: "deny" });
  assert.equal(none.searchParams.get("error"), "access_denied");
  assert.equal(none.searchParams.get("code"), null);
});

test("a request without PKCE, with the plain one, for another server or out of order is sent back without a code", async () => {
  const wrong: Record<string, Record<string, string | undefined>> = {
    "no PKCE": { code_challenge: undefined, code_challenge_method: undefined },
    "plain PKCE": { code_challenge_method: "plain" },
    "no method": { code_challenge_method: undefined },
    "another audience": { aud: "https://elsewhere.example/fhir" },
    "another resource": { resource: "https://elsewhere.example/fhir" },
    "out of order": { scope: "patient/Observation.sr" },
    implicit: { response_type: "token" },
    silent: { prompt: "none" },
  };
  for (const [what, more] of Object.entries(wrong)) {
    const answer = await browser(nurse.cookie).get(authorizeUrl(more));
    const location = answer.headers.get("location") ?? "";
    assert.ok(location.startsWith(BACK), `${what}: ${answer.status} ${location}`);
    const back = new URL(location);
    assert.ok((back.searchParams.get("error") ?? back.hash) !== "", what);
    assert.equal(back.searchParams.get("code"), null, what);
  }
});

test("nobody is sent to an address that is not registered to the letter", async () => {
  for (const uri of [
    `${BACK}/`,
    `${BACK}?x=1`,
    "https://app.example/",
    "https://app.example.evil.example/back",
    "http://app.example/back",
  ]) {
    const answer = await browser(nurse.cookie).get(authorizeUrl({ redirect_uri: uri }));
    assert.equal(answer.status, 400, uri);
    assert.equal(answer.headers.get("location"), null, uri);
  }
});

test("a code counts once, for whoever began, with the verifier; used again it ends what it gave", async () => {
  const wrong = codeOf(await authorize());
  assert.equal((await withCode(wrong, { code_verifier: "w".repeat(64) })).body.error, "invalid_grant");
  assert.equal((await withCode(codeOf(await authorize()), { redirect_uri: `${BACK}/` })).status, 400);
  const { client: thief } = await server.clients.add(
    server.home.id,
    { name: "Thief", kind: "public", scope: SCOPE, redirectUris: [BACK] },
    "test",
  );
  assert.equal((await withCode(codeOf(await authorize()), { client_id: thief.id })).body.error, "invalid_grant");

  const code = codeOf(await authorize());
  const { body } = await withCode(code);
  const token = String(body.access_token);
  assert.equal((await server.get("/fhir/Observation", token)).status, 200);
  assert.equal((await withCode(code)).body.error, "invalid_grant");
  await until(
    "the stolen code's token to end",
    async () => (await server.get("/fhir/Observation", token)).status === 401,
  );
});

test("a refresh token is exchanged for a new one; used again, its whole family ends", async () => {
  const first = await tokens();
  const refresh = (token: string | undefined) =>
    exchange({ grant_type: "refresh_token", refresh_token: String(token) });
  const second = (await refresh(first.refresh_token)).body;
  assert.equal(second.patient, kari.id);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal((await server.get("/fhir/Observation", second.access_token)).status, 200);
  assert.equal((await refresh(first.refresh_token)).body.error, "invalid_grant");
  assert.equal((await refresh(second.refresh_token)).body.error, "invalid_grant");
  await until(
    "the family's token to end",
    async () => (await server.get("/fhir/Observation", second.access_token)).status === 401,
  );
});

test("of two refreshes at the same moment at most one gets tokens, and they end", async () => {
  const { refresh_token } = await tokens();
  const both = await Promise.all(
    [1, 2].map(() => exchange({ grant_type: "refresh_token", refresh_token: String(refresh_token) })),
  );
  const given = both.filter(({ status }) => status === 200);
  assert.ok(given.length <= 1);
  for (const { body } of given)
    await until(
      "the token of the race to end",
      async () => (await server.get("/fhir/Observation", body.access_token)).status === 401,
    );
});

test("access ends with the person, and with the session where it was meant for as long as that", async () => {
  const scope = "launch/patient online_access patient/Observation.rs";
  const { client } = await server.clients.add(
    server.home.id,
    { name: "Online", kind: "public", scope, redirectUris: [BACK] },
    "test",
  );
  const doctor = await server.signIn("nurse", "Dora");
  const options = { session: doctor.cookie, scopes: scope.split(" "), more: { client_id: client.id, scope } };
  const { body } = await withCode(codeOf(await authorize(options)), { client_id: client.id });
  const refresh = (token: string | undefined) =>
    exchange({ grant_type: "refresh_token", refresh_token: String(token), client_id: client.id });
  const next = await refresh(body.refresh_token);
  assert.equal(next.status, 200, JSON.stringify(next.body));
  const authenticated = await server.access.authenticate({ cookie: doctor.cookie });
  assert.ok(authenticated);
  await server.access.signOut(authenticated);
  assert.equal((await refresh(next.body.refresh_token)).body.error, "invalid_grant");
  await server.database.worker.query("UPDATE person SET disabled_at = 1 WHERE id = $1", [doctor.person.id]);
  await until(
    "the person's token to end",
    async () => (await server.get("/fhir/Observation", next.body.access_token)).status === 401,
  );
});

test("opened from a patient's page, an application is about that patient: once, for whoever opened it", async () => {
  const scope = "launch patient/Observation.rs";
  const { client } = await server.clients.add(
    server.home.id,
    { name: "Opened", kind: "public", scope, redirectUris: [BACK], launchUri: "https://app.example/launch?x=1" },
    "test",
  );
  const by = { organisationId: server.home.id, personId: nurse.person.id };
  const begin = async () => {
    const { url } = await server.launches.begin(by, client.id, kari.id);
    const opened = new URL(url);
    assert.equal(opened.searchParams.get("iss"), server.fhir);
    return opened.searchParams.get("launch") ?? "";
  };
  const launch = await begin();
  const more = { client_id: client.id, scope, launch };
  // Another patient in the form changes nothing.
  const back = await authorize({ scopes: scope.split(" "), more, patient: ola.id });
  const { body } = await withCode(codeOf(back), { client_id: client.id });
  assert.equal(body.patient, kari.id, JSON.stringify(body));
  assert.equal((await entries(await server.get("/fhir/Observation", body.access_token))).length, 1);

  const page = async (session: string, token: string) => {
    const web = browser(session);
    const interaction = (await web.get(authorizeUrl({ ...more, launch: token }))).headers.get("location") ?? "";
    return (await web.get(interaction)).status;
  };
  assert.equal(await page(nurse.cookie, launch), 400, "used before");
  const stranger = await server.signIn("nurse", "Otto");
  const fresh = await begin();
  assert.equal(await page(stranger.cookie, fresh), 400, "opened by somebody else");
  assert.equal(await page(nurse.cookie, "x".repeat(43)), 400, "made up");
  assert.equal(await page(nurse.cookie, fresh), 200);
  await assert.rejects(server.launches.begin(by, app.id, kari.id), { code: "NOT_FOUND" });
});

test("pages of registered applications may read /fhir, others may not, and cookies count for neither", async () => {
  const { access_token } = await tokens();
  const from = (origin: string) => server.get("/fhir/Observation", access_token, { origin });
  const ours = await from("https://app.example");
  assert.equal(ours.headers.get("access-control-allow-origin"), "https://app.example");
  assert.equal(ours.headers.get("access-control-allow-credentials"), null);
  assert.equal((await from("https://evil.example")).headers.get("access-control-allow-origin"), null);
  const preflight = await fetch(`${server.fhir}/Observation`, {
    method: "OPTIONS",
    headers: { origin: "https://app.example", "access-control-request-method": "GET" },
  });
  assert.equal(preflight.status, 204);
  assert.deepEqual(server.faults, []);
});

test("a new signing key is shown before it signs, and the old one until the last token that it signed has ended", async () => {
  const jwks = async () => {
    const { keys } = (await (await server.get("/oauth/jwks")).json()) as JSONWebKeySet;
    for (const key of keys) assert.ok(!("d" in key) && !("p" in key), "the private half is nobody's");
    return keys.map(({ kid }) => kid as string);
  };
  const scopes = ["openid", "fhirUser", "patient/Observation.rs"];
  const given = async () => {
    const got = await tokens({ scopes });
    return { ...got, kid: decodeProtectedHeader(String(got.id_token)).kid as string } as Record<string, string>;
  };
  /** As an application would that has just fetched the keys. */
  const isGood = ({ id_token }: Record<string, string>) =>
    jwtVerify(String(id_token), createRemoteJWKSet(new URL(`${server.issuer}/oauth/jwks`)), {
      issuer: server.issuer,
      audience: app.id,
    }).then(
      () => true,
      () => false,
    );

  const first = await given();
  assert.deepEqual(await jwks(), [first.kid]);

  await server.keysGrowOlder(ROTATE_MS);
  const announced = await jwks();
  assert.equal(announced.length, 2);
  const newer = announced.find((kid) => kid !== first.kid);
  const meanwhile = await given();
  assert.equal(meanwhile.kid, first.kid, "nothing is signed yet with a key that an application may not have seen");
  assert.ok(await isGood(meanwhile));

  await server.keysGrowOlder(OVERLAP_MS);
  const second = await given();
  assert.equal(second.kid, newer);
  assert.deepEqual(new Set(await jwks()), new Set(announced));
  for (const one of [first, meanwhile, second]) assert.ok(await isGood(one), "signed before or after");
  assert.equal((await server.get("/fhir/Observation", first.access_token)).status, 200);

  // What the old key signed last ends before the key goes, though a provider keeps its keys for an hour.
  assert.ok(TTL.IdToken * 1000 + KEYS_EVERY_MS < OVERLAP_MS);
  await server.keysGrowOlder(OVERLAP_MS - 60_000);
  assert.ok((await jwks()).includes(first.kid ?? ""));
  await server.keysGrowOlder(120_000 + KEYS_EVERY_MS);
  assert.deepEqual(await jwks(), [newer]);
  assert.ok(!(await isGood(first)) && (await isGood(second)));
  const { rows } = await server.database.owner.query<{ kid: string }>("SELECT kid FROM oauth_key");
  assert.deepEqual(rows, [{ kid: newer }], "the old key is nowhere any more");
  assert.deepEqual(server.faults, []);
});

test("a server that was off while keys grew old goes on with the key that its tokens were signed with", async () => {
  const jwks = async () =>
    ((await (await server.get("/oauth/jwks")).json()) as JSONWebKeySet).keys.map(({ kid }) => kid);
  const [before] = await jwks();
  await server.keysGrowOlder(10 * ROTATE_MS);
  const both = await jwks();
  assert.deepEqual([both.length, both[0]], [2, before]);
  // Off again over the whole overlap: nothing that the old one signed lives any more.
  await server.keysGrowOlder(10 * OVERLAP_MS);
  assert.deepEqual(await jwks(), [both[1]]);
});
