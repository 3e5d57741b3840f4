import { createHash, type Hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { RefusedInput } from "@openward/errors";
import { ABSENT_SAMPLE, type JournalEntry, type Stream } from "@openward/model";
import { openWfdbRecord } from "@openward/simulator";
import { ASSOCIATION, DAY, numericEntry, PATIENT, START, VIEW } from "../../server/store/archive/testing/ward.ts";
import { type Campaign, newStream, openCampaign, type Say } from "./archive-campaign.ts";

export interface SentRecord {
  readonly record: string;
  /** What the reader of recordings had to say against it. */
  readonly fault: string | undefined;
  readonly channels: readonly { readonly stream: Stream; readonly hash: string; readonly samples: number }[];
}

/** A WFDB record as waveforms, up to ten seconds at a time. @returns undefined where its samples are not here */
export async function sendRecord(campaign: Campaign, path: string): Promise<SentRecord | undefined> {
  const { store, runtime } = campaign;
  const channels = new Map<string, { stream: Stream; hash: Hash; samples: number }>();
  let fault: string | undefined;
  let record: Awaited<ReturnType<typeof openWfdbRecord>>;
  try {
    record = await openWfdbRecord(path);
    const seconds = (record.header.frames ?? Number.POSITIVE_INFINITY) / record.frameRateHz;
    // The last piece of a record whose checksums are none is not given: of a short one nothing would be left.
    const blockFrames = Math.max(1, Math.round(record.frameRateHz * (seconds > 20 ? 10 : 1)));
    for await (const block of record.blocks({ blockFrames })) {
      const start = START + (block.startFrame * 1000) / record.frameRateHz;
      const entries: JournalEntry[] = [];
      const seen = new Map<string, number>();
      for (const { signal, samples } of block.channels) {
        const nth = seen.get(signal.description) ?? 0;
        seen.set(signal.description, nth + 1);
        const name = `${signal.description} ${nth}`;
        let channel = channels.get(name);
        if (!channel) {
          channel = { stream: newStream("waveform"), hash: createHash("sha256"), samples: 0 };
          channels.set(name, channel);
          await campaign.add(channel.stream);
        }
        const rateHz = record.frameRateHz * signal.samplesPerFrame;
        const [scale, origin] = [1 / signal.gain, -signal.baseline / signal.gain];
        updateSamples(channel.hash, scale, origin, samples);
        channel.samples += samples.length;
        const form = { rateHz, scale, origin, samples, quality: 0, utcOffsetMinutes: null };
        const waveform = { stream: channel.stream, associationId: ASSOCIATION, start, ...form };
        entries.push({ kind: "waveform", waveform: { ...waveform, receivedAt: runtime.time } });
      }
      await store.journal.append(entries);
    }
  } catch (error) {
    // Some collections leave samples out, or write checksums that are none: what could be read has gone in.
    const code = error instanceof RefusedInput ? error.code : "";
    if (!code.startsWith("FILE_")) throw error;
    if (channels.size === 0) return undefined;
    fault = code;
  }
  await store.telemetry.seal({ everything: true });
  const sent = [...channels.values()].map(({ stream, hash, samples }) => ({
    stream,
    samples,
    hash: hash.digest("hex"),
  }));
  return { record: path, fault, channels: sent };
}

/** Channels that are not, sample by sample, scale and origin, what was sent. */
export async function wrongChannels({ store }: Campaign, { record, channels }: SentRecord): Promise<string[]> {
  const wrong: string[] = [];
  for (const { stream, hash, samples } of channels) {
    const query = { patientId: PATIENT, streamId: stream.id, from: START - DAY, to: START + 90 * DAY };
    const got = createHash("sha256");
    let count = 0;
    for (const piece of await store.telemetry.waveform(VIEW, query)) {
      updateSamples(got, piece.scale, piece.origin, piece.samples);
      count += piece.samples.length;
    }
    if (count !== samples || got.digest("hex") !== hash) wrong.push(`${record} ${stream.id}: ${count} of ${samples}`);
  }
  return wrong;
}

/** Each sample with what it means, so that pieces which are joined or cut on the way give the same hash. */
function updateSamples(hash: Hash, scale: number, origin: number, samples: Int32Array): void {
  const pairs = new Float64Array(samples.length * 2);
  for (const [i, sample] of samples.entries()) {
    pairs[2 * i] = sample;
    pairs[2 * i + 1] = sample === ABSENT_SAMPLE ? 0 : sample * scale + origin;
  }
  hash.update(new Uint8Array(pairs.buffer));
}

export interface SentColumn {
  readonly stream: Stream;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** The numbers of a CSV whose first column is seconds; cells that hold none are left out. */
export async function sendNumerics(campaign: Campaign, path: string): Promise<SentColumn[]> {
  const [head = "", ...lines] = readFileSync(path, "utf8").trim().split("\n");
  const rows = lines.map((line) => line.split(",").map((cell) => (cell.trim() === "" ? Number.NaN : Number(cell))));
  const sent: SentColumn[] = [];
  for (const index of head.split(",").keys()) {
    if (index === 0) continue;
    const there = rows.filter((row) => Number.isFinite(row[index]));
    if (there.length === 0) continue;
    const stream = newStream("numeric");
    const times = Float64Array.from(there, (row) => START + Math.round((row[0] as number) * 1000));
    const values = Float64Array.from(there, (row) => row[index] as number);
    await campaign.add(stream);
    await campaign.store.journal.append([numericEntry(stream, times, values, campaign.runtime.time)]);
    sent.push({ stream, times, values });
  }
  return sent;
}

/** Columns that are not, value by value and time by time, what was sent. */
export async function wrongColumns({ store }: Campaign, sent: readonly SentColumn[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { stream, times, values } of sent) {
    const query = { patientId: PATIENT, streamIds: [stream.id], from: START - DAY, to: START + 90 * DAY };
    const found = await store.telemetry.readings(VIEW, { ...query, order: "ascending", limit: times.length + 1 });
    const isSame =
      found.length === times.length &&
      found.every((each, i) => each.time === times[i] && Object.is(each.value, values[i]));
    if (!isSame) wrong.push(`${stream.id}: ${found.length} of ${times.length}`);
  }
  return wrong;
}

export interface RecordingsResult {
  readonly records: number;
  /** Records whose samples are not in the collection. */
  readonly withoutSamples: number;
  /** Records whose own checksums or lengths are wrong: what was read of them went in. */
  readonly withFaults: number;
  readonly samples: number;
  readonly columns: number;
  readonly moved: number;
  readonly archiveBytes: number;
  readonly wrong: readonly string[];
}

/** Recordings in, all of it archived, and read back after a start. @param records paths of .hea @param numerics of .csv */
export async function archiveRecordings(
  records: readonly string[],
  numerics: readonly string[],
  say: Say,
): Promise<RecordingsResult> {
  const campaign = await openCampaign(say);
  try {
    const sent: SentRecord[] = [];
    for (const path of records) {
      const record = await sendRecord(campaign, path);
      if (record) sent.push(record);
    }
    const columns: SentColumn[] = [];
    for (const path of numerics) columns.push(...(await sendNumerics(campaign, path)));
    const { moved, bytes, leftHot } = await campaign.archiveAll();
    const wrong = leftHot > 0 ? [`${leftHot} blocks are still in the database`] : [];
    for (const record of sent) wrong.push(...(await wrongChannels(campaign, record)));
    wrong.push(...(await wrongColumns(campaign, columns)));
    const samples = sent.flatMap((record) => record.channels).reduce((sum, channel) => sum + channel.samples, 0);
    const withoutSamples = records.length - sent.length;
    const withFaults = sent.filter((record) => record.fault !== undefined).length;
    return {
      records: sent.length,
      withoutSamples,
      withFaults,
      samples,
      columns: columns.length,
      moved,
      archiveBytes: bytes,
      wrong,
    };
  } finally {
    await campaign.close();
  }
}
