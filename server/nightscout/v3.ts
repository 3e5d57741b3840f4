import { numberIn, readDocuments, wordIn } from "@openward/codecs/nightscout";
import { RefusedInput } from "@openward/errors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Collection, v3Collections } from "./collections.ts";
import { msOf } from "./filter.ts";
import { type Incoming, identifierOf, incomingOf } from "./incoming.ts";
import { bytesOf, type Kept } from "./keep.ts";
import { contentOf } from "./look.ts";
import type { Content, StoredDocument } from "./ports.ts";
import { bodyOf, type Rooms } from "./v1.ts";
import type { Query } from "./v1-query.ts";
import { limitOf, onlyFields, questionOfV3 } from "./v3-query.ts";

const MIN_TIME = Date.UTC(2000, 0, 1);
const OFFSET_MAX = 1_440;
const VERSION = { version: "15.0.0", apiVersion: "3.0.4" };
/** What a document says once. */
const IMMUTABLE = [
  "identifier",
  "date",
  "utcOffset",
  "eventType",
  "device",
  "app",
  "srvCreated",
  "subject",
  "srvModified",
  "modifiedBy",
  "isValid",
];

const refused = (message: string, status = 400) => new V3Refusal(status, message);

/** An answer that clients of v3 know by its words. */
export class V3Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** `/api/v3` of Nightscout, as its clients use it. */
export function registerV3(app: FastifyInstance, { door, keeping, looking, clock }: Rooms): void {
  const now = () => clock.now();

  app.get("/api/v3/version", async () => ({
    status: 200,
    result: { ...VERSION, srvDate: now(), storage: { storage: "openward", version: "1" } },
  }));
  app.get("/api/v3/status", async (request) => {
    const { key } = await door.came(request);
    const may = key.deviceId === null ? "r" : "crud";
    const apiPermissions = Object.fromEntries(v3Collections.map(({ name }) => [name, may]));
    const storage = { storage: "openward", version: "1" };
    return { status: 200, result: { ...VERSION, srvDate: now(), storage, apiPermissions } };
  });
  app.get("/api/v3/lastModified", async (request) => {
    const came = await door.came(request);
    const collections = await looking.lastModified(came, v3Collections);
    return { status: 200, result: { srvDate: now(), collections } };
  });

  for (const collection of v3Collections) {
    const path = `/api/v3/${collection.name}`;

    app.get(path, async (request) => {
      const came = await door.came(request);
      const query = request.query as Query;
      const found = await looking.search(came, collection, questionOfV3(query));
      return { status: 200, result: found.map((one) => onlyFields(v3Of(one), query)) };
    });

    const history = async (request: FastifyRequest, reply: FastifyReply, since: number) => {
      const came = await door.came(request);
      if (Number.isNaN(since)) throw refused("Bad or missing Last-Modified header/parameter");
      const query = request.query as Query;
      const found = await looking.history(came, collection, since, limitOf(query), now());
      const newest = Math.max(...found.map(({ srvModified }) => Number(srvModified)));
      if (found.length > 0)
        reply.header("last-modified", new Date(newest).toUTCString()).header("etag", `W/"${newest}"`);
      return { status: 200, result: found.map((one) => onlyFields(v3Of(one), query)) };
    };
    app.get(`${path}/history`, (request, reply) =>
      // The header has whole seconds: what changed within the last of them is told again.
      history(request, reply, Date.parse(String(request.headers["last-modified"] ?? "")) - 1),
    );
    app.get(`${path}/history/:since`, (request, reply) =>
      history(request, reply, msOf((request.params as { since: string }).since)),
    );

    app.get(`${path}/:identifier`, async (request, reply) => {
      const came = await door.came(request);
      const { identifier } = request.params as { identifier: string };
      const found = need(await looking.find(came, collection, identifier));
      reply.header("last-modified", new Date(found.modifiedAt).toUTCString());
      const since = Date.parse(request.headers["if-modified-since"] ?? "");
      if (Math.floor(found.modifiedAt / 1_000) * 1_000 <= since) return reply.code(304).send();
      return { status: 200, result: onlyFields(v3Of(contentOf(found)), request.query as Query) };
    });

    app.post(path, async (request, reply) => {
      const writer = door.writer(await door.came(request));
      const given = oneOf(request, collection);
      const incoming = named(collection, given, now());
      check(incoming.content);
      const known = await keeping.known(writer, collection, [incoming]);
      const before = known.find(
        ({ identifier, id }) => incoming.identifier === identifier || incoming.identifier === id,
      );
      if (before?.isValid) checkUnchanged(incoming.content, before, ["identifier"]);
      const body = bytesOf(given);
      const [kept] = (await keeping.keep(writer, collection, { incoming: [incoming], known, body })) as [Kept];
      return created(reply, path, kept);
    });

    app.put(`${path}/:identifier`, async (request, reply) => {
      const writer = door.writer(await door.came(request));
      const { identifier } = request.params as { identifier: string };
      const found = await looking.find(writer, collection, identifier);
      if (found && !found.isValid) throw refused("Gone", 410);
      const incoming = {
        ...named(collection, { ...oneOf(request, collection), identifier }, now()),
        id: found?.id ?? null,
      };
      check(incoming.content);
      if (found) checkUnchanged(incoming.content, found, ["identifier"]);
      unmodifiedSince(request, found);
      const body = bytesOf(incoming.content);
      const known = found ? [found] : [];
      const [kept] = (await keeping.keep(writer, collection, { incoming: [incoming], known, body })) as [Kept];
      if (!found) return created(reply, path, kept);
      reply.header("last-modified", new Date(kept.document.modifiedAt).toUTCString());
      return { status: 200, lastModified: kept.document.modifiedAt };
    });

    app.patch(`${path}/:identifier`, async (request, reply) => {
      const writer = door.writer(await door.came(request));
      const { identifier } = request.params as { identifier: string };
      const found = need(await looking.find(writer, collection, identifier));
      const given = oneOf(request, collection);
      checkUnchanged(given, found, []);
      unmodifiedSince(request, found);
      const merged = { ...found.content, ...given, identifier: found.identifier ?? undefined };
      const incoming = { ...incomingOf(collection, merged, { now: now(), index: 0, isV1: false }), id: found.id };
      const body = bytesOf(incoming.content);
      const [kept] = (await keeping.keep(writer, collection, { incoming: [incoming], known: [found], body })) as [Kept];
      reply.header("last-modified", new Date(kept.document.modifiedAt).toUTCString());
      return { status: 200 };
    });

    app.delete(`${path}/:identifier`, async (request) => {
      const writer = door.writer(await door.came(request));
      const { identifier } = request.params as { identifier: string };
      const found = await looking.find(writer, collection, identifier);
      if (!found) throw refused("Not found", 404);
      if (found.content.isReadOnly === true) throw refused("Trying to modify read-only document", 422);
      await keeping.remove(writer, collection, found);
      return { status: 200 };
    });
  }
}

