import { type Message, partsOf, type Segment } from "./message.ts";
import { textOf } from "./text.ts";

/** Deeper no device is, and by more names none is known: what each row costs is bounded. */
const MAX_LEVELS = 8;
const MAX_IDENTIFIERS = 8;
const MAX_IDENTIFIER = 64;
const MAX_WITHIN = 100;

/** What one device measured, as a message of its own. */
export interface DevicePart<D> {
  readonly device: D;
  readonly bytes: Uint8Array;
  /** Of each row of the part, which of the rows (OBX) of the message it is, from 0. */
  readonly rows: readonly number[];
}

/**
 * A gateway puts several devices into one message. Each row goes to the device that it, or the channel, module or system
 * around it (OBX-4), names in OBX-18, else to the sender's (MSH-3); everything else of the message goes to all of them.
 *
 * @param choose which device that is, by its identifiers, the nearest first; as compared with ===
 */
export function partsByDevice<D>(
  message: Message,
  bytes: Uint8Array,
  choose: (identifiers: readonly string[]) => D,
): readonly DevicePart<D>[] {
  const sender = identifiersOf(message.msh.field(3), message, IN_HD);
  const named = new Map<string, readonly string[]>();
  const chosen = new Map<string, D>();
  const rowsOf = new Map<D, number[]>();
  const owners: (D | undefined)[] = [];
  let row = 0;
  let owner: D | undefined;
  for (const segment of message.segments) {
    if (segment.name === "OBX") {
      const identifiers = [...namedBy(segment, message, named), ...sender];
      const key = identifiers.join("\n");
      if (!chosen.has(key)) chosen.set(key, choose(identifiers));
      // It has just been set.
      owner = chosen.get(key) as D;
      const rows = rowsOf.get(owner);
      if (rows) rows.push(row);
      else rowsOf.set(owner, [row]);
      row++;
    } else if (segment.name !== "NTE") owner = undefined;
    owners.push(owner);
  }
  if (rowsOf.size === 0) return [{ device: choose(sender), bytes, rows: [] }];
  if (rowsOf.size === 1) return [...rowsOf].map(([device, rows]) => ({ device, bytes, rows }));
  return [...rowsOf].map(([device, rows]) => {
    const segments = message.segments.filter((_, i) => owners[i] === undefined || owners[i] === device);
    return { device, bytes: joined(segments, bytes), rows };
  });
}

/** The row's own, and those of what it lies in. */
function namedBy(obx: Segment, message: Message, named: Map<string, readonly string[]>): readonly string[] {
  const said = obx.field(4).trim();
  let within = said.length > MAX_WITHIN ? "" : said;
  const own = identifiersOf(obx.field(18), message, IN_EI);
  if (own.length > 0) named.set(withoutZeros(within), own);
  const found: string[] = [...own];
  // The row itself stands there where it names somebody.
  within = parentOf(withoutZeros(within));
  for (let level = 0; within !== "" && level < MAX_LEVELS; level++, within = parentOf(within)) {
    found.push(...(named.get(within) ?? []));
  }
  return found;
}

const withoutZeros = (within: string) => within.replace(/(?:\.0)+$/, "");
const parentOf = (within: string) => within.slice(0, Math.max(0, within.lastIndexOf(".")));

/** Where the universal id stands in the data types EI (entity identifier) and HD (hierarchic designator). */
const IN_EI = 2;
const IN_HD = 1;

/** Universal and local id of each repetition. */
function identifiersOf(field: string, message: Message, universalAt: number): readonly string[] {
  if (field === "") return [];
  const { component, repetition } = message.delimiters;
  const found = partsOf(field, repetition)
    .slice(0, MAX_IDENTIFIERS)
    .flatMap((each) => {
      const parts = partsOf(each, component);
      return [parts[universalAt] ?? "", parts[0] ?? ""]
        .map((part) => textOf(part, message).trim())
        .filter((part) => part !== "" && part.length <= MAX_IDENTIFIER);
    });
  return [...new Set(found)];
}

function joined(segments: readonly Segment[], bytes: Uint8Array): Uint8Array {
  const length = segments.reduce((total, { offset, end }) => total + end - offset + 1, 0);
  const all = new Uint8Array(length);
  let at = 0;
  for (const { offset, end } of segments) {
    all.set(bytes.subarray(offset, end), at);
    at += end - offset;
    all[at++] = 13;
  }
  return all;
}
