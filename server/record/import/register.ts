import { Readable } from "node:stream";
import { type RefusalCode, RefusedInput, refusalText } from "@openward/errors";
import type { BulkOwner, ImportJob } from "@openward/model";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { outcomeOf } from "../outcome.ts";
import { fhirTime } from "../resources/time.ts";
import type { Imports } from "./jobs.ts";

const RETRY_AFTER_S = 2;
const NDJSON = "application/fhir+ndjson";
const PAGE = 500;
/** Name of what the answer says beside the draft's own. */
const COUNTS = "urn:openward:import";

/** Status and outcome of imports, below /fhir/import. @source github.com/smart-on-fhir/bulk-import, import-manifest.md */
export function registerImports(
  scope: FastifyInstance,
  imports: Imports,
  ownerOf: (request: FastifyRequest) => Promise<BulkOwner>,
): void {
  scope.get("/import/:job", async (request, reply) => {
    const job = await imports.find(await ownerOf(request), idOf(request));
    reply.header("cache-control", "no-store");
    if (job.state === "failed")
      return reply
        .code(500)
        .type("application/fhir+json")
        .send(outcomeOf(codeOf(job.refusal)));
    if (job.state === "running")
      return reply.code(202).header("x-progress", progressOf(job)).header("retry-after", String(RETRY_AFTER_S)).send();
    const outcomes = await imports.store.countOutcomes(job.id);
    return reply
      .type("application/json")
      .header("expires", new Date(job.expiresAt).toUTCString())
      .send(outcomeManifest(job, new Map(outcomes.map(({ file, count }) => [file, count]))));
  });

  scope.delete("/import/:job", async (request, reply) => {
    await imports.cancel(await ownerOf(request), idOf(request));
    return reply.code(202).header("cache-control", "no-store").send();
  });

  scope.get("/import/:job/:file", async (request, reply) => {
    const job = await imports.find(await ownerOf(request), idOf(request));
    const [, number] = /^(\d{1,6})\.ndjson$/.exec((request.params as { file: string }).file) ?? [];
    if (job.state !== "done" || number === undefined || !job.files[Number(number)]) throw new RefusedInput("NOT_FOUND");
    return reply
      .type(NDJSON)
      .header("cache-control", "no-store")
      .send(Readable.from(outcomesOf(imports, job.id, Number(number))));
  });
}

const idOf = (request: FastifyRequest) => (request.params as { job: string }).job;

const codeOf = (refusal: string | null): RefusalCode =>
  refusal !== null && Object.hasOwn(refusalText, refusal) ? (refusal as RefusalCode) : "INTERNAL_ERROR"; // just looked up

/** Less than a hundred characters, as the draft wants it. */
function progressOf({ cursor, files }: ImportJob): string {
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const fetched = files.filter(({ state }) => state === "fetched" || state === "failed").length;
  if (!cursor) return `fetching: ${fetched} of ${files.length} files, ${lines} lines`;
  const done = files.reduce((sum, one) => sum + one.created + one.updated + one.unchanged + one.refused, 0);
  return `writing: ${done} of ${lines} lines`;
}

function outcomeManifest({ id, request, begunAt, files }: ImportJob, outcomes: ReadonlyMap<number, number>) {
  const each = request.inputs.flatMap(({ url }, i) => {
    const file = files[i];
    // The draft's table calls it "input", its example "inputUrl".
    return file ? [{ type: "OperationOutcome", input: url, inputUrl: url, file, number: i }] : [];
  });
  return {
    transactionTime: fhirTime(begunAt),
    request: request.url,
    requiresAccessToken: true,
    output: each.map(({ file: { created, updated, unchanged }, number: _, ...named }) => ({
      ...named,
      count: created + updated + unchanged,
      extension: { [COUNTS]: { created, updated, unchanged } },
    })),
    error: each.flatMap(({ file: { refused }, number, ...named }) => {
      const count = outcomes.get(number) ?? 0;
      if (count === 0) return [];
      const more = refused > count ? { extension: { [COUNTS]: { refused } } } : {};
      return [{ ...named, count, url: `${request.base}/import/${id}/${number}.ndjson`, ...more }];
    }),
  };
}

async function* outcomesOf({ store }: Imports, jobId: string, file: number): AsyncGenerator<string> {
  for (let after = -1; ; ) {
    const page = await store.outcomes(jobId, file, after, PAGE);
    if (page.length > 0) yield page.map(({ outcome }) => `${outcome}\n`).join("");
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.line;
  }
}
