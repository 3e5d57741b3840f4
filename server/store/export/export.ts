import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Stream } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { findSignal, similarSignals } from "@openward/signals";
import type { Pool } from "pg";
import type { StreamIdOf } from "../amendments/resolve.ts";
import type { DataKeys } from "../keys/index.ts";
import { audit } from "../registry/audit.ts";
import { everywhere } from "../registry/transaction.ts";
import type { ArchivedBlocks } from "../telemetry/archived.ts";
import type { StoreLog } from "../telemetry/blocks.ts";
import { type Agreed, keepAsking, readAgreed, type Use } from "./agreed.ts";
import { MANIFEST, type Manifest, newManifest } from "./manifest.ts";
import { identified, pseudonyms } from "./naming.ts";
import { DAY_MS, openStoreReader } from "./reader.ts";
import { Recordings } from "./recordings.ts";
import { createParquetSink, type Sink } from "./sink.ts";
import { asAmended, asReceived, type Values } from "./values.ts";

export interface ExportRequest {
  readonly organisation: { readonly id: string; readonly name: string };
  /** Absolute; made, or empty. */
  readonly folder: string;
  /** Left out: Parquet. */
  readonly format?: "parquet" | "edf" | "wfdb";
  /** For research: what patients agreed to, and nothing else. */
  readonly use: Use;
  readonly purpose: string;
  readonly expiresAt: number;
  /** Empty: every patient of the organisation. */
  readonly patientIds: readonly string[];
  /** Empty: every signal. */
  readonly signals: readonly string[];
  readonly from: number | null;
  /** Exclusive. */
  readonly to: number | null;
  readonly isIdentified: boolean;
  /** Without what people said of it later: whoever wants it knows that some of it was taken back, or is another patient's. */
  readonly isAsReceived: boolean;
  readonly by: string;
}

export interface ExportDependencies {
  readonly runtime: Runtime;
  /** Role `worker`. */
  readonly worker: Pool;
  readonly archive: ArchivedBlocks;
  /** To read with. */
  readonly keys: DataKeys;
  /** How ingest names streams. */
  readonly streamIdOf: StreamIdOf;
  readonly log: StoreLog;
}

/**
 * Typed Parquet files, or files of recordings, with a manifest. The record of who took what, for what and until when is durable before the first
 * byte is written. An export that cannot be finished leaves no files.
 *
 * Values are what counts when it begins: as amended until then. What is said while it is written is in the next one.
 *
 * @throws RefusedInput NOT_FOUND, FIELD_INVALID, CONFLICT when the folder is not empty; BLOCK_CORRUPT when something of it
 *   cannot be read; OutsideTrouble
 */
