import { RefusedInput } from "@openward/errors";
import type { FastifyInstance } from "fastify";
import type { DeviceAccess, GatewayConfigurations, Guesses, Pace } from "../ports.ts";
import { authenticate } from "./basic-auth.ts";
import { tooMany } from "./too-many.ts";

/** Put together of many rows, in messages. */
const COST = 5;

/**
 * `GET /ingest/devices/{device}/configuration`: what a gateway works by, for itself alone, by what it signs in with for everything
 * else. `ETag` is its version: 304 where the gateway has it.
 */
export function registerConfiguration(
  app: FastifyInstance,
  {
    access,
    gateways,
    guesses,
    pace,
  }: { access: DeviceAccess; gateways: GatewayConfigurations; guesses?: Guesses; pace?: Pace },
): void {
  app.get("/ingest/devices/:device/configuration", async (request, reply) => {
    const device = authenticate(request, reply, { access, guesses });
    const { device: asked } = request.params as { device: string };
    if (asked !== device.deviceId) {
      throw new RefusedInput("TOPIC_FORBIDDEN", {
        at: "path",
        expected: `/ingest/devices/${device.deviceId}/configuration`,
      });
    }
    const waitMs = pace?.spend(device.deviceId, COST) ?? 0;
    if (waitMs > 0) throw tooMany(waitMs);
    const configuration = await gateways.configuration(device);
    const tag = `"${configuration.version}"`;
    reply.header("cache-control", "no-store").header("etag", tag);
    if (request.headers["if-none-match"] === tag) return reply.code(304).send();
    return reply.send(configuration);
  });
}
