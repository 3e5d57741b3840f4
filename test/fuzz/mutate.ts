import type { Random } from "@openward/runtime";
import { e2eCrc, xmodemCrc } from "../../packages/codecs/gatt/crc.ts";

const EXTREMES = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0x22, 0x2c, 0x7b, 0x5b];
const WIDE = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x07ff, 0x007fffff];
const WORDS = [
  '"',
  "\\",
  "{",
  "[",
  "]",
  "}",
  ",",
  ":",
  "null",
  "1e999",
  "-1",
  "NaN",
  "\n",
  "\r",
  "|",
  "^",
  "<",
  "&x;",
  "\u0000",
  "é",
  "9".repeat(40),
];
const LONGEST = 65_536;
const utf8 = new TextEncoder();

/** Makes inputs of seeds: some of the ways are blind, others know of lengths, numbers, words and checksums. */
export function createMutator(seeds: readonly Uint8Array[], random: Random): () => Uint8Array {
  const below = (n: number) => Math.floor(random.float() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

  const byTokens = (bytes: Uint8Array) => {
    const tokens = tokensOf(bytes);
    if (tokens.length < 3) return bytes;
    const [at, from] = [below(tokens.length), below(tokens.length)];
    tokens[at] = pick([pick(WORDS), String(pick(WIDE)), tokens[from] ?? "", `${tokens[at]}${tokens[at]}`, ""]);
    return utf8.encode(tokens.join(""));
  };

  const ways: readonly ((bytes: Uint8Array) => Uint8Array)[] = [
    (bytes) => write(bytes, below(bytes.length), [(bytes[below(bytes.length)] ?? 0) ^ (1 << below(8))]),
    (bytes) => write(bytes, below(bytes.length), [pick(EXTREMES)]),
    (bytes) => write(bytes, below(bytes.length), [below(256)]),
    (bytes) => write(bytes, below(bytes.length), numberOf(pick(WIDE), pick([2, 3, 4]), below(2) === 0)),
    (bytes) => bytes.subarray(0, below(bytes.length)),
    (bytes) => bytes.subarray(below(bytes.length)),
    (bytes) => join(bytes, random.bytes(1 + below(16))),
    (bytes) => join(bytes, bytes),
    (bytes) => {
      const at = below(bytes.length);
      return join(bytes.subarray(0, at), bytes.subarray(at + 1 + below(8)));
    },
    (bytes) => {
      const [at, other] = [below(bytes.length), pick(seeds)];
      return join(bytes.subarray(0, at), other.subarray(below(other.length)));
    },
    (bytes) => {
      const [at, length] = [below(bytes.length), 1 + below(32)];
      const piece = bytes.subarray(at, at + length);
      let grown = bytes.subarray(0, at + length);
      for (let times = below(below(4) === 0 ? 200 : 4); times >= 0; times--) grown = join(grown, piece);
      return join(grown, bytes.subarray(at + length));
    },
    (bytes) => {
      const at = below(bytes.length);
      return join(join(bytes.subarray(0, at), utf8.encode(pick(WORDS))), bytes.subarray(at));
    },
    byTokens,
    (bytes) => checksummed(bytes, below(2) === 0 ? e2eCrc : xmodemCrc),
  ];

  return () => {
    let bytes = Uint8Array.from(pick(seeds));
    const isText = tokensOf(bytes).length > 2;
    for (let changes = below(5); changes >= 0; changes--) {
      const changed = (isText && below(3) > 0 ? byTokens : pick(ways))(bytes);
      bytes = changed.length > LONGEST ? changed.slice(0, LONGEST) : Uint8Array.from(changed);
    }
    // What is behind a checksum is reached only when it is right.
    return below(6) === 0 ? checksummed(bytes, below(2) === 0 ? e2eCrc : xmodemCrc) : bytes;
  };
}

/** Words, numbers and what stands between them, where the bytes are text. */
function tokensOf(bytes: Uint8Array): string[] {
  if (bytes.length < 16 || bytes.length > 4096 || bytes.some((byte) => byte > 126)) return [];
  return new TextDecoder().decode(bytes).split(/([A-Za-z0-9.+-]+)/);
}

function write(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const changed = Uint8Array.from(bytes);
  for (const [i, value] of values.entries()) if (at + i < changed.length) changed[at + i] = value;
  return changed;
}

function numberOf(value: number, width: number, isLittle: boolean): number[] {
  const bytes = Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256);
  return isLittle ? bytes : bytes.reverse();
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

function checksummed(bytes: Uint8Array, crcOf: typeof e2eCrc): Uint8Array {
  if (bytes.length < 3) return bytes;
  const end = bytes.length - 2;
  return write(bytes, end, numberOf(crcOf(bytes, 0, end), 2, true));
}
