import type { Amendment } from "@openward/model";
import { seededRandom } from "@openward/runtime/manual";
import { streamId } from "../../server/ingest/index.ts";
import type { Directory } from "../../server/ingest/ports.ts";
import { type Harness, harness, ORGANISATION, START } from "../../server/ingest/testing/harness.ts";
import { Book } from "../../server/store/amendments/book.ts";
import { readsOf } from "../../server/store/amendments/reads.ts";
import { type Change, type History, randomHistory, type Upload } from "./history.ts";
import { createOracle } from "./oracle.ts";
import { createRegistry, type Registry } from "./registry.ts";

export interface Tally {
  histories: number;
  /** Readings that came, each delivery of them. */
  delivered: number;
  unambiguous: number;
  unambiguousPlaced: number;
  /** On somebody who did not wear the device, when all was told and answered. */
  wrong: number;
  /** Of those placed before a change was told: which a re-attribution or an error took where they belong. */
  putRight: number;
  quarantined: number;
  claimed: number;
}

/** A fault, to show that the campaign finds it. */
export interface Plant {
  readonly wearers?: (registry: Registry, now: () => number) => Pick<Directory, "associationAt" | "associations">;
  /** Is the registry not told of this? */
  readonly isMissed?: (change: Change) => boolean;
  readonly claimsAll?: boolean;
  readonly hidesClock?: boolean;
  readonly neverPutRight?: boolean;
}

export const noTally = (): Tally => ({
  histories: 0,
  delivered: 0,
  unambiguous: 0,
  unambiguousPlaced: 0,
  wrong: 0,
  putRight: 0,
  quarantined: 0,
  claimed: 0,
});

/** Lives one history through the real ingest and the real memory of who wears what, and adds what came of it. */
export async function live(seed: number, tally: Tally, plant: Plant = {}): Promise<void> {
  const random = seededRandom(seed);
  const history = randomHistory(() => random.float());
  const oracle = createOracle(history);
  let clock = START;
  const registry = createRegistry(history.devices, () => clock);
  const h = harness(plant.wearers?.(registry, () => clock) ?? registry.memory);
  const book = new Book();
  tally.histories++;

  if (!plant.hidesClock) for (const deviceId of history.devices) await tellClock(h, deviceId, history);
  for (const { at, step } of inOrder(history)) {
    h.runtime.advance(at - clock);
    clock = at;
    if ("patientId" in step) {
      if (!plant.isMissed?.(step)) registry.tell(step);
      if (!plant.neverPutRight) putRight(book, step, history, oracle, h);
    } else await deliver(h, step, history, oracle, tally);
  }
  await claim(h, history, oracle, tally, plant);
  judge(h, history, oracle, book, tally);
}

type Step = Change | (Upload & { readonly isRedelivery: boolean });

/** What is told comes before what is sent in the same millisecond. */
function inOrder({ changes, uploads }: History): { at: number; step: Step }[] {
  const steps: { at: number; step: Step }[] = changes.map((step) => ({ at: step.toldAt, step }));
  for (const upload of uploads) {
    steps.push({ at: upload.arrivesAt, step: { ...upload, isRedelivery: false } });
    for (const at of upload.againAt) steps.push({ at, step: { ...upload, isRedelivery: true } });
  }
  return steps.sort((a, b) => a.at - b.at);
}

async function tellClock(h: Harness, deviceId: string, { clockAhead }: History): Promise<void> {
  const ahead = clockAhead.get(deviceId) ?? 0;
  await h.send("status", { state: "online", clock: h.runtime.clock.now() + ahead }, { deviceId });
}

function itemsOf({ deviceId, readings, isTimeless }: Upload, { clockAhead }: History) {
  const ahead = clockAhead.get(deviceId) ?? 0;
  return readings.map(({ at, value }) => ({ ...(!isTimeless && { at: at + ahead }), values: { "heart-rate": value } }));
}

async function deliver(
  h: Harness,
  upload: Extract<Step, Upload>,
  history: History,
  oracle: ReturnType<typeof createOracle>,
  tally: Tally,
): Promise<void> {
  const { deviceId, readings, key, isRedelivery, isTimeless } = upload;
  const now = h.runtime.clock.now();
  const before = h.journal.length;
  await h.send("readings", itemsOf(upload, history), { deviceId, deliveryKey: key, isRedelivery });
  const placed = new Set<number>();
  for (const entry of h.journal.slice(before)) {
    if (entry.kind === "readings") for (const value of entry.readings.values) placed.add(value);
  }
  for (const { at, value } of readings) {
    tally.delivered++;
    if (!oracle.isUnambiguous(deviceId, at, now, isTimeless)) continue;
    tally.unambiguous++;
    if (placed.has(value)) tally.unambiguousPlaced++;
  }
}

