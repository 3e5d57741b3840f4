import { RefusedInput } from "@openward/errors";
import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { sfloat } from "../medical-float.ts";
import { ByteReader } from "../reader.ts";

const NAME = "gatt/2a34";

const CARBOHYDRATE = ["breakfast", "lunch", "dinner", "snack", "drink", "supper", "brunch"];
const MEAL = ["before the meal", "after the meal", "fasting", "casual", "bedtime"];
const TESTER = ["self", "health care professional", "laboratory"];
const HEALTH = ["minor issues", "major issues", "during menses", "under stress", "no issues"];
const MEDICATION = [
  "rapid acting insulin",
  "short acting insulin",
  "intermediate acting insulin",
  "long acting insulin",
  "pre-mixed insulin",
];
const OVERRUN = 0xffff;

export interface GlucoseContext {
  readonly flags: number;
  readonly sequence: number;
  readonly carbohydrate: { readonly id: number; readonly grams: number; readonly offset: number } | null;
  readonly meal: number | null;
  readonly tester: number | null;
  readonly health: number | null;
  readonly exercise: { readonly seconds: number; readonly percent: number } | null;
  /** mg, or mL of it. */
  readonly medication: { readonly id: number; readonly amount: number; readonly unit: "mg" | "mL" } | null;
  readonly hba1c: number | null;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseGlucoseContext(reader: ByteReader): GlucoseContext {
  const flags = reader.u8("flags");
  const has = (bit: number) => (flags & (1 << bit)) !== 0;
  const sequence = reader.u16("sequenceNumber");
  if (has(7)) reader.u8("extendedFlags");
  const carbohydrate = has(0)
    ? { id: reader.u8("carbohydrateId"), offset: reader.offset, grams: sfloat(reader.u16("carbohydrate"), 3) }
    : null;
  const meal = has(1) ? reader.u8("meal") : null;
  const who = has(2) ? reader.u8("testerHealth") : null;
  const exercise = has(3) ? { seconds: reader.u16("exerciseDuration"), percent: reader.u8("exerciseIntensity") } : null;
  const isVolume = has(5);
  const medication = has(4)
    ? {
        id: reader.u8("medicationId"),
        amount: sfloat(reader.u16("medication"), isVolume ? 3 : 6),
        unit: isVolume ? ("mL" as const) : ("mg" as const),
      }
    : null;
  return {
    flags,
    sequence,
    carbohydrate,
    meal,
    tester: who === null ? null : who & 0xf,
    health: who === null ? null : who >> 4,
    exercise,
    medication,
    hba1c: has(6) ? reader.sfloat("hba1c") : null,
  };
}

/**
 * Bluetooth SIG Glucose Measurement Context. It has no time: it belongs to the measurement of the same sequence number,
 * which must stand before it in the same capture.
 *
 * @throws RefusedInput CONTEXT_MISSING
 */
const codec: Codec = {
  name: NAME,
  display: "Glucose, context",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const said = parseGlucoseContext(reader);
    const { sequence, carbohydrate, meal, tester, health, exercise, medication, hba1c } = said;
    const instant = context.session.glucose?.get(sequence);
    if (!instant) {
      const expected = "the measurement (gatt/2a18) of this sequence number before it in the same capture";
      throw new RefusedInput("CONTEXT_MISSING", { at: "sequenceNumber", format: NAME, offset: 1, expected });
    }
    const found = new Findings(context);
    found.instant = instant;
    if (carbohydrate) found.reading("carbohydrate-intake", "g", carbohydrate.grams, carbohydrate.offset);
    if (hba1c !== null) found.reading("hba1c", "%", hba1c, reader.offset - 2);
    const detail = {
      codec: NAME,
      sequence,
      ...(carbohydrate && { carbohydrate: wordOf(CARBOHYDRATE, carbohydrate.id) }),
      ...(meal !== null && { meal: wordOf(MEAL, meal) }),
      ...(tester !== null && { tester: wordOf(TESTER, tester) }),
      ...(health !== null && { health: wordOf(HEALTH, health) }),
      ...(exercise && {
        exerciseSeconds: exercise.seconds === OVERRUN ? "more than 65534" : exercise.seconds,
        exercisePercent: exercise.percent,
      }),
      ...(medication && {
        medication: wordOf(MEDICATION, medication.id),
        amount: Number.isFinite(medication.amount) ? medication.amount : null,
        unit: medication.unit,
      }),
    };
    if (Object.keys(detail).length > 2) found.event("glucose-context", detail);
    if ((said.flags & 0x80) !== 0) found.ignore(3, "extended flags, which are reserved");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

/** Numbered from 1. */
function wordOf(words: readonly string[], number: number): string {
  return words[number - 1] ?? (number === 15 ? "not available" : `number ${number}`);
}

export default codec;
