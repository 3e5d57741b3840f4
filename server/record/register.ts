import { constants } from "node:zlib";
import compress from "@fastify/compress";
import type { OperationOutcome, Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { parseFhir } from "@openward/fhir/json";
import type { Clock } from "@openward/runtime";
import type { Turn } from "@openward/runtime/turns";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type BulkDeps, createBulk } from "./bulk/jobs.ts";
import { registerBulk } from "./bulk/register.ts";
import { capabilityStatement } from "./capability.ts";
import type { RecordContext, Written } from "./context.ts";
import { devicesFor } from "./devices-on.ts";
import type { GraphQl } from "./graphql/index.ts";
import type { Happenings } from "./happenings/ports.ts";
import { createImports, type ImportDeps } from "./import/jobs.ts";
import { registerImports } from "./import/register.ts";
import { FHIR_JSON, negotiate, prefersStrict } from "./negotiate.ts";
import { outcomeOf, outcomeOfError, statusOf } from "./outcome.ts";
import type {
  Access,
  Amendments,
  AuditLog,
  Authenticated,
  Consents,
  Devices,
  DeviceUses,
  LimitsAt,
  Patients,
  People,
  Relations,
  Telemetry,
} from "./ports.ts";
import type { DeviceTypes } from "./resources/containment.ts";
import type { Rest } from "./rest.ts";
import type { SearchCost } from "./search/observation-cost.ts";
import type { SmartAddresses } from "./smart.ts";
import type { Subscriptions } from "./subscriptions/ports.ts";
import { terminologyCapabilities } from "./terminology-capability.ts";
import type { ObservationIntake } from "./write/ports.ts";

export interface RecordDeps {
  readonly access: Access;
  readonly patients: Patients;
  readonly people: People;
  readonly relations: Relations;
  readonly devices: Devices;
  readonly uses: DeviceUses;
  readonly typeOf: DeviceTypes;
  readonly telemetry: Telemetry;
  readonly amendments: Amendments;
  readonly audit: AuditLog;
  readonly consents: Consents;
  /** Takes Observations of others; left out: nothing is written. */
  readonly intake?: ObservationIntake | undefined;
  /** Where resources are kept as others wrote them; left out: nowhere. */
  readonly written?: Written | undefined;
  /** Alarms, events and stays; left out: there are none. */
  readonly happenings?: Happenings | undefined;
  /** Who is told of what; left out: nobody. */
  readonly subscriptions?: Subscriptions | undefined;
  /** Where exports lie, and who notes down that they are made; left out: nothing is exported. */
  readonly exports?: Omit<BulkDeps, "contextOf" | "clock"> | undefined;
  /** Where files are fetched from and kept until they are written; left out: nothing is imported. */
  readonly incoming?: Omit<ImportDeps, "contextOf" | "clock" | "turn"> | undefined;
  /** Left out: nothing is judged. */
  readonly limitsAt?: LimitsAt | undefined;
  /** Left out: there is no GraphQL. */
  readonly graphql?: GraphQl | undefined;
  /** What a search would cost, before it is run; left out: every search is run. */
  readonly cost?: SearchCost | undefined;
  readonly clock: Clock;
  readonly turn: Turn;
  /** Openward's own version, for `metadata`. */
  readonly version: string;
  /** OPENWARD_PUBLIC_URL; without it, links are made from the request's own host. */
  readonly publicUrl?: string | undefined;
  /** Where applications sign in; left out: nowhere. */
  readonly smart?: (() => SmartAddresses) | undefined;
}

/** A day of a home hub, or a life of somebody in 2,000 resources: a quarter of a second to parse, in which nothing else runs. */
const BODY_MAX = 8_388_608;
/** Objects and arrays cost many times their bytes: nothing that is meant has so many. */
const NODES_MAX = 400_000;
/** Smaller answers cost more to pack than they save. */
const COMPRESSED_FROM = 2_048;
/** As fast as gzip, and smaller; more takes a processor for what nobody keeps. */
const BROTLI_QUALITY = 4;
/** More is read only of who is known. */
const UNKNOWN_MAX = 65_536;

