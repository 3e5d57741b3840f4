import { RefusedInput } from "@openward/errors";
import type { PatientView } from "@openward/model";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type Provider from "oidc-provider";
import { isSameOrigin, plainPagePolicy } from "../../http/index.ts";
import { hashSecret } from "../credentials.ts";
import type { Authenticated } from "../ports.ts";
import { fhirBase } from "./facts.ts";
import { launchedPatient, useLaunch } from "./launches.ts";
import { askConsent, comeAgain, pickPatient, refusal, STYLE_HASH, signInFirst } from "./pages.ts";
import type { OAuthDeps, PatientName } from "./ports.ts";
import type { RegisteredClient } from "./provider.ts";
import { allowedScopes, parseScopes } from "./scopes.ts";

const SHOWN_MAX = 50;

/** One authorisation under way, in the browser that it began in. */
interface Asked {
  readonly uid: string;
  readonly client: RegisteredClient;
  readonly redirectUri: string;
  /** What it may get at most. */
  readonly scopes: readonly string[];
  /** Everything that it asked for. */
  readonly requested: readonly string[];
  readonly needsPatient: boolean;
  /** It was opened from a patient's page of ours. */
  readonly launch: string | undefined;
}

interface Person {
  readonly authenticated: Authenticated;
  readonly view: PatientView;
}

