/** Reprocess: what was sent in a span, by today's codecs, against what is stored. */
import { RefusedInput } from "@openward/errors";
import type { JournalEntry, PatientView, Stream } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { compareRow, type Looked } from "./compare.ts";
import { type Difference, type Finding, patientOf } from "./differences.ts";
import { judge, receivedSpanOf } from "./judge.ts";
import type { Amendments, Ingest, Kept, KeptRow, Records, Restated, Sent, Telemetry } from "./ports.ts";
import { Summary } from "./summary.ts";

export type { Amendments, Point } from "./ports.ts";
export { createQuarantineRuns, type QuarantineRuns, quarantinedRows } from "./quarantine-runs.ts";

export interface ReprocessRequest {
  /** Time of arrival, inclusive and exclusive. */
  readonly from: number;
  readonly to: number;
  readonly deviceId: string | null;
  readonly patientId: string | null;
  /** Of what was sent then only these quarantined messages, whatever the journal still has; left out: everything. */
  readonly quarantine?: QuarantineWanted;
  /** null: show the differences, and change nothing. */
  readonly apply: { readonly reason: string; readonly confirm: string } | null;
}

export interface QuarantineWanted {
  readonly ids: readonly string[];
  readonly runId: string;
  /** So many messages were looked at by now; told twice over where it is applied. */
  onProgress(messages: number): void;
  /** What is about to be added. */
  onAdding(added: readonly { patientId: string; streamId: string; times: readonly number[] }[]): Promise<void>;
}

export interface ReprocessDeps {
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  readonly kept: Kept;
  /** These quarantined messages, in the order of their arrival, each as if nothing had come of it. */
  readonly quarantined: (organisationId: string, ids: readonly string[]) => AsyncIterable<KeptRow>;
  readonly ingest: Ingest;
  readonly telemetry: Telemetry;
  readonly records: Records;
  readonly amendments: Amendments;
  /** On whom a device was; undefined: on nobody. */
  wearerAt(deviceId: string, at: number): string | undefined;
  /** So many amendments at a time are made durable together. */
  readonly amendedTogether?: number;
}

export type ReprocessReport = Awaited<ReturnType<Reprocess>>;
export type Reprocess = ReturnType<typeof createReprocess>;

/** So long at a time nothing else of the server waits. */
const TURN_MS = 5;
const AMENDED_TOGETHER = 500;

export function createReprocess(deps: ReprocessDeps) {
  const { ingest, records, amendments, amendedTogether = AMENDED_TOGETHER } = deps;
  let isBusy = false;

  /**
   * @param view whose principal asks; what tells of patients outside it is not looked at
   * @param signal aborted: whoever asked has gone; what was applied by then stays, and doing it again does the rest
   * @throws RefusedInput CONFLICT where another run is under way, or the differences are not those that were shown
   */
  return async function reprocess(view: PatientView, request: ReprocessRequest, signal?: AbortSignal) {
    if (isBusy) throw new RefusedInput("CONFLICT", { at: "reprocess", expected: "one run at a time" });
    isBusy = true;
    try {
      const summary = await look(deps, view, request, { signal, onRow: async () => {} });
      const code = summary.code();
      const { counts } = summary;
      const { organisationId, id: by, display: author } = view.principal;
      const { deviceId, from, to, patientId, apply, quarantine } = request;
      if (apply && apply.confirm !== code) {
        throw new RefusedInput("CONFLICT", {
          at: "confirm",
          expected: `the code of the differences that there are now, ${code}: look at them again`,
          received: apply.confirm,
        });
      }
      await records.record({
        organisationId,
        by,
        action: apply ? "reprocess.apply" : "reprocess.show",
        deviceId,
        patientIds: [...summary.patients],
        detail: {
          from,
          to,
          patientId,
          ...counts,
          leftAlone: summary.leftAlone,
          byHand: summary.byHand,
          code,
          author,
          ...(apply && { reason: apply.reason }),
          ...(quarantine && { runId: quarantine.runId, quarantined: quarantine.ids.length }),
        },
      });
      const applied = apply ? await put(view, request, apply.reason, signal) : null;
      return { summary, code, applied };
    } finally {
      isBusy = false;
    }
  };

  /** What is new goes into the journal; what is otherwise is amended, as soon as what takes its place is durable. */
  async function put(view: PatientView, request: ReprocessRequest, reason: string, signal: AbortSignal | undefined) {
    const { organisationId, id, display } = view.principal;
    const applied = { added: 0, amended: 0, resolved: 0 };
    const author = { id, display, reason: `reprocessed: ${reason}` };
    let waiting: Restated[] = [];
    const amend = async () => {
      const restated = waiting;
      waiting = [];
      if (restated.length > 0) applied.amended += (await amendments.restate(organisationId, restated, author)).amended;
    };
    await look(deps, view, request, {
      signal,
      async onRow(differences, cleared) {
        const added = differences.filter(isAdded);
        const entries = entriesOf(added);
        if (entries.length > 0) await request.quarantine?.onAdding(timesOf(added));
        if (entries.length > 0) await ingest.take(entries);
        applied.added += differences.filter(({ fate }) => fate.do === "add").length;
        for (const { fate } of differences) if (fate.do === "amend") waiting.push(fate.restated);
        if (waiting.length >= amendedTogether) await amend();
        for (const { quarantineId, patientId } of cleared) {
          await records.claimed(organisationId, quarantineId, patientId, id, reason, request.quarantine?.runId ?? null);
          applied.resolved++;
        }
      },
    });
    await amend();
    return applied;
  }
}