export async function exportValues(request: ExportRequest, deps: ExportDependencies): Promise<Manifest> {
  const { runtime, worker } = deps;
  const now = runtime.clock.now();
  checkRequest(request, now);
  await checkPatients(request, worker);
  const reader = await openStoreReader(deps);
  const values = request.isAsReceived ? asReceived(reader) : await asAmended(reader, deps);
  const read = () => readAgreed(worker, request.organisation.id, runtime.clock.now());
  const isResearch = request.use === "research";
  const asked = chosen(values, request);
  const streams = isResearch ? agreedOf(asked, await read()) : asked;
  const ask = isResearch ? keepAsking(streams, { read, monotonic: () => runtime.clock.monotonic() }) : async () => {};
  const patients = [...new Set(streams.map(({ patientId }) => patientId))];
  await makeFolder(request.folder);
  const id = runtime.ids.uuid();
  await record(request, id, patients, deps);
  const amendedUntil = values.amendedUntil === null ? null : new Date(values.amendedUntil).toISOString();
  const metadata = {
    "openward.export": id,
    "openward.values": amendedUntil === null ? "as received" : `as amended until ${amendedUntil}`,
  };
  const { folder } = request;
  const { format = "parquet" } = request;
  const recordings = format === "parquet" ? undefined : new Recordings(folder, format);
  const sink: Sink = recordings ?? createParquetSink(folder, metadata);
  try {
    const to = request.to ?? now;
    await writeAll(streams, values, sink, { ...request, to, ask }, runtime);
    // A gap that nobody wanted must not look like one that was measured.
    if (reader.damaged > 0)
      throw new RefusedInput("BLOCK_CORRUPT", { at: "export", received: `${reader.damaged} unreadable blocks` });
    await refuseErased(patients, worker);
    await ask(true);
    const amendments = await countAmended(patients, worker);
    const manifest = newManifest({
      id,
      organisation: request.organisation.name,
      use: request.use,
      purpose: request.purpose,
      createdAt: new Date(now).toISOString(),
      createdBy: request.by,
      expiresAt: new Date(request.expiresAt).toISOString(),
      isIdentified: request.isIdentified,
      patients: patients.length,
      notAgreed: new Set(asked.map(({ patientId }) => patientId)).difference(new Set(patients)).size,
      amendedUntil,
      amendments,
      from: request.from === null ? null : new Date(request.from).toISOString(),
      to: new Date(to).toISOString(),
      signals: [...new Set(streams.map(({ signal }) => signal))].sort(),
      files: [...sink.files],
      ...(recordings && { tracks: recordings.tracks }),
    });
    await writeManifest(request.folder, manifest);
    return manifest;
  } catch (error) {
    await sink.abandon();
    for (const name of [...sink.names, MANIFEST]) await rm(join(request.folder, name), { force: true });
    await ended(id, request.organisation.id, "export.failed", { purpose: request.purpose }, deps);
    throw error;
  }
}

function checkRequest({ use, isAsReceived, purpose, expiresAt, signals, from, to }: ExportRequest, now: number): void {
  // Under whom it came is not always whose it is: somebody's data would stand with one who agreed.
  if (use === "research" && isAsReceived)
    throw new RefusedInput("FIELD_INVALID", { at: "--as-received", expected: "another use than research" });
  if (purpose.trim() === "") throw new RefusedInput("FIELD_INVALID", { at: "--purpose", expected: "what it is for" });
  if (!(expiresAt > now)) throw new RefusedInput("FIELD_INVALID", { at: "--until", expected: "a day that is to come" });
  if (from !== null && to !== null && from >= to)
    throw new RefusedInput("FIELD_INVALID", { at: "--to", expected: "a time behind --from" });
  for (const key of signals) {
    if (!findSignal(key))
      throw new RefusedInput("SIGNAL_UNKNOWN", {
        at: "--signals",
        expected: similarSignals(key).join(", "),
        received: key,
      });
  }
}

async function checkPatients({ organisation, patientIds }: ExportRequest, worker: Pool): Promise<void> {
  if (patientIds.length === 0) return;
  const { rows } = await worker.query(
    "SELECT id::text FROM patient WHERE organisation_id = $1 AND id::text = ANY($2)",
    [organisation.id, patientIds],
  );
  const known = new Set((rows as { id: string }[]).map(({ id }) => id));
  const missing = patientIds.find((id) => !known.has(id));
  if (missing) throw new RefusedInput("NOT_FOUND", { at: "--patient", received: missing });
}

/** Amendments of these patients' records. */
async function countAmended(patients: readonly string[], worker: Pool): Promise<number> {
  const { rows } = await worker.query(
    "SELECT count(DISTINCT id)::integer AS n FROM amendment WHERE patient_id = ANY($1)",
    [patients],
  );
  return (rows[0] as { n: number }).n;
}

/** Nobody who was erased while it was written stays in it. @throws RefusedInput CONFLICT */
async function refuseErased(patients: readonly string[], worker: Pool): Promise<void> {
  const { rows } = await worker.query("SELECT count(*) AS n FROM erased_patient WHERE patient_id = ANY($1::uuid[])", [
    patients,
  ]);
  if ((rows[0] as { n: number }).n > 0)
    throw new RefusedInput("CONFLICT", { at: "export", expected: "patients who are not erased meanwhile" });
}

