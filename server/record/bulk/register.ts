import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { RefusedInput } from "@openward/errors";
import type { BulkJob, BulkOwner, PatientView, StoredPiece } from "@openward/model";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { outcomeOf } from "../outcome.ts";
import { fhirTime } from "../resources/time.ts";
import { DELETED } from "./deleted.ts";
import { type Bulk, isTold } from "./jobs.ts";

interface Asker {
  readonly owner: BulkOwner;
  readonly view: PatientView;
}

const RETRY_AFTER_S = 2;
const NDJSON = "application/fhir+ndjson";

/** Status, manifest and files of exports, below /fhir/bulk. @source FHIR Bulk Data Access 2.0 */
export function registerBulk(
  scope: FastifyInstance,
  bulk: Bulk,
  askerOf: (request: FastifyRequest) => Promise<Asker>,
): void {
  scope.get("/bulk/:job", async (request, reply) => {
    const { owner, view } = await askerOf(request);
    const job = await bulk.find(owner, idOf(request));
    reply.header("cache-control", "no-store");
    if (job.state === "failed") return reply.code(500).type("application/fhir+json").send(outcomeOf("INTERNAL_ERROR"));
    if (job.state === "running")
      return reply.code(202).header("x-progress", progressOf(job)).header("retry-after", String(RETRY_AFTER_S)).send();
    const told = Map.groupBy(await bulk.pieces(owner, view, job.id), ({ file }) => file);
    return reply
      .type("application/json")
      .header("expires", new Date(job.expiresAt).toUTCString())
      .send(manifestOf(job, told));
  });

  scope.delete("/bulk/:job", async (request, reply) => {
    const { owner } = await askerOf(request);
    await bulk.cancel(owner, idOf(request));
    return reply.code(202).header("cache-control", "no-store").send();
  });

  scope.get("/bulk/:job/:file", async (request, reply) => {
    const { owner, view } = await askerOf(request);
    const job = await bulk.find(owner, idOf(request));
    const [, number] = /^(\d{1,6})\.ndjson$/.exec((request.params as { file: string }).file) ?? [];
    const file = number === undefined ? undefined : job.files[Number(number)];
    if (job.state !== "done" || !file) throw new RefusedInput("NOT_FOUND");
    const pieces = await bulk.pieces(owner, view, job.id, Number(number));
    if (pieces.length === 0) throw new RefusedInput("GONE", { expected: "an export that is made anew" });
    return sendFile(request, reply, { bulk, job, view, pieces, isWhole: pieces.length === file.pieces });
  });
}

const idOf = (request: FastifyRequest) => (request.params as { job: string }).job;

function progressOf({ request, cursor, files }: BulkJob): string {
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const at = cursor ? `${request.types.indexOf(cursor.type) + 1} of ${request.types.length} types` : "beginning";
  return `${at}, ${lines} resources`;
}

function manifestOf(
  { id, request, transactionTime, files }: BulkJob,
  told: ReadonlyMap<number, readonly StoredPiece[]>,
) {
  const all = files.flatMap(({ type }, file) => {
    const count = (told.get(file) ?? []).reduce((sum, { lines }) => sum + lines, 0);
    return count > 0 ? [{ type, url: `${request.base}/bulk/${id}/${file}.ndjson`, count }] : [];
  });
  return {
    transactionTime: fhirTime(transactionTime),
    request: request.url,
    requiresAccessToken: true,
    output: all.filter(({ type }) => type !== DELETED),
    deleted: all.flatMap((one) => (one.type === DELETED ? [{ ...one, type: "Bundle" }] : [])),
    error: [],
  };
}

interface FileAnswer {
  readonly bulk: Bulk;
  readonly job: BulkJob;
  readonly view: PatientView;
  readonly pieces: readonly StoredPiece[];
  /** Everything that was made may still be told. */
  readonly isWhole: boolean;
}

function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { bulk, job, view, pieces, isWhole }: FileAnswer,
): FastifyReply {
  const total = pieces.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
  const etag = `"${createHash("sha256")
    .update(`${job.id} ${pieces.map(({ number }) => number).join()}`)
    .digest("hex")
    .slice(0, 32)}"`;
  reply
    .type(NDJSON)
    .header("cache-control", "no-store")
    .header("accept-ranges", "bytes")
    .header("etag", etag)
    .header("vary", "accept-encoding");
  const { range, "if-range": ifRange, "accept-encoding": accepted = "" } = request.headers;
  // Bytes of a file of which something was taken are other bytes than before: who goes on without saying of which gets all anew.
  const isSame = ifRange === undefined ? isWhole : ifRange === etag;
  const asked = range !== undefined && isSame ? rangeOf(range, total) : undefined;
  if (asked === "none") return reply.code(416).header("content-range", `bytes */${total}`).send();
  const [from, to] = asked ?? [0, total];
  const bytes = Readable.from(bytesOf({ bulk, job, view, pieces, isWhole }, from, to));
  if (asked)
    return reply
      .code(206)
      .header("content-range", `bytes ${from}-${to - 1}/${total}`)
      .header("content-length", String(to - from))
      .send(bytes);
  if (!/\bgzip\b/.test(String(accepted))) return reply.header("content-length", String(total)).send(bytes);
  const packed = createGzip({ level: 1 });
  bytes.on("error", (error) => packed.destroy(error));
  return reply.header("content-encoding", "gzip").send(bytes.pipe(packed));
}

/** Piece after piece at the reader's pace, each looked at before it goes: cut where it may not be told any more. */
async function* bytesOf({ bulk, job, view, pieces }: FileAnswer, from: number, to: number): AsyncGenerator<Buffer> {
  let at = 0;
  for (const piece of pieces) {
    const begin = at;
    at += piece.plainBytes;
    if (at <= from) continue;
    if (begin >= to) return;
    if (!isTold(view, piece)) throw new RefusedInput("GONE");
    const bytes = await bulk.read(job.id, piece);
    yield bytes.subarray(Math.max(0, from - begin), Math.min(bytes.length, to - begin));
  }
}

/** "bytes=100-", "bytes=0-99", "bytes=-5"; undefined: all of it, as where it cannot be read. */
function rangeOf(header: string, total: number): [number, number] | "none" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header.trim()) ?? [];
  if (first === "" && last === "") return undefined;
  const from = first === "" ? Math.max(0, total - Number(last)) : Number(first);
  const to = first === "" || last === "" ? total : Math.min(total, Number(last) + 1);
  if (from >= total) return "none";
  return from < to ? [from, to] : undefined;
}
