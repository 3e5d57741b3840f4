import assert from "node:assert/strict";
import type { Codec, DecodeContext, Decoded } from "@openward/codecs/raw";
import { RefusedInput } from "@openward/errors";
import { seededRandom } from "@openward/runtime/manual";
import { type Configuration, standardConfiguration } from "../../packages/codecs/ieee11073/configuration.ts";
import { bytesOf, contextOf, RECEIVED, vectorsByCodec } from "../../packages/codecs/testing/vectors.ts";
import { createMutator } from "./mutate.ts";

/** One decoding may take no longer. */
export const HANG_MS = 50;
/** Every so many inputs, the same bytes are decoded again and must give the same. */
const AGAIN_EVERY = 128;

export interface FuzzResult {
  readonly inputs: number;
  readonly decoded: number;
  /** Of each code, how many were refused with it. */
  readonly refused: ReadonlyMap<string, number>;
  readonly slowestMs: number;
  /** Most values, samples, events and remarks that came of one input. */
  readonly most: number;
}

const vectors = vectorsByCodec();
const agent = { agent: standardConfiguration(0x02bc) as Configuration };
const instant = { time: RECEIVED, utcOffsetMinutes: null, quality: 0 };

const isSome = ({ length }: Uint8Array) => length > 0;

/** Values that stand in the vectors of captures, behind what they need. */
function capturedOf(name: string): Uint8Array[] {
  return (vectors.get("capture") ?? []).flatMap(({ text = "" }) => {
    if (!text.startsWith("[{") || !text.endsWith("}]")) return [];
    const values = JSON.parse(text) as { codec?: string; hex?: string }[];
    return values.flatMap(({ codec, hex = "" }) =>
      codec === name && hex.length % 2 === 0 ? [bytesOf({ bytes: hex })] : [],
    );
  });
}

/** Any sequence number is one whose measurement came before. */
class EveryNumber extends Map<number, typeof instant> {
  override get(): typeof instant {
    return instant;
  }
}

/** A value that comes alone, and one that comes behind everything it may need. */
function contextFor(input: number): DecodeContext {
  const context = contextOf(
    input % 3 === 0 ? {} : { timeZone: "Europe/Oslo", ...(input % 3 === 2 && { utcOffset: 60 }) },
  );
  if (input % 4 === 0) return context;
  return {
    ...context,
    capturedAt: RECEIVED,
    session: { cgmStart: instant, transmitterStart: instant, glucose: new EveryNumber(), ...agent },
  };
}

/**
 * Feeds a codec with what its vectors become when they are changed: whatever comes, it decodes it to something whole and
 * bounded, or refuses it, within 50 ms.
 *
 * @param more to begin with, beside the vectors
 * @param now ms; a clock that stands still judges no time
 * @throws AssertionError naming seed, input and bytes
 */
export function fuzz(
  codec: Codec,
  inputs: number,
  seed: number,
  now: () => number,
  more: readonly Uint8Array[] = [],
): FuzzResult {
  const seeds = [...more, ...(vectors.get(codec.name) ?? []).map(bytesOf), ...capturedOf(codec.name)].filter(isSome);
  assert.ok(seeds.length > 0, `${codec.name} has vectors to begin with`);
  const next = createMutator(seeds, seededRandom(seed));
  const refused = new Map<string, number>();
  let decoded = 0;
  let slowestMs = 0;
  let most = 0;
  for (let input = 0; input < inputs; input++) {
    const bytes = next();
    const label = () =>
      `${codec.name}, seed ${seed}, input ${input}: ${Buffer.from(bytes).toString("hex").slice(0, 400)}`;
    const took = () => {
      const before = now();
      const result = attempt(codec, bytes, contextFor(input), label);
      return { result, ms: now() - before };
    };
    let { result, ms } = took();
    // A machine that does other work may lose a slice of time; a decoder that hangs does so each time.
    for (let again = 0; ms > HANG_MS && again < 3; again++) ms = Math.min(ms, took().ms);
    assert.ok(ms <= HANG_MS, `${ms} ms: ${label()}`);
    if (ms > slowestMs) slowestMs = ms;
    if (result instanceof RefusedInput) refused.set(result.code, (refused.get(result.code) ?? 0) + 1);
    else {
      decoded++;
      most = Math.max(most, sizeOf(result, bytes.length, label));
    }
    if (input % AGAIN_EVERY === 0) {
      const again = attempt(codec, Uint8Array.from(bytes), contextFor(input), label);
      if (result instanceof RefusedInput) assert.equal((again as RefusedInput).code, result.code, label());
      else assert.deepEqual(again, result, label());
    }
  }
  return { inputs, decoded, refused, slowestMs, most };
}

function attempt(codec: Codec, bytes: Uint8Array, context: DecodeContext, label: () => string): Decoded | RefusedInput {
  try {
    return codec.decode(bytes, context);
  } catch (thrown) {
    if (thrown instanceof RefusedInput) {
      if (thrown.code === "MALFORMED_BYTES") assert.ok(thrown.facts.at !== undefined && thrown.facts.format, label());
      return thrown;
    }
    throw new Error(label(), { cause: thrown });
  }
}

/** How much came out, after a look at whether it is whole. */
function sizeOf(decoded: Decoded, length: number, label: () => string): number {
  const { readings, waveforms, events, ignored, refused } = decoded;
  let size = events.length + ignored.length + refused.length;
  for (const { times, values, items, quality = 0 } of readings) {
    if (times.length !== values.length || items.length !== values.length) assert.fail(label());
    for (const value of values) if (!Number.isFinite(value)) assert.fail(label());
    for (const time of times) if (!Number.isInteger(time)) assert.fail(`time ${time}, ${label()}`);
    if (!(quality >= 0 && quality < 256)) assert.fail(label());
    size += values.length;
  }
  for (const { samples, rateHz, start } of waveforms) {
    if (!(rateHz > 0) || !Number.isFinite(start)) assert.fail(label());
    size += samples.length;
  }
  for (const { event, at } of events) {
    if (!/^[a-z0-9-]{1,64}$/.test(event)) assert.fail(`event ${event}, ${label()}`);
    if (!Number.isNaN(at) && !Number.isInteger(at)) assert.fail(`time ${at}, ${label()}`);
  }
  for (const { offset, what } of ignored) {
    if (!(offset >= 0 && offset <= length) || what.length > 1_000) assert.fail(`${offset} ${what}, ${label()}`);
  }
  assert.ok(size <= 1000 + 8 * length, `${size} things of ${length} bytes, ${label()}`);
  return size;
}
