import type { Bundle, BundleEntry, Observation, OperationOutcome } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { findSignal } from "@openward/signals";
import { checkUnit } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { panelId, panelSource, readingId, WINDOW_MS, waveformId } from "../observation-id.ts";
import { issueOf, outcomeOf, outcomeOfError, statusOf } from "../outcome.ts";
import { within } from "../reach.ts";
import { readResource } from "../read.ts";
import { isPanelMember } from "../resources/observation-kind.ts";
import { type Checked, checkObservation, FORMAT, measuredIn, nameOf, needWriter } from "./check.ts";
import type { ObservationIntake } from "./ports.ts";

/** A transaction of a home hub's day; a million is refused before it is parsed. */
const ENTRIES_MAX = 1_000;

/** What became of one: new, or there before under the name that its writer asked for. */
interface Done {
  readonly observation: Observation;
  readonly isNew: boolean;
}

interface Wanted {
  readonly resource: unknown;
  readonly place: string;
  readonly ifNoneExist: string | undefined;
}

/** Observations from other systems, by the way of everything that is measured. */
export function createWriting(context: RecordContext, intake: ObservationIntake) {
  const reach = within(context, "Observation", "c");

  /** @throws RefusedInput FIELD_INVALID where it asks for something else than one identifier */
  async function before({ ifNoneExist, place }: Wanted): Promise<Observation | undefined> {
    if (ifNoneExist === undefined) return undefined;
    const at = place === "Observation" ? "http.If-None-Exist" : place.replace(/\.resource$/, ".request.ifNoneExist");
    const expected = "identifier=system|value";
    const pairs = [...new URLSearchParams(ifNoneExist.replace(/^\?/, ""))];
    const [pair] = pairs;
    const cut = pair?.[1].indexOf("|") ?? -1;
    if (!pair || pairs.length > 1 || pair[0] !== "identifier" || cut < 1)
      throw new RefusedInput("NOT_SUPPORTED", { at, expected });
    const name = nameOf(context.organisation.id, pair[1].slice(0, cut), pair[1].slice(cut + 1));
    const id = await intake.written(context.organisation.id, name);
    if (id === undefined) return undefined;
    try {
      return (await readResource(reach, "Observation", id)) as Observation;
    } catch (error) {
      // It is there, and not for who asks: to write it again would be wrong, and to show it too.
      if (error instanceof RefusedInput && error.code === "NOT_FOUND")
        throw new RefusedInput("CONFLICT", { at, expected });
      throw error;
    }
  }

  /** All of a device go in one message, and are durable together. */
  async function take(all: readonly Checked[]): Promise<void> {
    const byDevice = Map.groupBy(all, ({ deviceId }) => deviceId);
    for (const [deviceId, some] of byDevice) {
      const [first] = some as [Checked];
      const { organisation, view, app } = context;
      if (first.isOwnDevice) {
        const display = `${app?.name ?? view.principal.display} (FHIR)`.slice(0, 120);
        const whose = { organisationId: organisation.id, deviceId, patientId: first.patientId };
        await intake.ensureDevice({ ...whose, display, by: view.principal.id });
      }
      const body = new TextEncoder().encode(JSON.stringify(some.map(({ resource }) => resource)));
      const { quarantined } = await intake.accept({ organisationId: organisation.id, deviceId, format: FORMAT, body });
      const [problem] = quarantined;
      // Looked at before, and yet kept out: a device that was taken off meanwhile. Its bytes are in quarantine.
      if (problem)
        throw new RefusedInput("CONFLICT", {
          at: some[problem.index]?.place ?? first.place,
          expected: `what can be placed (${problem.code}); it is in quarantine`,
        });
    }
  }

  /** The Observation as it is read here; of components that are no panel, and of samples, the first of them. */
  async function asRead({ decoded, patientId, deviceId, place }: Checked): Promise<Observation> {
    const [first] = measuredIn(decoded);
    if (!first) throw new Error("what was checked has something that was measured");
    const { telemetry, view } = context;
    const signal = findSignal(first.signal);
    const given = signal && checkUnit(signal, first.unit);
    const streams = (await telemetry.streams(view, patientId)).map(({ stream }) => stream);
    const stream = streams.find(
      (one) => one.deviceId === deviceId && one.signal === first.signal && given?.ok && one.unit === given.unit,
    );
    if (!stream) throw new RefusedInput("NOT_FOUND", { at: place });
    if (first.value === undefined) {
      const window = Math.floor(first.at / WINDOW_MS) * WINDOW_MS;
      return (await readResource(context, "Observation", waveformId(stream.id, window, 0))) as Observation;
    }
    const { at, value } = first;
    const asked = { patientId, streamIds: [stream.id], from: at, to: at + 1, order: "ascending", limit: 100 } as const;
    const found = (await telemetry.readings(view, asked)).find((reading) => reading.value === value);
    const ordinal = found?.ordinal ?? 0;
    const id = isPanelMember(stream.signal)
      ? panelId(stream.patientId, panelSource(deviceId, stream.unit), at, ordinal)
      : readingId(stream.id, at, ordinal);
    return (await readResource(context, "Observation", id)) as Observation;
  }

  async function finish(one: Checked): Promise<Done> {
    const observation = await asRead(one);
    const { organisation, view } = context;
    for (const hash of one.names) {
      const row = { organisationId: organisation.id, hash, patientId: one.patientId };
      await intake.note({ ...row, observationId: observation.id ?? "", by: view.principal.id });
    }
    return { observation, isNew: true };
  }

  return {
    /** @throws RefusedInput with a FHIRPath in `at` */
    async create(resource: unknown, ifNoneExist: string | undefined): Promise<Done> {
      needWriter(context);
      const wanted = { resource, place: "Observation", ifNoneExist };
      const there = await before(wanted);
      if (there) return { observation: there, isNew: false };
      const checked = await checkObservation(reach, intake, resource, "Observation");
      await take([checked]);
      return finish(checked);
    },

    /**
     * A transaction is taken as a whole or not at all; of a batch each entry by itself.
     *
     * @throws TransactionRefused with every fault
     */
    async bundle(bundle: Bundle): Promise<Bundle> {
      needWriter(context);
      const isAtomic = bundle.type === "transaction";
      const wanted = (bundle.entry ?? []).map(wantedOf);
      const outcomes: (OperationOutcome | undefined)[] = [];
      const checked: (Checked | undefined)[] = [];
      const there: (Observation | undefined)[] = [];
      const asked = new Map<string, number>();
      for (const [i, one] of wanted.entries()) {
        await context.turn();
        try {
          there[i] = await before(one);
          if (one.ifNoneExist !== undefined && !there[i]) {
            const twin = asked.get(one.ifNoneExist);
            if (twin !== undefined)
              throw new RefusedInput("CONFLICT", { at: one.place, expected: `another name than entry ${twin}` });
            asked.set(one.ifNoneExist, i);
          }
          if (!there[i]) checked[i] = await checkObservation(reach, intake, one.resource, one.place);
        } catch (error) {
          const outcome = outcomeOfError(error);
          if (!outcome) throw error;
          outcomes[i] = outcome;
        }
      }
      const faults = outcomes.filter((one) => one !== undefined);
      if (isAtomic && faults.length > 0) throw new TransactionRefused(faults);
      await take(checked.filter((one) => one !== undefined));
      const entry: BundleEntry[] = [];
      for (const i of wanted.keys()) {
        await context.turn();
        const [good, known, fault] = [checked[i], there[i], outcomes[i]];
        const done = good ? await finish(good) : known && { observation: known, isNew: false };
        entry.push(done ? answered(done) : refused(fault ?? outcomeOf("INTERNAL_ERROR")));
      }
      return { resourceType: "Bundle", type: isAtomic ? "transaction-response" : "batch-response", entry };
    },
  };

  function answered({ observation, isNew }: Done): BundleEntry {
    const { id, meta } = observation;
    return {
      resource: observation,
      response: {
        status: isNew ? "201" : "200",
        location: `Observation/${id}/_history/${meta?.versionId}`,
        etag: `W/"${meta?.versionId}"`,
        ...(meta?.lastUpdated && { lastModified: meta.lastUpdated }),
      },
    };
  }
}

