import type { RefusalCode } from "@openward/errors";
import { QUALITY } from "@openward/model";
import { isNumeric } from "@openward/signals";
import type { Instant } from "../codec.ts";
import type { Findings } from "../findings.ts";
import type { Codes, Observed, Unit } from "./codes.ts";
import { firstOf, type Message, partsOf, type Segment } from "./message.ts";
import { textOf } from "./text.ts";
import { samplesOf } from "./wave.ts";

const MAX_LEVELS = 8;
/** Of what was left, so much is listed; beyond it, it is said how much more there is. */
const LISTED = 100;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
const CONTAINMENT = /^\d{1,10}(?:\.\d{1,10}){0,7}$/;
const MAX_RATE_HZ = 1_000_000;
const CLOCK_FRESH_MS = 5 * 60_000;

/** OBX-8 of what is no measurement: HL7 table 0078 and its additions by IHE. */
const NO_VALUE: Readonly<Record<string, string>> = {
  INV: "invalid",
  NAV: "not available",
  NI: "no information",
  OFF: "switched off",
  BUSY: "not yet measured",
  TEST: "of a test",
  DEMO: "of a demonstration",
};
const DOUBTFUL = new Set(["QUES", "CAL", "EARLY"]);
const BEYOND = new Set(["<", ">"]);
/** OBX-11 of what takes a result back. */
const RETRACTED = new Set(["D", "W"]);
const RESULTS = new Set(["", "A", "B", "C", "F", "I", "N", "O", "P", "R", "S", "U", "V", "X"]);
/** Fields of OBX that are read; others that hold something are named among what was ignored. */
const READ = new Set([1, 2, 3, 4, 5, 6, 8, 11, 14, 18]);

const SAMPLE_RATE = "MDC_ATTR_SAMP_RATE";
const RESOLUTION = "MDC_ATTR_NU_MSMT_RES";
const DATA_RANGE = "MDC_ATTR_DATA_RANGE";
const DEVICE_CLOCK = "MDC_ATTR_TIME_ABS";
const BATTERY = 67996;

/** A wave, whose attributes come in the rows behind it. */
interface Wave {
  readonly item: number;
  readonly segment: Segment;
  readonly observed: Observed;
  readonly unit: string;
  readonly within: string;
  readonly quality: number;
  readonly instant: Instant;
  rate: number;
  resolution: number | undefined;
}

/** Reads the rows of a message one behind the other. */
export class ObservationReader {
  readonly #message: Message;
  readonly #codes: Codes;
  readonly #found: Findings;
  readonly #timeOf: (text: string) => Instant | undefined;
  #orderTime = "";
  #row = -1;
  #wave: Wave | undefined;
  #ignored = 0;
  readonly #fields = new Map<number, number>();
  /** Something was of this nomenclature. */
  hasMdc = false;

  constructor(message: Message, codes: Codes, found: Findings, timeOf: (text: string) => Instant | undefined) {
    this.#message = message;
    this.#codes = codes;
    this.#found = found;
    this.#timeOf = timeOf;
  }

  order(obr: Segment): void {
    this.#endWave();
    this.#orderTime = firstOf(obr.field(7), this.#message.delimiters.component).trim();
  }

