import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { FastifyInstance } from "fastify";
import { gunzip } from "../http/index.ts";
import { createDoor, sendError } from "./door.ts";
import { createKeeping } from "./keep.ts";
import { createLooking } from "./look.ts";
import type { Access, Amendments, Devices, Documents, Guesses, Ingest, Pace, Telemetry } from "./ports.ts";
import { createRetraction } from "./retract.ts";
import { type Rooms, registerV1 } from "./v1.ts";
import { registerV3, V3Refusal } from "./v3.ts";

/** Of a body, after gunzip. */
const BODY_BYTES = 16_777_216;

export interface NightscoutDeps {
  readonly access: Access;
  readonly guesses: Guesses;
  readonly devices: Devices;
  readonly pace: Pace;
  readonly ingest: Ingest;
  readonly telemetry: Telemetry;
  readonly amendments: Amendments;
  readonly documents: Documents;
  readonly runtime: Pick<Runtime, "clock" | "random">;
}

/** `/api/v1`, `/api/v3` and the tokens of `/api/v2` as clients of Nightscout use them. */
export function registerNightscout(app: FastifyInstance, deps: NightscoutDeps): void {
  const { runtime } = deps;
  const door = createDoor(deps);
  const retraction = createRetraction(deps);
  const rooms: Rooms = {
    door,
    keeping: createKeeping({ ...deps, retraction }),
    looking: createLooking(deps),
    clock: runtime.clock,
  };

  app.register((scope, _options, ready) => {
    // Whatever they say that it is: it is read as JSON where it is wanted, after it is known who sends it.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: BODY_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    scope.addHook("preParsing", async (request, _reply, payload) => {
      const { "content-length": length, "transfer-encoding": transfer } = request.headers;
      if ((length ?? "0") === "0" && transfer === undefined) return payload;
      // Nobody's megabytes are read but those of who is let in.
      await door.came(request);
      const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "";
      if (encoding === "" || encoding === "identity") return payload;
      if (encoding === "gzip") return gunzip(payload as Parameters<typeof gunzip>[0], BODY_BYTES);
      throw new RefusedInput("CONTENT_TYPE_UNKNOWN", { at: "Content-Encoding", expected: "gzip, or none" });
    });
    scope.setErrorHandler((error, request, reply) => {
      const isV3 = request.url.startsWith("/api/v3");
      if (error instanceof V3Refusal) {
        const { status, message } = error;
        return reply.code(status).header("cache-control", "no-store").send({ status, message });
      }
      return sendError(reply, error, { isV3 });
    });
    scope.addHook("onSend", (_request, reply, payload, done) => {
      reply.header("cache-control", "no-store");
      done(null, payload);
    });
    registerV1(scope, rooms);
    registerV3(scope, rooms);

    scope.get("/api/v2/authorization/request/:token", (request) =>
      door.exchange(request, (request.params as { token: string }).token),
    );
    // Insulin over the air: commands go a way of their own, with its own permissions and limits, and not this one.
    scope.post("/api/v2/notifications/loop", async (request) => {
      await door.came(request);
      throw new RefusedInput("NOT_PERMITTED", { expected: "commands to devices do not go this way" });
    });
    ready();
  });
}
