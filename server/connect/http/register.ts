import { bodyFormat } from "@openward/codecs";
import { RefusedInput } from "@openward/errors";
import type { Problem } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { gunzip } from "../../http/gunzip.ts";
import { hashOf } from "../delivery.ts";
import type { DeviceAccess, Guesses, Ingest, Pace, Receipt, SignedInDevice } from "../ports.ts";
import { DEVICE_ID, mayUse, type Route, routeOf } from "../topic.ts";
import { authenticate } from "./basic-auth.ts";
import { KEY, type Line, parseLines } from "./lines.ts";
import { createPacing } from "./pacing.ts";

export interface HttpIngestLimits {
  /** Of a body, after gunzip. */
  readonly bodyBytes: number;
  /** Lines of one request that wait for their commit at the same time. */
  readonly linesAtOnce: number;
}

export const defaultHttpIngestLimits: HttpIngestLimits = { bodyBytes: 16_777_216, linesAtOnce: 1_000 };

const BODIES = "application/json, application/cbor or application/senml+json";
const USUAL_TYPES = ["application/cbor", "application/json", "application/x-ndjson"];
const LINES = new Set(["application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines"]);
const NOTHING = Buffer.alloc(0);
/** Of what codecs left of many lines, so much is told. */
const IGNORED_LISTED = 1_000;

type Ignored = NonNullable<Receipt["ignored"]>[number];

interface Posted {
  readonly device: SignedInDevice;
  /** null for lines, which each have their own. */
  readonly route: Route | null;
}

/**
 * `POST /ingest/devices/{device}/readings` (and waveform, event, status, raw/{codec}) and `POST /ingest` for lines.
 * 200 after the commit with what is durable and what is in quarantine; any 4xx means that nothing was kept; 503 that it
 * is not known to be, and to send again. Who it is, and whether it may, is settled before a byte of the body is read.
 * Whoever sends more than their pace gets 429; an event is taken at any pace.
 */
export function registerIngest(
  app: FastifyInstance,
  {
    ingest,
    access,
    runtime,
    limits: given,
    guesses,
    pace,
  }: {
    ingest: Ingest;
    access: DeviceAccess;
    runtime: Runtime;
    limits?: Partial<HttpIngestLimits>;
    /** Shared with MQTT, so that guessing is counted once. Left out: nobody is stopped. */
    guesses?: Guesses;
    /** Left out: any. */
    pace?: Pace;
  },
): void {
  const limits = { ...defaultHttpIngestLimits, ...given };
  const pacing = createPacing(pace);
  const posted = new WeakMap<FastifyRequest, Posted>();
  const postedOf = (request: FastifyRequest) => posted.get(request) as Posted;

  app.register((scope, _options, ready) => {
    scope.removeAllContentTypeParsers();
    // The usual types by name as well: what the catch-all takes is parsed as a content type anew for every request.
    scope.addContentTypeParser(["*", ...USUAL_TYPES], { parseAs: "buffer" }, (_request, body, done) =>
      done(null, body),
    );

    scope.addHook("onRequest", (request, reply, done) => {
      try {
        const admitted = admit(request, reply, { access, guesses });
        posted.set(request, admitted);
        pacing.admit(admitted.device.deviceId, admitted.route?.kind);
        done();
      } catch (refusal) {
        done(refusal as Error);
      }
    });

    scope.addHook("preParsing", (request, _reply, payload, done) => {
      const encoding = request.headers["content-encoding"]?.trim().toLowerCase();
      if (encoding === undefined || encoding === "" || encoding === "identity") return done(null, payload);
      if (encoding === "gzip") return done(null, gunzip(payload, limits.bodyBytes));
      return done(new RefusedInput("CONTENT_TYPE_UNKNOWN", { at: "Content-Encoding", expected: "gzip, or none" }));
    });

    const options = { bodyLimit: limits.bodyBytes };
    scope.post("/ingest/devices/:device/*", options, (request, reply) => {
      const { device, route } = postedOf(request);
      const { deviceId, kind, codec } = route as Route;
      const body = bodyOf(request);
      const format = codec ?? bodyFormat(request.headers["content-type"], body) ?? "json";
      const deliveryKey = deliveryKeyOf(request, body);
      const { organisationId } = device;
      const receivedAt = runtime.clock.now();
      return pacing
        .take(
          device.deviceId,
          { bytes: body.length, lines: 1, isEvent: kind === "event", isPaid: kind !== "event" },
          () =>
            ingest.accept({
              deviceId,
              organisationId,
              kind,
              format,
              body,
              receivedAt,
              deliveryKey,
              isRedelivery: deliveryKey !== null,
              rejectMalformed: true,
            }),
        )
        .then(({ accepted, quarantined, ignored }) => answer(reply, accepted, quarantined, ignored));
    });

    scope.post("/ingest", options, async (request, reply) => {
      const { device } = postedOf(request);
      const body = bodyOf(request);
      const lines = parseLines(body, device);
      const isEvent = lines.some(({ route }) => route.kind === "event");
      return pacing.take(
        device.deviceId,
        { bytes: body.length, lines: lines.length, isEvent, isPaid: false },
        async () => acceptLines(request, reply, device, lines),
      );
    });

    const acceptLines = async (
      request: FastifyRequest,
      reply: FastifyReply,
      device: SignedInDevice,
      lines: readonly Line[],
    ): Promise<FastifyReply> => {
      const { organisationId } = device;
      const receivedAt = runtime.clock.now();
      let accepted = 0;
      const quarantined: (Problem & { line: number })[] = [];
      const ignored: (Ignored & { line: number })[] = [];
      for (let at = 0; at < lines.length; at += limits.linesAtOnce) {
        const some = lines.slice(at, at + limits.linesAtOnce);
        const receipts = await Promise.all(
          some.map(({ number, route: { deviceId, kind, codec }, body, id, isUnknown, isWill }) => {
            // A device of the gateway's that has no access any more says nothing of a patient, and does not hold up the others.
            const isRevoked = deviceId !== device.deviceId && !access.isActive(deviceId);
            const deliveryKey = id === null ? keyOfLine(request, body, number) : `id:${id}:${hashOf(body)}`;
            return ingest.accept({
              deviceId,
              organisationId,
              kind,
              format: codec ?? "json",
              body,
              receivedAt,
              deliveryKey,
              isRedelivery: deliveryKey !== null,
              ...(id !== null && { messageId: id }),
              ...(isRevoked && { unplaceable: "DEVICE_REVOKED" as const }),
              ...(isUnknown && { unplaceable: "DEVICE_UNKNOWN" as const }),
              ...(isWill && { isWill }),
            });
          }),
        );
        for (const [i, receipt] of receipts.entries()) {
          accepted += receipt.accepted;
          const line = some[i]?.number ?? 0;
          for (const problem of receipt.quarantined) quarantined.push({ line, ...problem });
          for (const part of receipt.ignored ?? [])
            if (ignored.length < IGNORED_LISTED) ignored.push({ line, ...part });
        }
      }
      return answer(reply, accepted, quarantined, ignored);
    };
    ready();
  });
}