/** Where a person chooses the patient and says yes or no. */
export function registerInteraction(
  app: FastifyInstance,
  deps: OAuthDeps,
  provider: (request: FastifyRequest) => Promise<Provider>,
): void {
  const { access, patients, tables, runtime } = deps;

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      "application/x-www-form-urlencoded",
      { parseAs: "string", bodyLimit: 32_768 },
      (_request, body, done) => done(null, new URLSearchParams(String(body))),
    );
    scope.get("/oauth/interaction/:uid", show);
    scope.post("/oauth/interaction/:uid", decide);
  });

  async function show(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const asked = await find(request, reply);
    if (!asked) return send(reply, refusal("The request has ended. Start again in the application."), 400);
    const query = request.query as Record<string, string | undefined>;
    const action = `/oauth/interaction/${asked.uid}`;
    const person = await personOf(request);
    if (!person) {
      return query.again === undefined
        ? send(reply, comeAgain(`${action}?again=1`))
        : send(reply, signInFirst(nameOf(asked), `${action}?again=1`));
    }
    if (person.authenticated.organisation.id !== asked.client.openward_organisation)
      return send(reply, refusal("The application belongs to another organisation."), 403);
    if (asked.scopes.length === 0)
      return send(reply, refusal("The application asks for nothing that it may get."), 403);
    let patient: PatientName | undefined;
    if (asked.launch !== undefined) {
      patient = await patientOf(person, await launched(asked, person));
      if (!patient) return send(reply, refusal("Open the application from the patient's page again."), 400);
    } else if (asked.needsPatient) {
      patient = await patientOf(person, query.patient);
      if (!patient) return send(reply, await picker(asked, person, action, ""));
    }
    const personName = person.authenticated.principal.display;
    return send(
      reply,
      askConsent({ appName: nameOf(asked), personName, action, patient, scopes: asked.scopes }),
      200,
      // A form's answer may lead on to the application, and nowhere else.
      targetOf(asked.redirectUri),
    );
  }

  async function decide(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (!isSameOrigin(request.headers, deps.issuer)) {
      throw new RefusedInput("NOT_PERMITTED", { at: "Origin", expected: "a page of this server" });
    }
    const asked = await find(request, reply);
    if (!asked) return send(reply, refusal("The request has ended. Start again in the application."), 400);
    const person = await personOf(request);
    if (!person || person.authenticated.organisation.id !== asked.client.openward_organisation)
      throw new RefusedInput("NOT_SIGNED_IN");
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    // A name that is searched for stands in no address.
    if (form.get("decision") === "search")
      return send(reply, await picker(asked, person, `/oauth/interaction/${asked.uid}`, form.get("q") ?? ""));
    const server = await provider(request);
    const finish = async (result: Parameters<Provider["interactionResult"]>[2]) =>
      reply
        .code(303)
        .header("location", await server.interactionResult(request.raw, reply.raw, result))
        .send();
    const ticked = new Set(form.getAll("scope"));
    const granted = asked.scopes.filter((one) => ticked.has(one) || one === "openid");
    if (form.get("decision") !== "allow" || granted.length === 0)
      return finish({ error: "access_denied", error_description: "the person did not allow it" });
    const isAboutOne = asked.needsPatient || asked.launch !== undefined;
    const chosen = asked.launch === undefined ? (form.get("patient") ?? undefined) : await launched(asked, person);
    const patient = isAboutOne ? await patientOf(person, chosen) : undefined;
    if (isAboutOne && !patient) throw new RefusedInput("FIELD_INVALID", { at: "patient", expected: "a patient" });
    const accountId = person.authenticated.principal.id;
    const grantId = await grant(server, asked, accountId, granted, patient?.id);
    return finish({ login: { accountId, remember: false }, consent: { grantId } });
  }

  async function find(request: FastifyRequest, reply: FastifyReply): Promise<Asked | undefined> {
    const server = await provider(request);
    const details = await server.interactionDetails(request.raw, reply.raw).catch(() => undefined);
    if (!details || details.uid !== (request.params as { uid: string }).uid) return undefined;
    const client = (await server.Client.find(String(details.params.client_id))) as RegisteredClient | undefined;
    if (!client) return undefined;
    const requested = String(details.params.scope ?? "").split(" ");
    const allowed = allowedScopes(requested.join(" "), client.openward_scope, ["patient", "user"]);
    // Who somebody is, is told whenever it is asked for; the library knows no refusal of it.
    const scopes = requested.includes("openid") && !allowed.includes("openid") ? ["openid", ...allowed] : allowed;
    const isOfPatient = parseScopes(scopes.join(" ")).some(({ compartment }) => compartment === "patient");
    return {
      uid: details.uid,
      client,
      redirectUri: String(details.params.redirect_uri),
      scopes,
      requested,
      needsPatient: isOfPatient || scopes.includes("launch/patient"),
      launch: scopes.includes("launch") && details.params.launch ? String(details.params.launch) : undefined,
    };
  }

  /** By our session only: a bearer token says nothing of who sits at a browser. */
  async function personOf({ headers }: FastifyRequest): Promise<Person | undefined> {
    const authenticated = await access.authenticate({ cookie: headers.cookie });
    if (authenticated?.via !== "session") return undefined;
    return { authenticated, view: await access.viewOf(authenticated.principal) };
  }

  async function launched({ client, launch = "" }: Asked, { authenticated }: Person): Promise<string | undefined> {
    const { organisation, principal } = authenticated;
    const of = { organisationId: organisation.id, clientId: client.clientId, personId: principal.id };
    return launchedPatient(tables, launch, of, runtime.clock.now());
  }

  async function patientOf({ authenticated, view }: Person, id: string | undefined): Promise<PatientName | undefined> {
    if (id === undefined || !view.has(id)) return undefined;
    return (await patients.find(authenticated.organisation.id, id))?.patient;
  }

  async function picker(asked: Asked, { authenticated, view }: Person, action: string, q: string): Promise<string> {
    const found = await patients.list(authenticated.organisation.id, {
      all: true,
      ...(q.trim() ? { q: q.trim() } : {}),
    });
    const seen = found.map(({ patient }) => patient).filter(({ id }) => view.recordsOf(id).length > 0);
    const shown = { patients: seen.slice(0, SHOWN_MAX), hasMore: seen.length > SHOWN_MAX };
    return pickPatient({ appName: nameOf(asked), action, q, ...shown });
  }

  async function grant(
    server: Provider,
    { client, requested, launch }: Asked,
    accountId: string,
    granted: readonly string[],
    patientId: string | undefined,
  ): Promise<string> {
    const made = new server.Grant({ accountId, clientId: client.clientId });
    const base = fhirBase(deps.issuer());
    const refused = requested.filter((one) => !granted.includes(one));
    made.addOIDCScope(granted.join(" "));
    made.addResourceScope(base, granted.join(" "));
    if (refused.length > 0) {
      made.rejectOIDCScope(refused.join(" "));
      made.rejectResourceScope(base, refused.join(" "));
    }
    const grantId = await made.save();
    const organisationId = client.openward_organisation;
    await tables.inOrganisation(organisationId, async (tx) => {
      if (launch !== undefined) await useLaunch(tx, launch, runtime.clock.now());
      if (patientId !== undefined) {
        await tx.run("UPDATE oauth_record SET patient_id = $2 WHERE kind = 'Grant' AND id_hash = $1", [
          hashSecret(grantId),
          patientId,
        ]);
      }
      await tx.run(
        "INSERT INTO audit_event (organisation_id, at, actor, action, patient_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        [
          organisationId,
          runtime.clock.now(),
          accountId,
          "app.allow",
          patientId ?? null,
          { clientId: client.clientId, scope: granted.join(" ") },
        ],
      );
    });
    return grantId;
  }
}

const nameOf = ({ client }: Asked): string => client.clientName ?? client.clientId;

function targetOf(redirectUri: string): string {
  const url = new URL(redirectUri);
  return url.origin === "null" ? url.protocol : url.origin;
}

function send(reply: FastifyReply, html: string, status = 200, formTarget = ""): FastifyReply {
  return reply
    .code(status)
    .header("cache-control", "no-store")
    .header("content-security-policy", plainPagePolicy(STYLE_HASH, formTarget))
    .type("text/html; charset=utf-8")
    .send(html);
}
