import { RefusedInput } from "@openward/errors";
import type { FastifyReply, FastifyRequest } from "fastify";
import { certificateOf } from "../certificate.ts";
import type { DeviceAccess, SignedInDevice } from "../ports.ts";
import type { SignInFailures } from "../sign-in-failures.ts";
import { DEVICE_ID } from "../topic.ts";

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
  { access, failures }: { access: DeviceAccess; failures: SignInFailures },
): SignedInDevice {
  const certificate = request.headers.authorization === undefined ? certificateOf(request.raw.socket) : undefined;
  const certified = certificate && access.signInByCertificate(certificate);
  if (certified) return certified;
  const { deviceId, token } = credentials(request.headers.authorization);
  if (deviceId !== "" && failures.isBlocked(request.ip, deviceId)) throw new RefusedInput("RATE_LIMITED");
  const device = deviceId === "" ? undefined : access.signIn(deviceId, token);
  if (device && access.isActive(device.deviceId)) return device;
  if (deviceId !== "") failures.add(request.ip, deviceId);
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
