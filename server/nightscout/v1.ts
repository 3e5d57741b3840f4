import { readDocuments, wordIn } from "@openward/codecs/nightscout";
import { RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Collection, findCollection } from "./collections.ts";
import { type Came, type Door, permissionsOf } from "./door.ts";
import { incomingOf } from "./incoming.ts";
import { bytesOf, type Keeping } from "./keep.ts";
import { contentOf, type Looking, type Question } from "./look.ts";
import type { Content, StoredDocument } from "./ports.ts";
import { type Query, questionOfV1 } from "./v1-query.ts";

const DOCUMENTS = ["entries", "treatments", "devicestatus", "profile", "activity", "food"] as const;
const HEX24 = /^[0-9a-f]{24}$/i;
/** Clients look whether it is old; what is said here is which of its interfaces this is. */
const SPEAKS = "15.0.0";

export interface Rooms {
  readonly door: Door;
  readonly keeping: Keeping;
  readonly looking: Looking;
  readonly clock: Clock;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `/api/v1` of Nightscout, as its clients use it. */
export function registerV1(app: FastifyInstance, { door, keeping, looking, clock }: Rooms): void {
  /** With and without the ending: only JSON is answered. */
  const route = (method: "GET" | "POST" | "PUT" | "DELETE", path: string, handler: Handler) => {
    for (const url of method === "GET" ? [path, `${path}.json`] : [path])
      app.route({ method, url: `/api/v1${url}`, handler });
  };
  const now = () => clock.now();

  route("GET", "/status", async (request) => {
    const came = await door.came(request);
    return statusFor(came, now());
  });
  route("GET", "/experiments/test", async (request) => {
    door.writer(await door.came(request));
    return { status: "ok" };
  });
  route("GET", "/verifyauth", async (request) => {
    const came = await door.came(request).catch((error: unknown) => {
      if (error instanceof RefusedInput && error.code === "NOT_SIGNED_IN") return undefined;
      throw error;
    });
    const mayUpload = came !== undefined && came.key.deviceId !== null;
    const message = {
      canRead: came !== undefined,
      canWrite: mayUpload,
      isAdmin: false,
      message: came ? "OK" : "UNAUTHORIZED",
      rolefound: came ? "FOUND" : "NOTFOUND",
      permissions: came ? "ROLE" : "DEFAULT",
    };
    return { status: 200, message };
  });

  for (const name of DOCUMENTS) {
    const collection = findCollection(name) as Collection;
    const asked = (request: FastifyRequest, type?: string): Question =>
      questionOfV1(request.query as Query, collection, { now: now(), type });
    const answer = async (request: FastifyRequest, reply: FastifyReply, came: Came, question: Question) => {
      const found = await looking.search(came, collection, question);
      return unlessKnown(
        request,
        reply,
        found.map((one) => v1Of(one)),
      );
    };

    route("GET", `/${name}`, async (request, reply) => {
      const came = await door.came(request);
      return answer(request, reply, came, asked(request));
    });
    if (name === "entries" || name === "treatments")
      route("GET", `/${name}/:spec`, async (request, reply) => {
        const came = await door.came(request);
        const { spec } = request.params as { spec: string };
        if (HEX24.test(spec)) {
          const found = await looking.find(came, collection, spec);
          return found?.isValid ? [v1Of(contentOf(found))] : [];
        }
        if (name !== "entries") throw new RefusedInput("NOT_FOUND", { at: "path" });
        if (spec === "current") return answer(request, reply, came, { ...asked(request, "sgv"), limit: 1, from: 0 });
        return answer(request, reply, came, asked(request, spec));
      });

    route("POST", `/${name}`, async (request) => {
      const writer = door.writer(await door.came(request));
      const body = bodyOf(request);
      const given = readDocuments(body, collection.codec);
      const incoming = given.map((one, index) => incomingOf(collection, one, { now: now(), index, isV1: true }));
      const known = await keeping.known(writer, collection, incoming);
      const kept = await keeping.keep(writer, collection, { incoming, known, body });
      return kept.map(({ document }) => v1Of(contentOf(document)));
    });

    route("PUT", `/${name}`, async (request) => {
      const writer = door.writer(await door.came(request));
      const [given, ...others] = readDocuments(bodyOf(request), collection.codec);
      if (!given || others.length > 0) throw new RefusedInput("BODY_SHAPE", { expected: "one document" });
      const incoming = [incomingOf(collection, given, { now: now(), index: 0, isV1: true })];
      const known = await keeping.known(writer, collection, incoming);
      const [kept] = await keeping.keep(writer, collection, { incoming, known, body: bytesOf(given) });
      return v1Of(contentOf((kept as { document: StoredDocument }).document));
    });

    const remove = async (request: FastifyRequest, found: readonly StoredDocument[]) => {
      const writer = door.writer(await door.came(request));
      for (const one of found) await keeping.remove(writer, collection, one);
      return { acknowledged: true, deletedCount: found.length, n: found.length, ok: 1 };
    };
    route("DELETE", `/${name}/:id`, async (request) => {
      const came = await door.came(request);
      const { id } = request.params as { id: string };
      // "Any": only what the question says more closely goes.
      if (id === "*") return remove(request, await asDocuments(came, collection, asked(request)));
      const found = await looking.find(came, collection, id);
      return remove(request, found?.isValid ? [found] : []);
    });
    route("DELETE", `/${name}`, async (request) => {
      const came = await door.came(request);
      return remove(request, await asDocuments(came, collection, asked(request)));
    });
  }

  /** Only what came as a document can be taken back here: what another device measured is nothing of this client's. */
  async function asDocuments(came: Came, collection: Collection, question: Question): Promise<StoredDocument[]> {
    if (question.conditions.length === 0)
      throw new RefusedInput("FIELD_INVALID", { at: "find", expected: "which ones" });
    const count = Math.min(question.limit, 1_000);
    const found = await looking.search(came, collection, { ...question, limit: count });
    const documents = await Promise.all(found.map(({ _id }) => looking.find(came, collection, String(_id))));
    return documents.filter((one): one is StoredDocument => one !== undefined);
  }

  route("GET", "/profiles", async (request) => {
    const collection = findCollection("profile") as Collection;
    const came = await door.came(request);
    const found = await looking.search(
      came,
      collection,
      questionOfV1(request.query as Query, collection, { now: now() }),
    );
    return found.map((one) => v1Of(one));
  });
  route("GET", "/profile/current", async (request, reply) => {
    const collection = findCollection("profile") as Collection;
    const came = await door.came(request);
    const [newest] = await looking.search(came, collection, {
      ...questionOfV1({}, collection, { now: now() }),
      limit: 1,
    });
    return reply.type("application/json; charset=utf-8").send(JSON.stringify(newest ? v1Of(newest) : null));
  });
}

export function bodyOf({ body }: FastifyRequest): Uint8Array {
  if (!Buffer.isBuffer(body) || body.length === 0)
    throw new RefusedInput("BODY_SHAPE", { expected: "documents as JSON" });
  return body;
}

/** What v1 never had is not shown there. */
function v1Of({ identifier, srvCreated: _c, srvModified: _m, ...document }: Content): Content {
  return identifier === document._id ? document : { ...document, identifier };
}

/** 304 where nothing is newer than what the client has. */
function unlessKnown(request: FastifyRequest, reply: FastifyReply, found: readonly Content[]): unknown {
  const times = found
    .map((one) => Number(one.date ?? Date.parse(wordIn(one.created_at))))
    .filter((at) => !Number.isNaN(at));
  if (times.length === 0) return found;
  const newest = Math.max(...times);
  reply.header("last-modified", new Date(newest).toUTCString());
  const since = Date.parse(request.headers["if-modified-since"] ?? "");
  if (Math.floor(newest / 1_000) * 1_000 > since || Number.isNaN(since)) return found;
  reply.code(304);
  return "";
}

function statusFor({ key }: Came, now: number): Content {
  const mayUpload = key.deviceId !== null;
  return {
    status: "ok",
    name: "Openward",
    version: SPEAKS,
    serverTime: new Date(now).toISOString(),
    serverTimeEpoch: now,
    apiEnabled: true,
    careportalEnabled: mayUpload,
    boluscalcEnabled: false,
    settings: {
      units: "mg/dl",
      timeFormat: 24,
      enable: mayUpload ? ["careportal"] : [],
      thresholds: { bgHigh: 260, bgTargetTop: 180, bgTargetBottom: 80, bgLow: 55 },
    },
    extendedSettings: {},
    authorized: { sub: key.name, permissionGroups: [permissionsOf(mayUpload)] },
    runtimeState: "loaded",
  };
}