const BY_A_PERSON = "BY_A_PERSON";
/** It tells of several patients, of nobody, or of one whom the asker may not see all of. */
const OF_SEVERAL = "OF_SEVERAL";

/** Which readings they are, by stream. */
function timesOf(added: readonly Difference[]): { patientId: string; streamId: string; times: number[] }[] {
  const byStream = new Map<string, { patientId: string; streamId: string; times: number[] }>();
  for (const { after } of added) {
    if (after?.kind !== "reading") continue;
    const { id: streamId, patientId } = after.stream;
    const known = byStream.get(streamId) ?? { patientId, streamId, times: [] };
    known.times.push(after.time);
    byStream.set(streamId, known);
  }
  return [...byStream.values()];
}

const isAdded = ({ fate }: Difference) => fate.do === "add" || (fate.do === "amend" && fate.isAdded);

/** A quarantined message that now has its place, all of it with one patient. */
interface Cleared {
  readonly quarantineId: string;
  readonly patientId: string;
}

interface Run {
  readonly signal: AbortSignal | undefined;
  /** The differences of a row, in their order. */
  onRow(differences: readonly Difference[], cleared: readonly Cleared[]): Promise<void>;
}

async function look(
  deps: ReprocessDeps,
  view: PatientView,
  { from, to, deviceId, patientId, quarantine }: ReprocessRequest,
  { signal, onRow }: Run,
): Promise<Summary> {
  const { kept, ingest, telemetry, records, amendments } = deps;
  const { organisationId } = view.principal;
  const summary = new Summary();
  const rerun = ingest.rerunner();
  const goOn = turns(deps.runtime);
  const isWanted = (sent: Pick<Sent, "deviceId" | "receivedAt">) =>
    sent.receivedAt >= from &&
    sent.receivedAt < to &&
    (deviceId === null || sent.deviceId === deviceId) &&
    isTold(sent);
  // Of whom something is hidden nothing is compared: what changes and does not is told by kind and by value.
  const isWhole = (id: string) => view.has(id) && view.hiddenOf(id) === undefined;
  // What came from a device on a patient whom the asker may not see all of is neither run, nor counted, nor cleared.
  const isTold = (sent: Pick<Sent, "deviceId" | "receivedAt">) => {
    const wearer = deps.wearerAt(sent.deviceId, sent.receivedAt);
    return wearer === undefined || isWhole(wearer);
  };
  const known = (streamId: string): Stream | undefined => telemetry.known(view, streamId);

  const rows = quarantine ? deps.quarantined(organisationId, quarantine.ids) : kept({ organisationId, from, to });
  for await (const row of rows) {
    signal?.throwIfAborted();
    for (const fault of row.faults) summary.fault(fault);
    // What came of it then is not known: what seems new may be stored otherwise, and would stand beside it.
    if (row.faults.some((fault) => fault.in === "journal")) continue;
    const looked: Looked[] = [];
    const clean: { readonly quarantineId: string; readonly entries: readonly JournalEntry[] }[] = [];
    const { sent: all, skipped } = await sentIn(row, isWanted, { ingest, records, organisationId });
    summary.skipped += skipped;
    // What only a person can decide, or nobody any more.
    if (quarantine) for (let n = 0; n < skipped; n++) summary.stays(BY_A_PERSON);
    for (const { quarantineId, ...sent } of all) {
      await goOn();
      const { entries, problems } = rerun(sent);
      summary.messages++;
      for (const problem of problems) summary.problem(problem);
      looked.push({ sent, entries });
      if (quarantineId !== null && problems.length === 0) clean.push({ quarantineId, entries });
      if (quarantine && problems[0]) summary.stays(problems[0].code);
    }
    const compared = compareRow(row, looked, known, amendments.isAmended);
    summary.same += compared.same;
    const isVisible = (finding: Finding) => {
      const patients = patientsOf(finding, amendments);
      return patients.every(isWhole) && (patientId === null || patients.includes(patientId));
    };
    const judged = await judge(compared.differences.filter(isVisible), view, deps, quarantine !== undefined);
    summary.same += judged.same;
    const { differences } = judged;
    for (const difference of differences) summary.add(difference);
    const cleared = patientId === null ? clean.flatMap(clearedOf).filter(({ patientId: whose }) => isWhole(whose)) : [];
    summary.placed += cleared.length;
    for (let n = cleared.length; quarantine && n < clean.length; n++) summary.stays(OF_SEVERAL);
    await onRow(differences, cleared);
    quarantine?.onProgress(summary.messages + summary.skipped);
  }
  return summary;
}