const refused = (outcome: OperationOutcome): BundleEntry => ({
  response: { status: String(statusOf(outcome)), outcome },
});

/** Every fault of a transaction, each with its place. */
export class TransactionRefused extends Error {
  readonly outcome: OperationOutcome;
  constructor(faults: readonly OperationOutcome[]) {
    super("a transaction was refused");
    const issue = faults.flatMap((one) => one.issue).slice(0, 100);
    if (faults.length > issue.length)
      issue.push(issueOf("BODY_TOO_LARGE", { at: "Bundle.entry", expected: "fewer faults to be told of" }, "warning"));
    this.outcome = { resourceType: "OperationOutcome", issue };
  }
}

/** Does it write? All of it, or none: what reads beside what writes would read what is not there yet. */
export function isWriting(body: unknown): body is Bundle {
  const { resourceType, type, entry } = (body ?? {}) as { resourceType?: unknown; type?: unknown; entry?: unknown };
  if (resourceType !== "Bundle" || !Array.isArray(entry)) return false;
  const methods = entry.slice(0, ENTRIES_MAX + 1).map((one) => (one as BundleEntry | null)?.request?.method);
  if (type !== "transaction" && !methods.includes("POST")) return false;
  if (entry.length === 0 || entry.length > ENTRIES_MAX)
    throw new RefusedInput("BODY_TOO_LARGE", { at: "Bundle.entry", expected: `1 to ${ENTRIES_MAX} entries` });
  for (const [i, method] of methods.entries()) {
    if (method !== "POST")
      throw new RefusedInput("NOT_SUPPORTED", {
        at: `Bundle.entry[${i}].request.method`,
        expected: "POST in each entry",
      });
  }
  return true;
}

function wantedOf(entry: BundleEntry, i: number): Wanted {
  const url = entry.request?.url;
  if (url !== "Observation" && url !== "/Observation")
    throw new RefusedInput("NOT_SUPPORTED", { at: `Bundle.entry[${i}].request.url`, expected: "Observation" });
  const { ifNoneExist } = entry.request ?? {};
  return { resource: entry.resource, place: `Bundle.entry[${i}].resource`, ifNoneExist };
}
