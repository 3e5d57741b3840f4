/**
 * A device type as a datasheet: how one knows it, what it speaks, what it measures, how often it is expected to speak,
 * and how soon its silence matters.
 */
export interface Datasheet {
  /** kebab-case; `Device.type`. */
  readonly key: string;
  readonly display: string;
  /** The type in `types/` that this model is one of; left out by the types themselves. */
  readonly kind?: string;
  readonly identity?: Identity;
  readonly transports?: readonly Transport[];
  /** Names of the raw door's formats (packages/codecs/registry.ts); a device that speaks our own bodies has none. */
  readonly codecs?: readonly string[];
  /** Where its metrics hang in the containment tree of IEEE 11073-10201. */
  readonly containment?: Containment;
  /**
   * Signal key to the interval in which a reading (or waveform piece) is expected to arrive, in milliseconds;
   * `null`: on demand, nobody expects anything. A signal that is not listed is of no known rhythm: it can be learned
   * and then confirmed by a person.
   */
  readonly signals: Readonly<Record<string, number | null>>;
  /** Of waveforms, where the model has one rate. */
  readonly sampleRatesHz?: Readonly<Record<string, number>>;
  /**
   * How long the device may be away, while it is on a patient, before that is a technical alarm, in milliseconds;
   * `null`: it comes and goes by design, and only its streams are watched.
   */
  readonly offlineAfterMs: number | null;
  /**
   * How long a device that keeps no connection (HTTP, a gateway) may go unheard before it counts as away. For types
   * that say little: of those that stream, the silence of each stream is an alarm already.
   */
  readonly unheardAfterMs?: number;
  /** What the device knows of the time: a clock of its own, or none (then readings carry the server's, and say so). */
  readonly clock: "own" | "none";
  /** Names of commands that it takes. Declared only: nothing sends them yet. */
  readonly commands?: readonly string[];
  readonly tested?: Tested;
  readonly notes?: string;
}

/** A datasheet with everything that it left out. */
export interface Driver extends Datasheet {
  readonly kind: string;
  readonly identity: Identity;
  readonly transports: readonly Transport[];
  readonly codecs: readonly string[];
  readonly commands: readonly string[];
  readonly tested: Tested;
}

export type Transport = "bluetooth" | "mqtt" | "http" | "websocket" | "mllp" | "usb" | "file" | "cellular";

/** What devices of this model say of themselves. Patterns are matched against the whole text. */
export interface Identity {
  /** Device identifiers of its UDI. */
  readonly di?: readonly string[];
  readonly manufacturer?: RegExp;
  readonly model?: RegExp;
  /** The name in its Bluetooth advertisement. */
  readonly name?: RegExp;
  /** Bluetooth services: 16-bit numbers as four small hexadecimal digits, others as a whole UUID. */
  readonly services?: readonly string[];
  /** Company identifiers of the manufacturer data in its advertisement. */
  readonly companies?: readonly number[];
  /** What it is by 11073: the specialization of an agent, or the MDS of an HL7 message. */
  readonly mds?: readonly number[];
}

export interface Term {
  readonly refId: string;
  /** Context-free code of 11073-10101, where a source of ours has it. */
  readonly code?: number;
}

export interface Containment {
  readonly mds: Term;
  readonly channels?: readonly { readonly vmd: Term; readonly channel: Term; readonly signals: readonly string[] }[];
}

/** How far its decoding was tried. "captures": bytes of a real device of this model are among the vectors. */
export interface Tested {
  readonly by: "captures" | "vectors" | "untested";
  readonly source: string;
}

const OWN_BODIES: Tested = { by: "vectors", source: "our own bodies: packages/codecs" };

/** Declares a driver; the types are checked here, the vocabulary in the sweep test. */
export function driver(datasheet: Datasheet): Driver {
  return {
    kind: datasheet.key,
    identity: {},
    transports: ["mqtt", "http", "websocket"],
    codecs: [],
    commands: [],
    tested: OWN_BODIES,
    ...datasheet,
  };
}

/** What a model has that its type or profile has not; everything else is as there. */
export interface ModelSheet extends Omit<Partial<Datasheet>, "signals" | "tested"> {
  readonly key: string;
  readonly display: string;
  /** The type, or the profile, that it is one of. */
  readonly of: Driver;
  /** Signals that the type does not have, or expects otherwise. */
  readonly signals?: Datasheet["signals"];
  /** Signals of the type that it does not have. */
  readonly without?: readonly string[];
  /** How far this model was tried, not its type. */
  readonly tested: Tested;
}

/** Declares a model or a profile by what it differs in. How it is known, and what is remarked of it, is its own. */
export function model({ of, signals = {}, without = [], ...own }: ModelSheet): Driver {
  const { notes: _, ...shared } = of;
  const all = Object.entries({ ...of.signals, ...signals }).filter(([signal]) => !without.includes(signal));
  return { ...shared, identity: {}, ...own, signals: Object.fromEntries(all) };
}

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
/** Nobody expects anything: somebody has to take the measurement. */
export const ON_DEMAND = null;