  observation(obx: Segment): void {
    this.#row++;
    const found = this.#found;
    if (!found.isPart) found.item = this.#row;
    const observed = this.#codes.observed(obx.field(3));
    if (observed.isMdc) this.hasMdc = true;
    const within = obx.field(4).trim();
    const wave = this.#wave;
    if (wave) {
      if (within.startsWith(`${wave.within}.`) && this.#isAttribute(wave, observed, obx)) return;
      if (!within.startsWith(`${wave.within}.`)) this.#endWave();
    }
    this.#noteFields(obx);
    if (within !== "" && !CONTAINMENT.test(within)) {
      this.#refuse(4, "FIELD_INVALID", `numbers with points between them, at most ${MAX_LEVELS}`);
      return;
    }
    const status = obx.field(11).trim();
    if (RETRACTED.has(status)) {
      this.#refuse(11, "FIELD_INVALID", "a result: what was reported before is taken back by a person");
      return;
    }
    if (!RESULTS.has(status)) {
      this.#refuse(11, "FIELD_INVALID", "a status of HL7 table 0085");
      return;
    }
    const value = obx.field(5);
    if (value === "" || value === '""') this.#noValue(obx, observed);
    else if (observed.isContradictory) {
      this.#refuse(3, "SIGNAL_UNKNOWN", "a code and a name that mean the same");
    } else this.#value(obx, observed, value, within, status);
  }

  close(): void {
    this.#endWave();
    if (!this.#found.isPart) this.#found.item = 0;
    for (const [field, offset] of this.#fields) this.ignore(offset, `OBX-${field}`);
    const more = this.#ignored - LISTED;
    if (more > 0) this.#found.ignore(0, `${more} more, not listed`);
  }

  ignore(offset: number, what: string): void {
    if (++this.#ignored <= LISTED) this.#found.ignore(offset, what);
  }

  /** A row without a value is a device, a part of one, or a metric that has none now. */
  #noValue(obx: Segment, { signal }: Observed): void {
    if (!signal) return;
    const why = this.#flagsOf(obx).find((flag) => flag in NO_VALUE);
    this.ignore(obx.offsetOf(5), `${signal.key}: no value${why ? `, ${NO_VALUE[why]}` : ""}`);
  }

  #value(obx: Segment, observed: Observed, value: string, within: string, status: string): void {
    const { signal, refId, code } = observed;
    const offset = obx.offsetOf(5);
    if (!signal) {
      if (refId === DEVICE_CLOCK) this.#clock(obx, value);
      else this.ignore(obx.offsetOf(3), `${refId || (code > 0 ? `code ${code}` : "a code")}: not in the vocabulary`);
      return;
    }
    const flags = this.#flagsOf(obx);
    const why = flags.find((flag) => flag in NO_VALUE);
    if (why) {
      this.ignore(offset, `${signal.key}: ${NO_VALUE[why]}`);
      return;
    }
    const instant = this.#timeOf(firstOf(obx.field(14), this.#message.delimiters.component).trim() || this.#orderTime);
    if (!instant) {
      this.#refuse(14, "TIME_MALFORMED", "YYYYMMDDHHMM[SS[.S]][+ZZZZ]");
      return;
    }
    const found = this.#found;
    found.instant = instant;
    // "No result" beside a result: somebody is wrong, and nobody knows who.
    const isDoubtful = status === "X" || flags.some((flag) => DOUBTFUL.has(flag));
    const quality = isDoubtful ? QUALITY.questionable : 0;
    if (signal.kind === "event") {
      found.event(signal.key, { value: textOf(value, this.#message).slice(0, 200) });
      return;
    }
    const unit = this.#codes.unit(obx.field(6));
    const type = obx.field(2).trim();
    if (type === "NA") {
      const known = this.#unitOf(unit, signal.ucum);
      if (known === undefined) return;
      this.#wave = {
        item: this.#row,
        segment: obx,
        observed,
        unit: known,
        within,
        quality,
        instant,
        rate: Number.NaN,
        resolution: undefined,
      };
      return;
    }
    const isText = signal.ucum === undefined && !NUMBER.test(value.trim());
    if (isText) return void this.ignore(offset, `${signal.key}: not a number`);
    if (!isNumeric(signal)) return void this.#refuse(2, "SIGNAL_KIND", "NA, of a wave");
    if (flags.some((flag) => BEYOND.has(flag))) {
      return void this.#refuse(8, "VALUE_NOT_A_NUMBER", "a number, not the end of what the device can measure");
    }
    const number = numberOf(type, value.trim(), this.#message.delimiters.component);
    if (number === undefined) return void this.#refuse(5, "VALUE_NOT_A_NUMBER", "a number, alone");
    const known = this.#unitOf(unit, signal.ucum);
    if (known === undefined) return;
    if (code === BATTERY) return void found.online({ battery: number });
    found.quality = quality;
    found.reading(signal.key, known, number, offset);
  }

  /** @returns undefined where it was refused: a number without a unit may be of any */
  #unitOf(unit: Unit, ucum: string | undefined): string | undefined {
    const own = ucum ?? "1";
    if (!unit.ok) this.#refuse(6, unit.code, unit.expected);
    else if (unit.unit === null && own !== "1" && !own.startsWith("{")) {
      this.#refuse(6, "UNIT_UNKNOWN", `a unit, such as ${own}`);
    } else if (unit.isDimensionless && own === "%") {
      // Some mean a share of one by it and some per cent.
      this.#refuse(6, "UNIT_MISMATCH", "%: 1 may mean that or 100 %");
    } else return unit.unit ?? own;
    return undefined;
  }

  /** What the clock of the device shows is of now, or says nothing of now. */
  #clock(obx: Segment, value: string): void {
    const found = this.#found;
    const { component } = this.#message.delimiters;
    const shown = this.#timeOf(firstOf(value, component).trim());
    const read = this.#timeOf(firstOf(obx.field(14), component).trim());
    const offset = obx.offsetOf(5);
    if (!shown) return void this.ignore(offset, "clock of the device: not a time");
    const late = found.receivedAt - (read?.time ?? Number.NaN);
    if (!(Math.abs(late) <= CLOCK_FRESH_MS)) return void this.ignore(offset, "clock of the device: not read just now");
    found.online({ clock: shown.time + late });
  }

  #isAttribute(wave: Wave, { refId }: Observed, obx: Segment): boolean {
    const value = obx.field(5).trim();
    switch (refId) {
      case SAMPLE_RATE:
        wave.rate = NUMBER.test(value) && isPerSecond(this.#codes.unit(obx.field(6))) ? Number(value) : Number.NaN;
        return true;
      case RESOLUTION:
        wave.resolution = NUMBER.test(value) ? Number(value) : Number.NaN;
        return true;
      case DATA_RANGE:
        return true;
      default:
        return false;
    }
  }

  #endWave(): void {
    const wave = this.#wave;
    if (!wave) return;
    this.#wave = undefined;
    const found = this.#found;
    const after = this.#row;
    this.#row = wave.item;
    if (!found.isPart) found.item = wave.item;
    this.#putWave(wave);
    this.#row = after;
    if (!found.isPart) found.item = Math.max(after, 0);
  }

  #putWave({ segment, observed, unit, quality, instant, rate, resolution }: Wave): void {
    const { signal } = observed;
    if (signal?.kind !== "waveform") return void this.#refuse(3, "SIGNAL_KIND", "a signal that is a wave");
    if (!(rate > 0 && rate <= MAX_RATE_HZ))
      return void this.#refuse(5, "RATE_IMPOSSIBLE", `${SAMPLE_RATE} in a row of its own`);
    if (resolution !== undefined && !(resolution > 0)) return void this.#refuse(5, "VALUE_NOT_A_NUMBER", RESOLUTION);
    const read = samplesOf(segment.field(5).trim(), this.#message.delimiters, resolution);
    if (!read) return void this.#refuse(5, "VALUE_NOT_A_NUMBER", "numbers, of one channel");
    const { samples, scale } = read;
    const { time, utcOffsetMinutes, quality: ofTime } = instant;
    this.#found.waveform({
      signal: signal.key,
      start: time,
      utcOffsetMinutes,
      rateHz: rate,
      unit,
      scale,
      origin: 0,
      samples,
      quality: quality | ofTime,
    });
  }

