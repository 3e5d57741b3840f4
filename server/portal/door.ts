import { type Route, type RouteName, redacted, routes } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import { type PatientView, type PrincipalRole, withheldFrom } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isSameOrigin, outerCookie, type PublicUrl, parseFields } from "../http/index.ts";
import { Encoded, type Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { Access, Authenticated } from "./ports/index.ts";
import { needProof } from "./proof.ts";

interface DoorDeps {
  readonly access: Pick<Access, "authenticate" | "viewOf" | "subjectViewOf">;
  readonly names: Pick<Names, "note">;
  readonly handlers: Handlers;
  readonly publicUrl: PublicUrl;
  readonly clock: Clock;
  /** A proof of who somebody is lasts so long. */
  readonly stepUpMs: number;
}

/** The same call, whatever its route: what the loop below can say of it. */
type AnyHandler = (call: {
  signedIn: Authenticated | undefined;
  params: Readonly<Record<string, string>>;
  query: unknown;
  body: unknown;
  view(): Promise<PatientView>;
  readonly accept: string | undefined;
  readonly userAgent: string | undefined;
  readonly cookie: string | undefined;
  gone(): AbortSignal;
  stillMay(): Promise<boolean>;
  setCookie(cookie: string): void;
  leave(): void;
}) => Promise<unknown>;

/**
 * Registers every route of the table. The order of checks is the same for all: who is it, does the request come from our
 * own page, may that role, have they shown lately that it is they, is the patient visible, are the fields right; only then the handler.
 */
export async function registerRoutes(app: FastifyInstance, deps: DoorDeps): Promise<void> {
  await app.register(async (scope) => {
    readJsonOnly(scope);
    for (const [name, route] of Object.entries(routes) as [RouteName, Route][]) {
      const handle = deps.handlers[name] as unknown as AnyHandler;
      scope.route({
        method: route.method,
        url: route.path,
        // Before the body is read: a stranger's megabyte is not parsed.
        onRequest: async (request) => {
          request.signedIn = await admit(deps, route, request);
        },
        handler: (request, reply) => answer(deps, route, handle, request, reply),
      });
    }
  });
}

declare module "fastify" {
  interface FastifyRequest {
    /** Set by the door of /api. */
    signedIn?: Authenticated | undefined;
  }
}

const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);

async function admit(deps: DoorDeps, route: Route, request: FastifyRequest): Promise<Authenticated | undefined> {
  if (route.allow === "public") {
    checkOrigin(deps, request);
    return undefined;
  }
  const { cookie, authorization } = request.headers;
  const given = { cookie, authorization };
  const signedIn = await deps.access.authenticate(given, { locked: route.whileLocked === true, kiosk: isWall(route) });
  if (!signedIn) {
    const isLocked = !isWall(route) && (await deps.access.authenticate(given, { locked: true })) !== undefined;
    throw new RefusedInput(isLocked ? "SCREEN_LOCKED" : "NOT_SIGNED_IN");
  }
  // A browser adds the cookie of whoever is signed in to any page's request; a token nobody adds by accident.
  if (signedIn.via !== "token") checkOrigin(deps, request);
  if (!route.allow.includes(signedIn.principal.role)) {
    throw new RefusedInput("NOT_PERMITTED", { expected: `one of ${route.allow.join(", ")}` });
  }
  if (route.stepUp) needProof(signedIn, deps.clock.now(), deps.stepUpMs);
  deps.names.note(signedIn.principal.id, signedIn.principal.display);
  return signedIn;
}

/** A wall's own: the machine that it hangs on may have somebody signed in beside it, who is not looked at here. */
const isWall = ({ allow }: Route): boolean => allow !== "public" && allow.includes("kiosk");

function checkOrigin({ publicUrl }: DoorDeps, { method, headers }: FastifyRequest): void {
  if (UNSAFE.has(method) && !isSameOrigin(headers, publicUrl)) {
    throw new RefusedInput("NOT_PERMITTED", { at: "Origin", expected: "a page of this server" });
  }
}

async function answer(
  deps: DoorDeps,
  route: Route,
  handle: AnyHandler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { signedIn } = request;
  const params = request.params as Readonly<Record<string, string>>;
  const { id: patientId = "" } = params;
  const isSubject = route.sees === "subject";
  const isOfPatient = isSubject || route.path.startsWith("/api/patients/:id");
  const mint = ({ principal }: Authenticated) =>
    isSubject ? deps.access.subjectViewOf(principal, patientId) : deps.access.viewOf(principal);
  let minted: Promise<PatientView> | undefined;
  const view = () => {
    if (!signedIn) throw new RefusedInput("NOT_SIGNED_IN");
    minted ??= mint(signedIn);
    return minted;
  };
  checkParams(route.path, params);
  if (isOfPatient && !(await view()).has(patientId)) {
    throw new RefusedInput("NOT_FOUND");
  }
  const result = await handle({
    signedIn,
    params,
    query: route.query ? parseFields(route.query, request.query, "query") : undefined,
    body: route.body ? parseFields(route.body, request.body, "body") : undefined,
    view,
    accept: request.headers.accept,
    userAgent: request.headers["user-agent"],
    cookie: request.headers.cookie,
    gone: () => goneOf(reply),
    async stillMay() {
      const { cookie, authorization } = request.headers;
      const again = await deps.access.authenticate({ cookie, authorization }, { kiosk: isWall(route) });
      if (!again || route.allow === "public" || !route.allow.includes(again.principal.role)) return false;
      return !isOfPatient || (await mint(again)).has(patientId);
    },
    // Over TLS a cookie never comes back in the clear, whatever address the operator has given.
    setCookie: (cookie) => void reply.header("set-cookie", outerCookie(cookie, request.protocol === "https")),
    // What the pages store themselves are settings (colours, sound) of this screen: they stay.
    leave: () => void reply.header("clear-site-data", '"cache"'),
  });
  reply.header("cache-control", "no-store").code(route.status);
  if (result instanceof Encoded) {
    if (route.formats) reply.header("vary", "accept");
    if (result.fileName) reply.header("content-disposition", `attachment; filename="${result.fileName}"`);
    if (result.onSent) reply.raw.once("finish", result.onSent);
    return reply.type(result.type).send(result.content);
  }
  if (route.status === 204) return reply.send();
  const told = signedIn ? redacted(route.response, result, signedIn.principal.role) : result;
  // Whoever reads it must not take what is withheld for what is not known.
  if (told !== result)
    reply.header("openward-withheld", [...withheldFrom(signedIn?.principal.role as PrincipalRole)].join(", "));
  return reply.type("application/json").send(JSON.stringify(told));
}

/** Aborted when whoever asked has hung up before the answer was there. */
function goneOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once("close", () => {
    if (!raw.writableFinished) controller.abort();
  });
  if (raw.destroyed) controller.abort();
  return controller.signal;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DEVICE_ID = /^[A-Za-z0-9._-]{1,64}$/;
const ALARM_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/** An id that cannot be one names nothing that exists; it gets the same answer. */
function checkParams(path: string, params: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(params)) {
    const form = name === "deviceId" ? DEVICE_ID : /^\/api\/(kiosk\/)?alarms\//.test(path) ? ALARM_ID : UUID;
    if (!form.test(value)) throw new RefusedInput("NOT_FOUND");
  }
}

/** JSON and nothing else: forms and plain text are what a foreign page can send without asking. */
function readJsonOnly(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser("error", "error");
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    // A POST without content, as `discharge` is, may still say application/json.
    if (body === "") done(null, undefined);
    else parse(request, body as string, done);
  });
}