/** Whoever tells of a change in hindsight says as well whose the readings are that have come since, where they see them lie. */
function putRight(
  book: Book,
  { deviceId, patientId, at, toldAt }: Change,
  history: History,
  oracle: ReturnType<typeof createOracle>,
  { journal }: Harness,
): void {
  const before = oracle.truth(deviceId, at - 1);
  if (before === null || toldAt === at) return;
  const measuredAt = new Map(history.measured.map((one) => [`${one.deviceId} ${one.value}`, one.at]));
  // By the time that is stored: the device's, or the right one where its clock is known well enough.
  const stored = new Set<number>();
  for (const entry of journal) {
    if (entry.kind !== "readings") continue;
    const { stream, times, values } = entry.readings;
    if (stream.deviceId !== deviceId || stream.patientId !== before) continue;
    values.forEach((value, i) => {
      const really = measuredAt.get(`${deviceId} ${value}`) ?? Number.NaN;
      if (really >= at && really < toldAt) stored.add(times[i] as number);
    });
  }
  for (const from of [...stored].sort((a, b) => a - b)) {
    const sequence = book.newest + 1;
    const amendment: Amendment = {
      id: `${sequence}`,
      sequence,
      organisationId: ORGANISATION,
      kind: patientId === null ? "entered-in-error" : "re-attributed",
      patientId: before,
      toPatientId: patientId,
      deviceId,
      streamId: null,
      from,
      to: from + 1,
      reading: null,
      corrected: null,
      withdraws: null,
      by: "nurse",
      byDisplay: "Nurse",
      reason: "told in hindsight",
      at: toldAt,
      via: "person",
    };
    book.add(amendment);
  }
}

/** A person claims what was quarantined, where all of it is one patient's. */
async function claim(
  h: Harness,
  history: History,
  oracle: ReturnType<typeof createOracle>,
  tally: Tally,
  plant: Plant,
): Promise<void> {
  const sent = new Map(history.uploads.map((upload) => [`${upload.deviceId} ${upload.readings[0]?.value}`, upload]));
  for (const entry of h.quarantined()) {
    const body = new TextDecoder().decode(entry.raw);
    const upload = sent.get(`${entry.deviceId} ${JSON.parse(body)[0]?.values["heart-rate"]}`);
    if (!upload || body !== JSON.stringify(itemsOf(upload, history)))
      throw new Error(`never sent, and quarantined: ${body}`);
    const isListed = (i: number) => entry.problems.some(({ index, through = index }) => i >= index && i <= through);
    const whose = new Set(
      upload.readings.filter((_, i) => isListed(i)).map(({ at }) => oracle.truth(entry.deviceId, at)),
    );
    const listed = upload.readings.filter((_, i) => isListed(i)).length;
    tally.quarantined += listed;
    const [patientId] = whose;
    if (whose.size !== 1 || typeof patientId !== "string") continue;
    const problems = plant.claimsAll
      ? entry.problems.map((problem) => ({ ...problem, index: 0, through: upload.readings.length - 1 }))
      : entry.problems;
    const { accepted } = await h.ingest.reprocess({ ...entry, problems }, { patientId, useReceivedTime: false });
    tally.claimed += accepted;
  }
}

function judge(
  h: Harness,
  { measured }: History,
  oracle: ReturnType<typeof createOracle>,
  book: Book,
  tally: Tally,
): void {
  const known = new Map(measured.map((one) => [`${one.deviceId} ${one.value}`, one]));
  for (const entry of h.journal) {
    if (entry.kind !== "readings") continue;
    const { stream, times, values } = entry.readings;
    values.forEach((received, i) => {
      const one = known.get(`${stream.deviceId} ${received}`);
      if (!one) throw new Error(`placed, and never measured: ${received}`);
      const from = times[i] as number;
      const reads = readsOf(book, streamId, { stream, from, to: from + 1, received });
      const truth = oracle.truth(one.deviceId, one.at);
      if (reads.isHidden ? truth !== null : reads.stream.patientId !== truth) tally.wrong++;
      else if (stream.patientId !== truth) tally.putRight++;
    });
  }
}