/** @throws RefusedInput; V3Refusal 400 */
function oneOf(request: FastifyRequest, collection: Collection): Content {
  const all = readDocuments(bodyOf(request), collection.codec);
  const [given] = all;
  if (!given || all.length > 1 || Object.keys(given).length === 0) throw refused("Bad or missing request body");
  return given;
}

/** Every document of v3 has a name: where its client gave it none, the one that Nightscout gives it. */
function named(collection: Collection, given: Content, now: number): Incoming {
  let incoming: Incoming;
  try {
    incoming = incomingOf(collection, given, { now, index: 0, isV1: false });
  } catch (error) {
    if (error instanceof RefusedInput && error.code === "TIME_MALFORMED") throw refused("Bad or missing date field");
    throw error;
  }
  const identifier = incoming.identifier ?? identifierOf(incoming.content);
  return { ...incoming, identifier, id: null, content: { ...incoming.content, identifier } };
}

/** The messages are those that clients look for. */
function check({ date, utcOffset, app }: Content): void {
  if (!(typeof date === "number" && date > MIN_TIME)) throw refused("Bad or missing date field");
  if (!(Math.abs(numberIn(utcOffset)) <= OFFSET_MAX)) throw refused("Bad or missing utcOffset field");
  if (wordIn(app) === "") throw refused("Bad or missing app field");
}

function checkUnchanged(
  given: Content,
  { identifier, id, content, isValid }: StoredDocument,
  except: readonly string[],
): void {
  if (content.isReadOnly === true) throw refused("Trying to modify read-only document", 422);
  if (!isValid) return;
  const there: Content = { isValid: true, ...content, identifier: identifier ?? id };
  for (const field of IMMUTABLE) {
    if (except.includes(field) || given[field] === undefined || field.startsWith("srv")) continue;
    if (given[field] !== there[field]) throw refused(`Field ${field} cannot be modified by the client`);
  }
}

function unmodifiedSince(request: FastifyRequest, found: StoredDocument | undefined): void {
  const since = Date.parse(request.headers["if-unmodified-since"] ?? "");
  if (found && Math.floor(found.modifiedAt / 1_000) * 1_000 > since) throw refused("Precondition failed", 412);
}

/** @throws V3Refusal 404, 410 */
function need(found: StoredDocument | undefined): StoredDocument {
  if (!found) throw refused("Not found", 404);
  if (!found.isValid) throw refused("Gone", 410);
  return found;
}

function created(reply: FastifyReply, path: string, { document, before }: Kept): Content {
  const identifier = document.identifier ?? document.id;
  reply.header("location", `${path}/${encodeURIComponent(identifier)}`);
  reply.header("last-modified", new Date(document.modifiedAt).toUTCString());
  const lastModified = document.modifiedAt;
  if (!before) {
    reply.code(201);
    return { status: 201, identifier, lastModified };
  }
  const earlier = before.identifier ?? before.id;
  const was = earlier === identifier ? {} : { deduplicatedIdentifier: earlier };
  return { status: 200, identifier, isDeduplication: true, ...was, lastModified };
}

/** v3 knows no `_id`. */
const v3Of = ({ _id, ...document }: Content): Content => document;
