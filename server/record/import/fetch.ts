import { OutsideTrouble, type RefusalCode, RefusedInput } from "@openward/errors";
import type { ImportFile, ImportJob, ImportLine, ImportStore } from "@openward/model";
import type { Timers } from "@openward/runtime";
import type { Turn } from "@openward/runtime/turns";
import { outcomeOf } from "../outcome.ts";
import { linesOf, piecesOf, type ReadPiece, unpacked } from "./lines.ts";
import type { Downloaded, Downloads } from "./ports.ts";

/** A resource; as much as one request may bring. */
export const LINE_BYTES_MAX = 8_388_608;
/** Of one file, unpacked: a file that unpacks to more is split by whoever makes it. */
export const FILE_BYTES_MAX = 34_359_738_368;
const PIECE_BYTES = 4_000_000;
const PIECE_LINES = 4_000;
/** Asked again behind what is there: a second, doubling to a minute. */
const TRIES = 8;
const WAIT_MS = 1_000;
const WAIT_MS_MAX = 60_000;

/** What files of lines are sent as; stores of files often know no better than "bytes". */
const TYPES = new Set([
  "",
  "application/fhir+ndjson",
  "application/ndjson",
  "application/x-ndjson",
  "application/jsonl",
  "application/json+fhir",
  "application/gzip",
  "application/x-gzip",
  "application/octet-stream",
  "binary/octet-stream",
  "text/plain",
]);

export interface FetchDeps {
  readonly store: ImportStore;
  readonly downloads: Downloads;
  readonly timers: Timers;
  readonly turn: Turn;
  readonly newId: () => string;
  /** Too little room on the disk, or the server stops. */
  readonly check: () => void;
}

/**
 * Fetches one file to the disk, and notes what is in it. What was fetched before a stop or a break of the line stays, as long as the
 * file is the same; a file that cannot be had says so in its outcome and keeps nothing else from being imported.
 *
 * @returns what the job has now; undefined: it is gone
 */
export async function fetchFile(deps: FetchDeps, begun: ImportJob, file: number): Promise<ImportJob | undefined> {
  const { store, timers } = deps;
  let job: ImportJob | undefined = begun;
  let wait = WAIT_MS;
  for (let left = TRIES; ; ) {
    const before: ImportFile = fileOf(job, file);
    try {
      deps.check();
      return await fetchOnce(deps, job, file);
    } catch (error) {
      job = await store.find(job.id);
      if (!job) return undefined;
      if (error instanceof OutsideTrouble && error.code !== "SERVER_UNREACHABLE") throw error;
      // What came meanwhile was worth the try.
      left = fileOf(job, file).bytes > before.bytes ? TRIES : left - 1;
      const isRefused = error instanceof RefusedInput;
      if (isRefused || left === 0) return await failed(store, job, file, isRefused ? error : undefined);
    }
    await new Promise<void>((resolve) => timers.after(wait, resolve));
    wait = Math.min(WAIT_MS_MAX, wait * 2);
  }
}

const fileOf = (job: ImportJob, file: number): ImportFile => job.files[file] as ImportFile; // one for each input

async function failed(
  store: ImportStore,
  job: ImportJob,
  file: number,
  error: RefusedInput | undefined,
): Promise<ImportJob | undefined> {
  const at = `input[${file}].url`;
  const outcome = error
    ? outcomeOf(error.code, { ...error.facts, at })
    : outcomeOf("SERVER_UNREACHABLE", { at, expected: "a file that can be fetched to its end" });
  const before = fileOf(job, file);
  return store.note(job, file, { ...before, state: "failed", refused: before.refused + 1 }, [
    { line: 0, outcome: JSON.stringify(outcome) },
  ]);
}

async function fetchOnce(deps: FetchDeps, begun: ImportJob, file: number): Promise<ImportJob | undefined> {
  const { store, downloads } = deps;
  const { url = "", type = "" } = begun.request.inputs[file] ?? {};
  const answer = await downloads.open(url);
  try {
    checkAnswer(answer);
    let job: ImportJob | undefined = begun;
    const before = fileOf(begun, file);
    const isSame = before.state === "fetching" && before.tag !== "" && before.tag === answer.tag;
    if (!isSame) {
      const anew: ImportFile = {
        ...before,
        ...{ state: "fetching", tag: answer.tag, lines: 0, bytes: 0, pieces: 0, storedBytes: 0, refused: 0 },
      };
      if (!(await store.restart(job, file, anew))) return undefined;
      job = { ...job, files: job.files.map((one, i) => (i === file ? anew : one)) };
    }
    const { bytes, lines } = fileOf(job, file);
    const options = { skip: bytes, firstLine: lines + 1, lineBytesMax: LINE_BYTES_MAX };
    const pieces = piecesOf(whatUnpacks(unpacked(answer.body)), {
      ...options,
      ...{ pieceBytes: PIECE_BYTES, pieceLines: PIECE_LINES },
    });
    for await (const piece of pieces) {
      deps.check();
      const names = await namesOf(deps, piece, type);
      job = await store.add(job, file, piece, { names, lines: tooLongOf(piece, type), bytes: piece.bytes });
      if (!job) return undefined;
      if (fileOf(job, file).bytes > FILE_BYTES_MAX)
        throw new RefusedInput("BODY_TOO_LARGE", { expected: `at most ${FILE_BYTES_MAX} bytes, unpacked` });
    }
    return await store.note(job, file, { ...fileOf(job, file), state: "fetched" });
  } finally {
    answer.close();
  }
}

/** @throws RefusedInput where it will not be another answer the next time; OutsideTrouble where it may */
function checkAnswer({ status, type }: Downloaded): void {
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    throw new OutsideTrouble("SERVER_UNREACHABLE", true, { received: String(status) });
  if (status !== 200)
    throw new RefusedInput("FIELD_INVALID", { expected: `an address that answers 200 (it answered ${status})` });
  if (!TYPES.has(type.split(";", 1)[0]?.trim() ?? ""))
    throw new RefusedInput("CONTENT_TYPE_UNKNOWN", { expected: "application/fhir+ndjson, also packed by gzip" });
}

/** What is not gzip although it begins so is no trouble of the line. */
async function* whatUnpacks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "Z_DATA_ERROR") throw new RefusedInput("FILE_CORRUPT", {}, { cause: error });
    throw error;
  }
}

/** By which others may name what stands here; what cannot be read is refused when it is its turn. */
async function namesOf({ turn, newId }: FetchDeps, piece: ReadPiece, type: string) {
  const names = new Map<string, { type: string; theirs: string; id: string }>();
  for (const { text } of linesOf(piece)) {
    await turn();
    const theirs = idOf(text, type);
    if (theirs !== undefined) names.set(theirs, { type, theirs, id: newId() });
  }
  return [...names.values()];
}

function idOf(text: Uint8Array, type: string): string | undefined {
  try {
    const { resourceType, id } = JSON.parse(Buffer.from(text).toString("utf8")) as Record<string, unknown>;
    return resourceType === type && typeof id === "string" && /^[A-Za-z0-9.-]{1,64}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

function tooLongOf({ tooLong }: ReadPiece, at: string): ImportLine[] {
  const code: RefusalCode = "BODY_TOO_LARGE";
  const outcome = JSON.stringify(outcomeOf(code, { at, expected: `a line of at most ${LINE_BYTES_MAX} bytes` }));
  return tooLong.map((line) => ({ line, outcome }));
}
