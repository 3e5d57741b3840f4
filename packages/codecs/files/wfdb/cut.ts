import { RefusedInput } from "@openward/errors";
import { concat, MAX_PIECE_BYTES, PIECE_BYTES, type Piece, type Surroundings } from "../piece.ts";
import { openBytes, skipBytes } from "./bytes.ts";
import { planByName } from "./channels.ts";
import type { SampleFormat } from "./formats.ts";
import { formatOf, int16 } from "./group.ts";
import type { WfdbHeader, WfdbSignal } from "./header.ts";
import { pieceHead, shownBy } from "./piece.ts";
import { openRecord, type WfdbRecord } from "./record.ts";
import { groupByFile } from "./segment.ts";

/** Endings of annotations, in the order in which one is looked for: what people checked stands before what a program found. */
const ANNOTATORS = ["atr", "ecg", "qrs", "ari"] as const;

/** Half a million beats: five days. */
const MAX_ANNOTATIONS = 1_048_576;

/** When the record began, as its pieces say it. */
interface Begin {
  readonly baseTime: string;
  readonly baseDate: string;
  readonly notes: readonly string[];
}

/**
 * A record, its files read through and found whole before the first piece is given: each piece some frames of one file, behind a header that says
 * which they are, with their own first values and checksums. Last come the annotations.
 *
 * @param source the header's bytes, which are read once more by its name
 * @throws RefusedInput FILE_*, and FIELD_INVALID where nobody says when the recording began
 */
export async function* cutRecord(source: AsyncIterable<Uint8Array>, around?: Surroundings): AsyncGenerator<Piece> {
  await source[Symbol.asyncIterator]().return?.();
  if (!around) throw new RefusedInput("FILE_UNREADABLE", { expected: "a header with its files beside it" });
  const base = around.name.replace(/\.hea$/i, "");
  const record = await openRecord(around, base);
  const begin = beginOf(record.header, around.beganAt);
  const files = new Map<string, boolean>();
  for await (const { header } of record.segments()) {
    for (const { fileName } of header.signals) {
      if (fileName !== "~" && !files.has(fileName)) files.set(fileName, await isThere(around, fileName));
    }
  }
  const isHere = ({ fileName }: WfdbSignal) => files.get(fileName) === true;
  const { sums } = await record.verify(isHere);
  const odd = sums.filter(({ signal, firstValue }) => signal.checksum === 0 && signal.initialValue !== firstValue);
  if (odd.length > 0)
    yield nothing(
      `${odd.length} x first value that the header has otherwise, without a checksum (the samples were taken)`,
    );
  const taken = new Map<string, string>();
  for await (const { header, from } of record.segments()) {
    for (const signals of groupByFile(header.signals)) {
      const [first] = signals as [WfdbSignal];
      if (first.fileName === "~") continue;
      if (isHere(first)) yield* cutFile(around, header, signals, { from, begin, taken });
      else yield nothing(`${signals.length} x channel of a file that is not there`);
    }
  }
  yield* annotationsOf(around, base, record, begin);
}

const nothing = (left: string): Piece => ({ bytes: new Uint8Array(0), from: 0, to: 0, left });

async function isThere(around: Surroundings, name: string): Promise<boolean> {
  const found = await around.open(name);
  await found?.[Symbol.asyncIterator]().return?.();
  return found !== null;
}

function beginOf(header: WfdbHeader, beganAt: number | null): Begin {
  const { baseTime, baseDate, comments } = header;
  const own = comments.filter((comment) => /^(?:times are UTC$|start_ms )/.test(comment));
  if (shownBy(baseDate, baseTime) !== null)
    return { baseTime: baseTime as string, baseDate: baseDate as string, notes: own };
  if (beganAt === null) {
    const expected = "when the recording began: its header does not say";
    throw new RefusedInput("FIELD_INVALID", { at: "--start", expected });
  }
  const [date = "", time = ""] = new Date(beganAt).toISOString().slice(0, 23).split("T");
  return { baseTime: time, baseDate: date.split("-").reverse().join("/"), notes: ["times are UTC"] };
}

interface Place {
  /** Frame of the record at which the segment begins. */
  readonly from: number;
  readonly begin: Begin;
  /** Of the record so far: which channel is which signal. */
  readonly taken: Map<string, string>;
}

