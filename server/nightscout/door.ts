import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { PatientView } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { FastifyReply, FastifyRequest } from "fastify";
import { jwtVerify, SignJWT } from "jose";
import { problemOf } from "../http/index.ts";
import type { Writer } from "./keep.ts";
import type { Looker } from "./look.ts";
import type { Access, Devices, Guesses, LetIn } from "./ports.ts";

const HOURS_MS = 8 * 3_600_000;
const SECRET_MAX = 200;
const GUESS = "nightscout key";

export interface Came extends Looker {
  readonly view: PatientView;
}

/**
 * Who comes: by the secret's SHA-1 in `api-secret`, by the secret as a token, or by a JWT that was given for it. Whatever they came
 * with, the key is looked up anew, so that one that has ended opens nothing.
 */
export function createDoor(deps: {
  readonly access: Access;
  readonly guesses: Guesses;
  readonly devices: Devices;
  readonly runtime: Pick<Runtime, "clock" | "random">;
}) {
  const { access, guesses, devices, runtime } = deps;
  // A restart makes new ones necessary; clients ask for one when theirs is refused.
  const signing = runtime.random.bytes(32);

  async function keyIn(jwt: string): Promise<LetIn> {
    try {
      const currentDate = new Date(runtime.clock.now());
      const { payload } = await jwtVerify(jwt, signing, { algorithms: ["HS256"], currentDate });
      return await access.nightscout.signInById(payload.sub ?? "");
    } catch (error) {
      if (error instanceof OutsideTrouble) throw error;
      throw new RefusedInput("NOT_SIGNED_IN");
    }
  }

  async function letIn(request: FastifyRequest): Promise<LetIn> {
    const { authorization, "api-secret": header } = request.headers;
    const { token, secret } = request.query as { token?: unknown; secret?: unknown };
    const bearer = /^bearer (\S+)$/i.exec(authorization ?? "")?.[1];
    const given = [header, token, secret].find((one) => typeof one === "string" && one !== "" && one !== "null") as
      | string
      | undefined;
    if (bearer === undefined && given === undefined) throw new RefusedInput("NOT_SIGNED_IN");
    const guess = { what: GUESS, address: request.ip };
    try {
      if (bearer?.includes(".")) return await keyIn(bearer);
      if (given?.includes(".")) return await keyIn(given);
      return await signIn(given ?? bearer ?? "");
    } catch (error) {
      if (!(error instanceof RefusedInput)) throw error;
      const waitMs = guesses.waitMs(guess);
      if (waitMs > 0) throw new RefusedInput("RATE_LIMITED", { retryAfterS: Math.ceil(waitMs / 1_000) });
      guesses.failed(guess);
      throw error;
    }
  }

  async function signIn(secret: string): Promise<LetIn> {
    if (secret.length > SECRET_MAX) throw new RefusedInput("NOT_SIGNED_IN");
    return access.nightscout.signIn(secret);
  }

  async function cameAs({ authenticated: { principal }, key }: LetIn): Promise<Came> {
    const view = await access.viewOf(principal);
    // Whoever made it may not see the patient any more: then it opens nothing.
    if (!view.has(key.patientId)) throw new RefusedInput("NOT_SIGNED_IN");
    return { key, principal, view };
  }

  /** Asked before the body is read, and again by whoever answers. */
  const asked = new WeakMap<FastifyRequest, Promise<Came>>();

  return {
    /** @throws RefusedInput NOT_SIGNED_IN, RATE_LIMITED */
    came(request: FastifyRequest): Promise<Came> {
      const known = asked.get(request) ?? letIn(request).then(cameAs);
      asked.set(request, known);
      return known;
    },

    /** @throws RefusedInput NOT_SIGNED_IN, RATE_LIMITED */
    async exchange(request: FastifyRequest, secret: string) {
      const guess = { what: GUESS, address: request.ip };
      try {
        const { key } = await cameAs(await signIn(secret));
        const iat = Math.floor(runtime.clock.now() / 1_000);
        const exp = iat + HOURS_MS / 1_000;
        const jwt = new SignJWT().setProtectedHeader({ alg: "HS256" }).setSubject(key.id);
        const token = await jwt.setIssuedAt(iat).setExpirationTime(exp).sign(signing);
        return { token, sub: key.name, permissionGroups: [permissionsOf(key.deviceId !== null)], iat, exp };
      } catch (error) {
        if (error instanceof RefusedInput) {
          const waitMs = guesses.waitMs(guess);
          if (waitMs > 0) throw new RefusedInput("RATE_LIMITED", { retryAfterS: Math.ceil(waitMs / 1_000) });
          guesses.failed(guess);
        }
        throw error;
      }
    },

    /** @throws RefusedInput NOT_PERMITTED for a key that only reads, or whose device has no access any more */
    writer({ key, principal, view }: Came): Writer {
      const { deviceId } = key;
      if (deviceId === null || !devices.isActive(deviceId))
        throw new RefusedInput("NOT_PERMITTED", { expected: "a key that may upload" });
      return { key: { ...key, deviceId }, principal, view };
    },
  };
}

export type Door = ReturnType<typeof createDoor>;

export const permissionsOf = (mayUpload: boolean): string[] =>
  mayUpload ? ["*:*:read", "api:*:create", "api:*:update", "api:*:delete"] : ["*:*:read"];

/** An error as Nightscout's clients read it: the status, and a message that some of them look for. */
export function sendError(reply: FastifyReply, error: unknown, { isV3 }: { readonly isV3: boolean }): FastifyReply {
  const known = problemOf(error);
  if (!known) throw error;
  const { status, message } = statusOf(known.code, known.status, isV3);
  if (status === 503 || status === 507 || status === 429) reply.header("retry-after", String(known.retryAfterS ?? 2));
  return reply
    .code(status)
    .header("cache-control", "no-store")
    .type("application/json; charset=utf-8")
    .send(JSON.stringify({ status, message: message ?? known.detail, description: known.detail, code: known.code }));
}

function statusOf(code: string, status: number, isV3: boolean): { status: number; message?: string } {
  if (code === "NOT_SIGNED_IN")
    return { status: 401, message: isV3 ? "Missing or bad access token or JWT" : "Unauthorized" };
  if (code === "NOT_PERMITTED")
    return isV3 ? { status: 403, message: "Missing permission" } : { status: 401, message: "Unauthorized" };
  // What is well formed and wrong is 400 there.
  return { status: status === 422 || status === 415 ? 400 : status };
}