/** Whom a finding tells of: in whose records it was received, and whose it is today. */
function patientsOf({ before, after }: Finding, amendments: Amendments): string[] {
  const patients: (string | null)[] = [];
  for (const point of [before, after]) {
    if (!point) continue;
    patients.push(patientOf(point));
    const span = receivedSpanOf(point);
    if (span) patients.push(amendments.reads(span).stream.patientId);
  }
  return [...new Set(patients)].filter((id) => id !== null);
}

/** The messages of a row that are run again; each once, though it may stand in quarantine as well. */
async function sentIn(
  row: KeptRow,
  isWanted: (sent: Pick<Sent, "deviceId" | "receivedAt">) => boolean,
  { ingest, records, organisationId }: Pick<ReprocessDeps, "ingest" | "records"> & { readonly organisationId: string },
): Promise<{ sent: (Sent & { readonly quarantineId: string | null })[]; skipped: number }> {
  const sent: (Sent & { readonly quarantineId: string | null })[] = [];
  let skipped = 0;
  const quarantined = row.quarantined.filter(isWanted);
  const ids = quarantined.map(({ id }) => id);
  const resolved = ids.length > 0 ? await records.resolved(organisationId, ids) : new Set<string>();
  const keyOf = ({ deviceId, receivedAt }: Pick<Sent, "deviceId" | "receivedAt">, body: Uint8Array) =>
    `${deviceId} ${receivedAt} ${Buffer.from(body).toString("base64")}`;
  const inQuarantine = new Map(quarantined.map((entry) => [keyOf(entry, entry.raw), entry]));
  for (const message of row.messages.filter(isWanted)) {
    const entry = inQuarantine.size > 0 ? inQuarantine.get(keyOf(message, message.body)) : undefined;
    if (entry) inQuarantine.delete(keyOf(message, message.body));
    // What a device says of itself is not a reading; and about a claimed message a person has decided.
    if (message.kind === "status" || (entry && resolved.has(entry.id))) skipped++;
    else sent.push({ ...message, quarantineId: entry?.id ?? null });
  }
  for (const entry of inQuarantine.values()) {
    const message =
      entry.kind === "status" || resolved.has(entry.id) ? undefined : ingest.sentOf(entry, row.deliveries);
    if (message) sent.push({ ...message, quarantineId: entry.id });
    else skipped++;
  }
  return { sent, skipped };
}

function clearedOf({
  quarantineId,
  entries,
}: {
  readonly quarantineId: string;
  readonly entries: readonly JournalEntry[];
}): Cleared[] {
  const patients = new Set<string | null>();
  for (const entry of entries) {
    if (entry.kind === "readings") patients.add(entry.readings.stream.patientId);
    else if (entry.kind === "waveform") patients.add(entry.waveform.stream.patientId);
    else if (entry.kind === "event") patients.add(entry.event.patientId);
  }
  const [patientId] = patients;
  return patients.size === 1 && typeof patientId === "string" ? [{ quarantineId, patientId }] : [];
}

function entriesOf(added: readonly Difference[]): JournalEntry[] {
  const streams = new Map<string, Stream>();
  const entries: JournalEntry[] = [];
  for (const { after } of added) {
    if (!after) continue;
    if (after.kind !== "event") streams.set(after.stream.id, after.stream);
    entries.push(after.entry);
  }
  return [...[...streams.values()].map((stream): JournalEntry => ({ kind: "stream", stream })), ...entries];
}

/** Lets everything else of the server have its turn. */
function turns({ clock, timers }: Pick<Runtime, "clock" | "timers">): () => Promise<void> {
  let since = clock.monotonic();
  return async () => {
    if (clock.monotonic() - since < TURN_MS) return;
    await new Promise<void>((resolve) => timers.after(0, resolve));
    since = clock.monotonic();
  };
}