/** Who it is, what it wants to send, and whether it may: before the body. */
function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  doors: { access: DeviceAccess; guesses: Guesses | undefined },
): Posted {
  const device = authenticate(request, reply, doors);
  const key = request.headers["idempotency-key"];
  if (key !== undefined && !(typeof key === "string" && KEY.test(key))) {
    throw new RefusedInput("FIELD_INVALID", { at: "Idempotency-Key", expected: "1 to 128 visible characters" });
  }
  const { device: deviceId, "*": leaf } = request.params as { device?: string; "*"?: string };
  const type = request.headers["content-type"];
  if (deviceId === undefined || leaf === undefined) {
    const isLines = type !== undefined && LINES.has(type.split(";", 1)[0]?.trim().toLowerCase() ?? "");
    if (!isLines)
      throw new RefusedInput("CONTENT_TYPE_UNKNOWN", { at: "Content-Type", expected: "application/x-ndjson" });
    return { device, route: null };
  }
  const route = DEVICE_ID.test(deviceId) ? routeOf(deviceId, leaf) : undefined;
  if (!route) throw new RefusedInput("NOT_FOUND", { at: "path" });
  // Another device and no device look the same from outside.
  const isAllowed = mayUse(device, deviceId) && doors.access.isActive(deviceId);
  if (!isAllowed)
    throw new RefusedInput("TOPIC_FORBIDDEN", { at: "path", expected: `/ingest/devices/${device.deviceId}/...` });
  if (route.kind !== "raw" && bodyFormat(type, NOTHING) === undefined) {
    throw new RefusedInput("CONTENT_TYPE_UNKNOWN", { at: "Content-Type", expected: BODIES });
  }
  return { device, route };
}

function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : NOTHING;
}

/** The same key with another body is another message: nothing is dropped because a key was used twice. */
function deliveryKeyOf(request: FastifyRequest, body: Buffer): string | null {
  const key = request.headers["idempotency-key"];
  return typeof key === "string" ? `http:${key}:${hashOf(body)}` : null;
}

function keyOfLine(request: FastifyRequest, body: Buffer, number: number): string | null {
  const key = deliveryKeyOf(request, body);
  return key === null ? null : `${key}:${number}`;
}

/** "ignored" stands there where a codec left something of raw bytes. */
function answer(
  reply: FastifyReply,
  accepted: number,
  quarantined: readonly Problem[],
  ignored: readonly Ignored[] = [],
): FastifyReply {
  const body =
    quarantined.length === 0 && ignored.length === 0
      ? `{"accepted":${accepted},"quarantined":[]}`
      : JSON.stringify({ accepted, quarantined: quarantined.map(told), ...(ignored.length > 0 && { ignored }) });
  return reply.header("cache-control", "no-store").type("application/json; charset=utf-8").send(body);
}

/** How many readings a problem keeps out is for the quarantine list; the sender gets the place and the reason. */
function told({ readings: _, ...problem }: Problem): Omit<Problem, "readings"> {
  return problem;
}