async function* cutFile(
  around: Surroundings,
  header: WfdbHeader,
  signals: readonly WfdbSignal[],
  { from, begin, taken }: Place,
): AsyncGenerator<Piece> {
  const [{ fileName, byteOffset }] = signals as [WfdbSignal];
  const format = formatOf(header, signals);
  const perFrame = signals.reduce((sum, { samplesPerFrame }) => sum + samplesPerFrame, 0);
  const framesEach = framesOfPiece(format, perFrame, header.file);
  const left = leftOf(header, signals, taken);
  const running = createSums(signals, format, perFrame);
  const bytes = await openBytes(around, fileName);
  try {
    await skipBytes(bytes, byteOffset);
    for (let at = 0; header.frames === null || at < header.frames; ) {
      const wanted = Math.min(framesEach, (header.frames ?? Number.POSITIVE_INFINITY) - at);
      const before = bytes.position;
      const given = await bytes.read(format.bytesFor(wanted * perFrame));
      const frames = header.frames === null ? Math.min(wanted, framesIn(format, given.length, perFrame)) : wanted;
      if (frames === 0) return;
      const samples = given.subarray(0, format.bytesFor(frames * perFrame));
      const head = pieceHead({
        name: header.name.slice(0, 80),
        rateHz: header.frameRateHz,
        frames,
        baseTime: begin.baseTime,
        baseDate: begin.baseDate,
        signals: running(samples, frames),
        notes: [`first ${from + at}`, ...(left.length > 0 ? [`left ${left.join(" ")}`] : []), ...begin.notes],
      });
      yield {
        bytes: concat([head, samples], head.length + samples.length),
        from: before,
        to: bytes.position,
        left: null,
      };
      at += frames;
    }
  } finally {
    bytes.close();
  }
}

/** As many frames as make a piece, ending where a packed group ends. */
function framesOfPiece(format: SampleFormat, perFrame: number, file: string): number {
  const bytesEach = (perFrame * format.groupBytes) / format.groupSamples;
  const some = Math.floor(PIECE_BYTES / bytesEach / format.groupSamples) * format.groupSamples;
  const frames = Math.max(format.groupSamples, some);
  if (frames * bytesEach <= MAX_PIECE_BYTES / 2) return frames;
  throw new RefusedInput("FILE_FORMAT", { at: file, expected: `frames of less than ${MAX_PIECE_BYTES / 8} bytes` });
}

function framesIn(format: SampleFormat, bytes: number, perFrame: number): number {
  let frames = Math.floor((bytes * format.groupSamples) / format.groupBytes / perFrame);
  while (format.bytesFor((frames + 1) * perFrame) <= bytes) frames++;
  return frames;
}

/** Signals that another channel of the record says already. */
function leftOf({ frameRateHz }: WfdbHeader, signals: readonly WfdbSignal[], taken: Map<string, string>): number[] {
  return signals.flatMap(({ description, unit, unitIsWritten, samplesPerFrame }, index) => {
    const kind = frameRateHz * samplesPerFrame <= 2 ? "numeric" : "waveform";
    const { signal } = planByName(
      { name: description, unit: unitIsWritten ? unit : null, kind, ownUnit: false },
      false,
    );
    if (signal === null) return [];
    const by = taken.get(signal) ?? description;
    taken.set(signal, by);
    return by === description ? [] : [index];
  });
}

/** First values and checksums of one piece after the other; of differences, what they begin from. */
function createSums(signals: readonly WfdbSignal[], format: SampleFormat, perFrame: number) {
  const last = signals.map(({ initialValue, adcZero }) => initialValue ?? adcZero);
  return (bytes: Uint8Array, frames: number) => {
    const all = new Int32Array(frames * perFrame);
    format.decode(bytes, all.length, all, 0);
    let offset = 0;
    return signals.map((signal, index) => {
      const { samplesPerFrame } = signal;
      let value = last[index] as number;
      let initialValue: number | null = format.isDifference ? value : null;
      let sum = 0;
      for (let frame = 0; frame < frames; frame++) {
        for (let k = 0; k < samplesPerFrame; k++) {
          const stored = all[frame * perFrame + offset + k] as number;
          value = format.isDifference ? (value + stored) | 0 : stored;
          initialValue ??= value;
          sum = (sum + value) | 0;
        }
      }
      last[index] = value;
      offset += samplesPerFrame;
      return { ...signal, byteOffset: 0, initialValue: initialValue ?? 0, checksum: int16(sum) };
    });
  };
}

async function* annotationsOf(
  around: Surroundings,
  base: string,
  { header }: WfdbRecord,
  { baseTime, baseDate, notes }: Begin,
): AsyncGenerator<Piece> {
  for (const annotator of ANNOTATORS) {
    const found = await around.open(`${base}.${annotator}`);
    if (found === null) continue;
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of found) {
      length += part.length;
      if (length > MAX_ANNOTATIONS) {
        throw new RefusedInput("BODY_TOO_LARGE", {
          at: `.${annotator}`,
          expected: `at most ${MAX_ANNOTATIONS} bytes of annotations`,
        });
      }
      parts.push(part);
    }
    const { name, frameRateHz: rateHz, frames } = header;
    const head = pieceHead({
      name: name.slice(0, 80),
      rateHz,
      frames: frames ?? 0,
      baseTime,
      baseDate,
      signals: [],
      notes: ["annotations", ...notes],
    });
    yield { bytes: concat([head, ...parts], head.length + length), from: 0, to: length, left: null };
    return;
  }
}
