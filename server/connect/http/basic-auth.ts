import { RefusedInput } from "@openward/errors";
import type { FastifyReply, FastifyRequest } from "fastify";
import { certificateOf } from "../certificate.ts";
import type { DeviceAccess, Guesses, SignedInDevice } from "../ports.ts";
import { DEVICE_ID } from "../topic.ts";
import { tooMany } from "./too-many.ts";

const MAX_HEADER = 1_024;

/**
 * The device behind `Authorization: Basic base64(id:token)`, or behind its client certificate.
 *
 * @throws RefusedInput DEVICE_SIGN_IN (401, with WWW-Authenticate), RATE_LIMITED (429)
 * @source RFC 7617
 */
export function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  { access, guesses }: { access: DeviceAccess; guesses: Guesses | undefined },
): SignedInDevice {
  const certificate = request.headers.authorization === undefined ? certificateOf(request.raw.socket) : undefined;
  const certified = certificate && access.signInByCertificate(certificate);
  if (certified) return certified;
  const { deviceId, token } = credentials(request.headers.authorization);
  // A token is too long to be guessed: the right one is let in whatever others have tried, wrong ones are only slowed down.
  const device = deviceId === "" ? undefined : access.signIn(deviceId, token);
  if (device && access.isActive(device.deviceId)) return device;
  const guess = { what: "device token", account: deviceId, address: request.ip };
  const waitMs = deviceId === "" ? 0 : (guesses?.waitMs(guess) ?? 0);
  if (waitMs > 0) throw tooMany(waitMs);
  if (deviceId !== "") guesses?.failed(guess);
  reply.header("www-authenticate", 'Basic realm="Openward devices", charset="UTF-8"');
  throw new RefusedInput("DEVICE_SIGN_IN", {
    at: "Authorization",
    expected: "Basic, with the device's id and token, or its client certificate",
  });
}

const NOBODY = { deviceId: "", token: "" };

function credentials(header: string | undefined): { deviceId: string; token: string } {
  if (!header || header.length > MAX_HEADER || !/^basic /i.test(header)) return NOBODY;
  const text = Buffer.from(header.slice(6).trim(), "base64").toString();
  const colon = text.indexOf(":");
  const deviceId = text.slice(0, Math.max(0, colon));
  return DEVICE_ID.test(deviceId) ? { deviceId, token: text.slice(colon + 1) } : NOBODY;
}