  #flagsOf(obx: Segment): readonly string[] {
    if (obx.isEmpty(8)) return NO_FLAGS;
    return partsOf(obx.field(8), this.#message.delimiters.repetition).map((flag) => flag.trim());
  }

  #noteFields(obx: Segment): void {
    for (let field = 7; field <= obx.fieldCount; field++) {
      if (obx.isEmpty(field) || READ.has(field) || this.#fields.has(field)) continue;
      this.#fields.set(field, obx.offsetOf(field));
    }
  }

  #refuse(field: number, code: RefusalCode, expected: string): void {
    this.#found.refuse({ code, field: `OBX[${this.#row + 1}]-${field}`, expected, readings: 1 });
  }
}

const NO_FLAGS: readonly string[] = [];

/** A comparator makes it a bound, and a second number a ratio or a range: neither is a value. */
function numberOf(type: string, value: string, component: string): number | undefined {
  if (type === "SN") {
    const [comparator = "", number = "", ...rest] = partsOf(value, component);
    const isPlain = (comparator === "" || comparator === "=") && rest.every((part) => part === "");
    return isPlain && NUMBER.test(number) ? Number(number) : undefined;
  }
  return NUMBER.test(value) ? Number(value) : undefined;
}

function isPerSecond(unit: Unit): boolean {
  return unit.ok && (unit.unit === null || unit.unit === "/s" || unit.unit === "Hz");
}