/** FHIR R4 under /fhir. Medplum is loaded with the first request, not with the server. */
export function registerRecord(app: FastifyInstance, deps: RecordDeps): void {
  const startedAt = deps.clock.now();
  let rest: Promise<Rest> | undefined;
  const loadRest = (): Promise<Rest> => {
    rest ??= import("./rest.ts").then(({ createRest }) => createRest());
    return rest;
  };

  const { exports, incoming, ...others } = deps;
  const inNameOf: BulkDeps["contextOf"] = ({ principal, organisation, app: client }, base) =>
    contextOf({ principal, organisation, ...(client ? { app: client } : {}) }, base, true);
  const bulk = exports && createBulk({ ...exports, contextOf: inNameOf, clock: deps.clock });
  const imports = incoming && createImports({ ...incoming, contextOf: inNameOf, clock: deps.clock, turn: deps.turn });
  app.addHook("onListen", () => {
    bulk?.start();
    imports?.start();
  });
  app.addHook("onClose", async () => {
    await Promise.all([bulk?.stop(), imports?.stop()]);
  });

  app.register(
    async (scope) => {
      // Behind what is noted of an answer, which reads its text. What is sent to us is not unpacked: it could be a bomb.
      await scope.register(compress, {
        threshold: COMPRESSED_FROM,
        encodings: ["br", "gzip", "identity"],
        globalDecompression: false,
        brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } },
      });
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser(
        [FHIR_JSON, "application/json", "application/json-patch+json"],
        { parseAs: "string", bodyLimit: BODY_MAX },
        parseJson,
      );
      scope.addContentTypeParser(
        "application/graphql",
        { parseAs: "string", bodyLimit: UNKNOWN_MAX },
        (_, body, done) => done(null, String(body)),
      );
      scope.addContentTypeParser(
        "application/x-www-form-urlencoded",
        { parseAs: "string", bodyLimit: BODY_MAX },
        parseForm,
      );
      scope.addHook("preParsing", async (request, _reply, payload) => {
        const { "content-length": length, "transfer-encoding": transfer, cookie, authorization } = request.headers;
        if (transfer === undefined && Number(length ?? 0) <= UNKNOWN_MAX) return payload;
        if (await deps.access.authenticate({ cookie, authorization }, { apps: true })) return payload;
        throw new RefusedInput("NOT_SIGNED_IN", { at: "http.Authorization", expected: "a bearer token" });
      });
      scope.setErrorHandler((error, request, reply) => sendError(request, reply, error));
      scope.setNotFoundHandler((_request, reply) => send(reply, outcomeOf("NOT_FOUND")));

      scope.get("/metadata", async (request, reply) => {
        negotiate(request.headers.accept, formatOf(request));
        const { mode } = request.query as { mode?: unknown };
        const base = baseOf(request);
        const statement =
          mode === "terminology"
            ? terminologyCapabilities(base, deps.version, startedAt)
            : capabilityStatement(base, {
                ...deps,
                startedAt,
                keepsWritten: deps.written !== undefined,
                hasGraphQl: deps.graphql !== undefined,
                smart: deps.smart?.(),
                tells: deps.subscriptions !== undefined,
              });
        return send(reply, statement, request);
      });
      const ownerOf = async (request: FastifyRequest) => {
        const { principal, organisation, app: client } = await authenticate(request);
        return { principal, organisation, ...(client ? { app: client } : {}) };
      };
      if (imports) registerImports(scope, imports, ownerOf);
      if (bulk)
        registerBulk(scope, bulk, async (request) => {
          const owner = await ownerOf(request);
          return { owner, view: await deps.access.viewOf(owner.principal) };
        });
      scope.all("/", handle);
      scope.all("/*", handle);
    },
    { prefix: "/fhir" },
  );

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    negotiate(request.headers.accept, formatOf(request));
    const authenticated = await authenticate(request);
    const { handle: answer } = await loadRest();
    const context = await contextOf(authenticated, baseOf(request), prefersStrict(request.headers.prefer));
    const { status, resource, text, location, version, isMinimal, headers } = await answer(
      context,
      {
        method: request.method,
        url: behindBase(request.url),
        body: request.body,
        ifNoneExist: headerOf(request, "if-none-exist"),
        ifMatch: headerOf(request, "if-match"),
        prefer: headerOf(request, "prefer"),
        asText: !isPretty(request),
      },
      (error) => request.log.error({ err: error }, "fhir request failed"),
    );
    for (const [name, value] of Object.entries(headers ?? {})) reply.header(name, value);
    if (location !== undefined) reply.header("location", `${baseOf(request)}/${location}`);
    if (status === 201) reply.code(201);
    if (status >= 400) return send(reply, resource as OperationOutcome); // nothing else has such a status
    if (version) {
      reply.header("etag", `W/"${version.versionId}"`);
      if (version.lastUpdated !== undefined) reply.header("last-modified", new Date(version.lastUpdated).toUTCString());
    }
    if (isMinimal) return reply.header("cache-control", "no-store").send();
    return send(reply, resource, request, { status, text });
  }

  async function authenticate(request: FastifyRequest): Promise<Authenticated> {
    const { cookie, authorization } = request.headers;
    const authenticated = await deps.access.authenticate({ cookie, authorization }, { apps: true });
    if (!authenticated)
      throw new RefusedInput("NOT_SIGNED_IN", { at: "http.Authorization", expected: "a bearer token" });
    return authenticated;
  }

  async function contextOf(asker: Authenticated, base: string, strict: boolean): Promise<RecordContext> {
    const { principal, organisation, app: client } = asker;
    const view = await deps.access.viewOf(principal);
    return {
      ...others,
      bulk,
      imports,
      devices: devicesFor(deps.devices, view),
      organisation,
      view,
      app: client,
      base,
      strict,
    };
  }

  function baseOf(request: FastifyRequest): string {
    const origin = deps.publicUrl?.replace(/\/+$/, "") ?? `${request.protocol}://${request.host}`;
    return `${origin}/fhir`;
  }
}

