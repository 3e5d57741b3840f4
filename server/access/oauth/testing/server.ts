import type { AddressInfo } from "node:net";
import type { Organisation, Patient, Role } from "@openward/model";
import { systemRuntime } from "@openward/runtime/system";
import { noTurns } from "@openward/runtime/turns";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { createHttp } from "../../../http/index.ts";
import { registerRecord } from "../../../record/register.ts";
import { fakeTelemetry } from "../../../record/testing/fake-telemetry.ts";
import { readingOf, streamOf } from "../../../record/testing/ward.ts";
import { openTestDatabase, quietLog } from "../../../store/database/testing/database.ts";
import { createVault } from "../../../store/keys/index.ts";
import { openTestKeys } from "../../../store/keys/testing/keys.ts";
import { createRegistry, createTables, openDirectory } from "../../../store/registry/index.ts";
import { createAccess } from "../../index.ts";
import { seesEverybody } from "../../testing/grants.ts";
import { createClients, createLaunches, createOutsideFetch } from "../index.ts";
import { registerOAuth } from "../register.ts";

export type TestServer = Awaited<ReturnType<typeof startTestServer>>;

/** Sign-in, the authorisation server and /fhir over HTTP on a real PostgreSQL; what was measured is invented. */
export async function startTestServer() {
  const stops: (() => Promise<unknown> | unknown)[] = [];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const database = await openTestDatabase();
    stops.push(() => database.close());
    const runtime = systemRuntime;
    const tables = createTables(database);
    const directory = await openDirectory({
      worker: database.worker,
      listen: database.connectionConfig("worker"),
      runtime,
      log: quietLog,
    });
    stops.push(() => directory.close());
    const registry = createRegistry({
      api: database.api,
      worker: database.worker,
      runtime,
      changed: directory.changed,
    });
    const access = createAccess({
      tables,
      changes: directory,
      people: registry.people,
      runtime,
      isSecure: false,
      log: quietLog,
    });
    stops.push(() => access.close());
    const clients = createClients({ tables, runtime });
    const telemetry = fakeTelemetry();
    const app = await createHttp({ log: { ...quietLog, debug: () => {} }, ids: runtime.ids });
    stops.push(() => app.close());
    const keys = await openTestKeys();
    const faults: object[] = [];
    let issuer = "";
    let passedMs = 0;
    const { clock } = runtime;
    const start = () =>
      registerOAuth(app, {
        tables,
        access,
        patients: registry.patients,
        people: registry.people,
        relations: registry.relations,
        vault: createVault(keys),
        fetchOutside: createOutsideFetch({ has: (address) => address === "127.0.0.1" }),
        runtime: { ...runtime, clock: { ...clock, monotonic: () => clock.monotonic() + passedMs } },
        issuer: () => issuer,
        log: { warn: (facts) => void faults.push(facts), error: (facts) => void faults.push(facts) },
      });
    const oauth = start();
    stops.push(() => oauth.close());
    registerRecord(app, {
      access,
      patients: registry.patients,
      people: registry.people,
      relations: registry.relations,
      devices: registry.devices,
      uses: registry.devices,
      typeOf: () => undefined,
      telemetry,
      amendments: { find: () => undefined, ofPatient: () => [] },
      audit: { search: async () => [] },
      consents: access.consents,
      clock: runtime.clock,
      turn: noTurns,
      version: "0.1.0",
    });
    await app.listen({ host: "127.0.0.1", port: 0 });
    issuer = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

    const home = await registry.wards.createOrganisation("Home", false);
    return {
      database,
      registry,
      access,
      clients,
      launches: createLaunches({ tables, runtime, issuer: () => issuer }),
      telemetry,
      home,
      faults,
      issuer,
      fhir: `${issuer}/fhir`,
      get: (path: string, token?: string, headers: Record<string, string> = {}) =>
        fetch(`${issuer}${path}`, {
          headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
        }),
      post: (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
        fetch(`${issuer}${path}`, { method: "POST", body: new URLSearchParams(form), headers, redirect: "manual" }),
      newPatient: (name: string, organisation: Organisation = home) => newPatient(registry, organisation, name),
      /** So long for the signing keys, and for nothing else: they are looked at anew with the next request. */
      async keysGrowOlder(ms: number) {
        await database.owner.query("UPDATE oauth_key SET made_at = made_at - $1", [ms]);
        passedMs += ms;
      },
      /** A reading of a heart rate, so that there is something to be seen. */
      measure(patient: Patient, value: number, signal = "heart-rate") {
        const stream = streamOf(signal, "/min", { patientId: patient.id, deviceId: `monitor-${patient.mrn}` });
        telemetry.add(readingOf(stream, runtime.clock.now() - 60_000, value));
      },
      /** @param seesAll by a grant, whatever the role */
      async signIn(role: Role, display: string, seesAll = true) {
        const person = await registry.people.create(home.id, display, role, "test");
        if (seesAll) await seesEverybody(database, person);
        const { token } = await access.issueLink(person.id, "test");
        const { cookie } = await access.signIn(token);
        return { person, cookie: cookie.slice(0, cookie.indexOf(";")) };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

let patients = 0;

async function newPatient(
  registry: ReturnType<typeof createRegistry>,
  organisation: Organisation,
  name: string,
): Promise<Patient> {
  return registry.patients.create(
    organisation.id,
    {
      name,
      birthDate: "1948-03-21",
      sex: "female",
      mrn: `oauth-${++patients}`,
      isUnknown: false,
      timeZone: "Europe/Oslo",
      ageGroup: null,
    },
    "test",
  );
}

let assertions = 0;

/** Keys of an application, and assertions that it signs with them. */
export async function applicationKeys(alg: "RS384" | "ES384") {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: `${alg}-1`, alg, use: "sig" };
  return {
    jwks: { keys: [jwk] },
    privateKey,
    assertion: (
      clientId: string,
      audience: string,
      more: { exp?: number; jti?: string; iss?: string; key?: CryptoKey; alg?: string } = {},
    ) => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ jti: more.jti ?? `jti-${++assertions}` })
        .setProtectedHeader({ alg: more.alg ?? alg, kid: jwk.kid as string, typ: "JWT" })
        .setIssuer(more.iss ?? clientId)
        .setSubject(clientId)
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(more.exp ?? now + 240)
        .sign(more.key ?? privateKey);
    },
  };
}

export const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