function chosen(values: Values, { organisation, patientIds, signals }: ExportRequest): Stream[] {
  const [patients, keys] = [new Set(patientIds), new Set(signals)];
  return values.streams
    .filter(({ organisationId }) => organisationId === organisation.id)
    .filter(({ patientId }) => patients.size === 0 || patients.has(patientId))
    .filter(({ signal }) => keys.size === 0 || keys.has(signal))
    .sort((a, b) => compare(a.patientId, b.patientId) || compare(a.id, b.id));
}

/** @throws RefusedInput CONFLICT when nobody agreed */
function agreedOf(streams: readonly Stream[], isAgreed: Agreed): Stream[] {
  const agreed = streams.filter(isAgreed);
  if (streams.length > 0 && agreed.length === 0)
    throw new RefusedInput("CONFLICT", { at: "--for", expected: "patients who agreed that this is used for research" });
  return agreed;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

async function writeAll(
  streams: readonly Stream[],
  values: Values,
  sink: Sink,
  { from, to, isIdentified, ask }: { from: number | null; to: number; isIdentified: boolean; ask: () => Promise<void> },
  runtime: Runtime,
): Promise<void> {
  const naming = isIdentified ? identified : pseudonyms(runtime.random.bytes(32));
  for (const stream of streams) {
    const beginning = await values.beginning(stream);
    if (beginning === undefined) continue;
    const first = Math.max(from ?? beginning, beginning);
    // A day at a time, so that memory holds a day of one stream.
    for (let day = Math.floor(first / DAY_MS) * DAY_MS; day < to; day += DAY_MS) {
      await ask();
      const [start, end] = [Math.max(day, first), Math.min(day + DAY_MS, to)];
      if (stream.kind === "waveform") {
        await sink.waveform(stream, await values.waveform(stream, start, end), naming);
        continue;
      }
      const columns = await values.numeric(stream, start, end);
      if (columns) await sink.numeric(stream, columns, naming);
    }
  }
  await sink.close();
}

/** @throws RefusedInput CONFLICT; OutsideTrouble DATA_DIR_UNWRITABLE */
async function makeFolder(folder: string): Promise<void> {
  let names: string[];
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    names = await readdir(folder);
  } catch (error) {
    throw new OutsideTrouble("DATA_DIR_UNWRITABLE", false, { at: "--parquet", received: folder }, { cause: error });
  }
  if (names.length > 0) throw new RefusedInput("CONFLICT", { at: "--parquet", expected: "a new or empty folder" });
}

async function record(
  request: ExportRequest,
  id: string,
  patients: readonly string[],
  { runtime, worker }: ExportDependencies,
): Promise<void> {
  const { organisation, folder, use, purpose, expiresAt, by, signals, isIdentified, isAsReceived } = request;
  const at = runtime.clock.now();
  const detail = { export: id, use, purpose, expiresAt, isIdentified, isAsReceived, signals };
  await everywhere(worker, async (tx) => {
    await tx.run(
      `INSERT INTO data_export (id, organisation_id, folder, purpose, expires_at, created_at, created_by, patient_ids)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, organisation.id, folder, purpose, expiresAt, at, by, patients],
    );
    const entry = { organisationId: organisation.id, at, by, action: "export.created", detail };
    for (const patientId of patients) await audit(tx, { ...entry, patientId });
    if (patients.length === 0) await audit(tx, entry);
  });
}

/** The export's files are gone. */
export async function ended(
  id: string,
  organisationId: string,
  action: "export.failed" | "export.removed",
  detail: object,
  { runtime, worker }: Pick<ExportDependencies, "runtime" | "worker">,
): Promise<void> {
  const at = runtime.clock.now();
  await everywhere(worker, async (tx) => {
    await tx.run("UPDATE data_export SET removed_at = $2 WHERE id = $1", [id, at]);
    await audit(tx, { organisationId, at, by: "command line", action, detail: { export: id, ...detail } });
  });
}

/** Last, and in one piece: where there is a manifest, the files are whole. */
async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, MANIFEST);
  const file = await open(`${path}.unfinished`, "w", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.unfinished`, path);
}
