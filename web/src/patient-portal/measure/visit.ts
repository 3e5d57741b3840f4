import { offsetAt } from "@openward/codecs";
import { encodeCurrentTime, encodeReportRecords, findCodec } from "@openward/codecs/raw";
import { BATTERY, CLOCKS, CONTINUOUS, codecOf, IN_SESSION, isMeasured, RECORD_ACCESS, shortOf } from "./services.ts";
import type { BluetoothDevice, Characteristic } from "./web-bluetooth.ts";

/** A value as the browser received it. */
export interface Received {
  readonly codec: string;
  /** ms UTC. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface Says {
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly systemId: string | null;
}

export interface VisitDeps {
  /** ms UTC, as the server has it. */
  now(): number;
  after(ms: number, run: () => void): void;
  /** Of the person who is measured: what a clock of theirs shows. */
  readonly timeZone: string;
  /** Whose it is, settled before anything that it measured is taken; false: nobody's, and the visit ends. */
  admit(says: Says, services: readonly string[]): Promise<boolean>;
  /** Values that belong together, in the order in which they came. */
  take(values: readonly Received[]): void;
  /** Something of it cannot be used; the rest goes on. */
  onTrouble(codec: string, error: unknown): void;
}

interface Known {
  readonly codec: string;
  readonly at: Characteristic;
}

/** So long after the last value of a session it is handed on. */
const QUIET_MS = 1_000;
const GATHERED_MAX = 200;
/** A device sends what it has stored as soon as it is listened to: its clock is set after that. */
const CLOCK_AFTER_MS = 4_000;
/** A clock that is no further off is right: the way to it takes its time too. */
const CLOCK_OFF_MS = 30_000;
const FACTS: ReadonlySet<string> = new Set([
  "gatt/2a29",
  "gatt/2a24",
  "gatt/2a23",
  "gatt/2a26",
  "gatt/2a27",
  "gatt/2a28",
]);

/**
 * Connects, asks the device what it is, and listens to all that we have a format for. A meter that keeps its records is asked for all of
 * them: the server knows those that it has.
 *
 * @returns whether it was admitted
 * @throws where it cannot be connected to
 */
export async function beginVisit(device: BluetoothDevice, deps: VisitDeps): Promise<boolean> {
  const { now, take } = deps;
  const server = await device.gatt?.connect();
  if (!server) throw new Error("the device has no GATT server");
  const found = await server.getPrimaryServices();
  const all: Known[] = [];
  for (const service of found) {
    for (const at of await service.getCharacteristics().catch(() => [])) {
      const codec = codecOf(at.uuid);
      if (codec !== undefined) all.push({ codec, at });
    }
  }
  const attempt = async (codec: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      deps.onTrouble(codec, error);
    }
  };
  const read = async ({ codec, at }: Known): Promise<Received | undefined> => {
    let value: Received | undefined;
    await attempt(codec, async () => {
      value = { codec, at: now(), bytes: bytesOf(await at.readValue()) };
    });
    return value;
  };

  const facts: Received[] = [];
  for (const one of all) {
    if (!FACTS.has(one.codec) || !one.at.properties.read) continue;
    const value = await read(one);
    if (value) facts.push(value);
  }
  const shorts = found.flatMap(({ uuid }) => shortOf(uuid) ?? []);
  if (!(await deps.admit(saysOf(facts), shorts))) {
    device.gatt?.disconnect();
    return false;
  }
  // What is told of the clock comes before what it dates.
  for (const one of all) {
    const isOfDevice = one.codec === BATTERY || CLOCKS.has(one.codec) || one.codec === "gatt/2a38";
    if (!isOfDevice || !one.at.properties.read) continue;
    const value = await read(one);
    if (value) facts.push(value);
  }
  if (facts.length > 0) take(facts);

  const hasStored = all.some(({ codec }) => codec === RECORD_ACCESS);
  const gatherer = createGatherer(deps);
  for (const { codec, at } of all) {
    if (!at.properties.notify && !at.properties.indicate) continue;
    at.addEventListener("characteristicvaluechanged", () => {
      if (!at.value) return;
      const value = { codec, at: now(), bytes: bytesOf(at.value) };
      if (hasStored && IN_SESSION.has(codec)) gatherer.add(value);
      else take([value]);
    });
    await attempt(codec, async () => void (await at.startNotifications()));
  }
  for (const one of all) {
    const isOnlyRead = one.at.properties.read && !one.at.properties.notify && !one.at.properties.indicate;
    if (!isOnlyRead || !isMeasured(one.codec) || CONTINUOUS.has(one.codec)) continue;
    const value = await read(one);
    if (value) take([value]);
  }
  const control = all.find(({ codec, at }) => codec === RECORD_ACCESS && at.properties.write);
  if (control)
    await attempt(RECORD_ACCESS, () => control.at.writeValueWithResponse(buffer(encodeReportRecords({ kind: "all" }))));
  // The records of a meter that keeps them come again with the times that they have: its clock is not moved under them.
  const clock = all.find(({ codec, at }) => codec === "gatt/2a2b" && at.properties.read && at.properties.write);
  if (clock && !hasStored)
    deps.after(CLOCK_AFTER_MS, () => void attempt(clock.codec, () => setClock(clock, read, deps)));
  return true;
}

async function setClock(
  clock: Known,
  read: (one: Known) => Promise<Received | undefined>,
  deps: VisitDeps,
): Promise<void> {
  const before = await read(clock);
  if (before && Math.abs(offBy(before, deps.timeZone)) <= CLOCK_OFF_MS) return;
  const now = deps.now();
  await clock.at.writeValueWithResponse(buffer(encodeCurrentTime(now, offsetAt(now, deps.timeZone) / 60_000)));
  const after = await read(clock);
  deps.take([before, after].filter((value) => value !== undefined));
}

/** What a clock shows less what is, ms; far off where it shows no time. */
function offBy({ codec, at, bytes }: Received, timeZone: string): number {
  const context = { item: 0, at, atQuality: 0, utcOffsetMinutes: null, timeZone, session: {} };
  const shown = findCodec(codec)?.decode(bytes, context).status?.clock ?? null;
  return shown === null ? Number.POSITIVE_INFINITY : shown - at;
}

/** Values of one session go together, when nothing came for a while. */
function createGatherer({ after, take }: Pick<VisitDeps, "after" | "take">) {
  let gathered: Received[] = [];
  let last = 0;
  const handOn = () => {
    const values = gathered;
    gathered = [];
    if (values.length > 0) take(values);
  };
  return {
    add(value: Received): void {
      gathered.push(value);
      const turn = ++last;
      if (gathered.length >= GATHERED_MAX) handOn();
      else after(QUIET_MS, () => turn === last && handOn());
    },
  };
}

function saysOf(facts: readonly Received[]): Says {
  const text = (codec: string): string | null => {
    const found = facts.find((one) => one.codec === codec);
    const said = found && new TextDecoder().decode(found.bytes).replaceAll("\0", "").trim().slice(0, 120);
    return said || null;
  };
  const id = facts.find(({ codec }) => codec === "gatt/2a23")?.bytes;
  // As it is written: the organisation first. @source System ID, Device Information Service
  const systemId =
    id?.length === 8
      ? [...id]
          .reverse()
          .map((byte) => byte.toString(16).padStart(2, "0"))
          .join("")
          .toUpperCase()
      : null;
  return { manufacturer: text("gatt/2a29"), model: text("gatt/2a24"), systemId };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: DataView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength).slice();

/** The browser takes no view of memory that could be shared. */
const buffer = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;