const isPretty = ({ url }: FastifyRequest) => /[?&]_pretty=true(&|$)/.test(url);

/** @param given what an OperationOutcome that was asked for is sent with, else what its issue says; and the text, where it is known */
function send(
  reply: FastifyReply,
  resource: Resource,
  request?: FastifyRequest,
  given: { readonly status?: number; readonly text?: string | undefined } = {},
): FastifyReply {
  reply.header("cache-control", "no-store").type(`${FHIR_JSON}; charset=utf-8`);
  if (resource.resourceType === "OperationOutcome") {
    const status = given.status ?? statusOf(resource);
    if (status === 401) reply.header("www-authenticate", 'Bearer realm="openward"');
    if (status === 405) reply.header("allow", "GET, HEAD, POST, PUT, PATCH, DELETE");
    if ((status === 503 || status === 429) && !reply.hasHeader("retry-after")) reply.header("retry-after", "2");
    reply.code(status);
  } else if (resource.meta?.versionId !== undefined) {
    const etag = `W/"${resource.meta.versionId}"`;
    reply.header("etag", etag);
    if (resource.meta.lastUpdated !== undefined) {
      reply.header("last-modified", new Date(resource.meta.lastUpdated).toUTCString());
    }
    if (isKnown(request?.headers["if-none-match"], etag)) return reply.code(304).send();
  }
  // What GraphQL answers with is no resource.
  if (resource.resourceType === undefined) reply.type("application/json; charset=utf-8");
  return reply.send(given.text ?? JSON.stringify(resource, null, request && isPretty(request) ? 2 : undefined));
}

/** One of a list, or whatever there is; compared weakly, as a read is (RFC 9110, 13.1.2). */
function isKnown(sent: string | undefined, etag: string): boolean {
  if (sent === undefined) return false;
  const opaque = (text: string) => text.trim().replace(/^W\//, "");
  return sent.split(",").some((one) => one.trim() === "*" || opaque(one) === opaque(etag));
}

function sendError(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
  const outcome = outcomeOfError(error) ?? outcomeOfFastify(error);
  const wait = error instanceof RefusedInput ? error.facts.retryAfterS : undefined;
  if (typeof wait === "number") reply.header("retry-after", String(wait));
  if (!outcome) request.log.error({ err: error }, "fhir request failed");
  return send(reply, outcome ?? outcomeOf("INTERNAL_ERROR"));
}

/** Fastify's own refusals say so by their code. */
function outcomeOfFastify(error: unknown): OperationOutcome | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return outcomeOf("BODY_TOO_LARGE", { expected: `at most ${BODY_MAX} bytes` });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return outcomeOf("CONTENT_TYPE_UNKNOWN", { at: "http.Content-Type", expected: FHIR_JSON });
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return outcomeOf("BODY_SHAPE");
    default:
      return undefined;
  }
}

function parseJson(
  _request: FastifyRequest,
  body: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  const text = String(body);
  if (text.length > NODES_MAX && hasSwarm(text))
    return void done(new RefusedInput("BODY_TOO_LARGE", { expected: `at most ${NODES_MAX} objects and arrays` }));
  try {
    done(null, parseFhir(text));
  } catch (error) {
    done(error as Error);
  }
}

function hasSwarm(text: string): boolean {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code === 0x7b || code === 0x5b) && ++count > NODES_MAX) return true;
  }
  return false;
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function parseForm(
  _request: FastifyRequest,
  body: string | Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void {
  const fields: Record<string, string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(String(body))) {
    fields[name] ??= [];
    fields[name].push(value);
  }
  done(null, fields);
}

function formatOf(request: FastifyRequest): string | undefined {
  const query = request.query as Record<string, string | string[] | undefined>;
  const format = query._format;
  return Array.isArray(format) ? format.at(-1) : format;
}

/** "/fhir/Observation?x=1" is "Observation?x=1" to the router. */
function behindBase(url: string): string {
  return url.replace(/^\/fhir\/?/, "");
}
