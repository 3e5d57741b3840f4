import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fromHex } from "../binary-text.ts";
import { decodeRaw } from "../raw.ts";
import { ByteReader } from "../reader.ts";
import { contextOf } from "../testing/vectors.ts";
import { parseTemperature } from "./2a1c-temperature.ts";
import { parseCurrentTime } from "./2a2b-current-time.ts";
import { parseContinuous, parseSpotCheck } from "./2a5e-pulse-oximetry.ts";
import { parseWeight } from "./2a9d-weight.ts";
import { parseGlucose } from "./2a18-glucose.ts";
import { parsePnpId, parseSystemId } from "./2a24-device-information.ts";
import { parseGlucoseContext } from "./2a34-glucose-context.ts";
import { parseBloodPressure } from "./2a35-blood-pressure.ts";
import { parseHeartRate } from "./2a37-heart-rate.ts";
import { parseRecordAccess } from "./2a52-record-access.ts";
import { parseCgm } from "./2aa7-cgm-measurement.ts";
import { parseCgmFeature, parseCgmRunTime, parseCgmStatus } from "./2aa9-cgm-status.ts";
import { parseSessionStart } from "./2aaa-cgm-session-start.ts";
import { parsePumpStatus } from "./2b21-insulin-delivery.ts";
import { e2eCrc } from "./crc.ts";
import { type DateTime, readDateTime, shownBy } from "./date-time.ts";

/** What somebody else decoded independently, field by field and under their names. */
interface DataVector {
  readonly characteristic: string;
  readonly hex: string;
  readonly valid: boolean;
  readonly expected: Record<string, unknown>;
  readonly description: string;
}

type Stated = Record<string, unknown>;
const hexOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (hex: string) => fromHex(hex.replaceAll(" ", "").toLowerCase()) ?? assert.fail(hex);
const unitOf = (unit: string) => ({ "mm[Hg]": "mmHg", "[degF]": "degF" })[unit] ?? unit;
const contacts = { "not-supported": "not_supported", "not-detected": "not_detected", detected: "detected" };
const rounded = (value: number) => Math.round(value * 1000) / 1000;
const when = (time: DateTime | null, key: string): Stated => (time ? { [key]: { ...time } } : {});
const given = (key: string, value: unknown): Stated => (value === null ? {} : { [key]: value });
const number = (value: number) => (Number.isNaN(value) ? "NaN" : value);

function crcOf(crc: number | null): Stated {
  return crc === null ? {} : { e2e_crc: crc, e2e_crc_valid: true };
}

function pressureStatus(status: number | null): Stated {
  if (status === null) return {};
  return {
    measurement_status_raw: status,
    measurement_status: {
      body_movement: (status & 1) !== 0,
      cuff_too_loose: (status & 2) !== 0,
      irregular_pulse: (status & 4) !== 0,
      pulse_rate_range: ["in_range", "above_upper", "below_lower"][(status >> 3) & 3],
      improper_position: (status & 32) !== 0,
    },
  };
}

const STATED: Readonly<Record<string, (reader: ByteReader) => Stated>> = {
  "2A08": (reader) => ({ ...readDateTime(reader, "dateTime") }),
  "2A18"(reader) {
    const { flags, sequence, baseTime, timeOffsetMinutes, concentration, isMolar, type, location, status } =
      parseGlucose(reader);
    const value = concentration === null ? 0 : ((concentration << 20) >> 20) * 10 ** ((concentration << 16) >> 28);
    return {
      flags,
      sequence_number: sequence,
      base_time: { ...baseTime },
      ...((flags & 1) !== 0 && { time_offset_min: timeOffsetMinutes }),
      ...(concentration !== null && {
        concentration_unit: isMolar ? "mol/L" : "kg/L",
        concentration: Number(value.toPrecision(6)),
        [isMolar ? "concentration_mmol_L" : "concentration_mg_dL"]: Number(
          (value * (isMolar ? 1e3 : 1e5)).toPrecision(6),
        ),
        type,
        sample_location: location,
      }),
      ...given("sensor_status_raw", status),
      context_follows: (flags & 16) !== 0,
    };
  },
  "2A19": (reader) => ({ battery_percent: reader.u8("level") }),
  "2A1C"(reader) {
    const { flags, unit, temperature, time } = parseTemperature(reader);
    return { flags, unit: unitOf(unit), temperature: number(temperature), ...when(time, "timestamp") };
  },
  "2A2B"(reader) {
    const { time, dayOfWeek, fractions, reason } = parseCurrentTime(reader);
    return { ...time, day_of_week: dayOfWeek, fractions256: fractions, adjust_reason: reason };
  },
  "2A34"(reader) {
    const { flags, sequence, carbohydrate, meal, tester, health, exercise, medication, hba1c } =
      parseGlucoseContext(reader);
    return {
      flags,
      sequence_number: sequence,
      ...(carbohydrate && { carbohydrate_id: carbohydrate.id, carbohydrate_kg: carbohydrate.grams / 1000 }),
      ...given("meal", meal),
      ...given("tester", tester),
      ...given("health", health),
      ...(exercise && {
        exercise_duration_s: exercise.seconds,
        exercise_intensity_percent: exercise.percent,
      }),
      ...(medication && {
        medication_id: medication.id,
        medication: Number((medication.amount / (medication.unit === "mg" ? 1e6 : 1e3)).toPrecision(6)),
        medication_unit: medication.unit === "mg" ? "kg" : "L",
      }),
      ...given("hba1c_percent", hba1c),
    };
  },
  "2A35"(reader) {
    const { flags, unit, systolic, diastolic, mean, time, pulseRate, user, status } = parseBloodPressure(reader);
    return {
      flags,
      unit: unitOf(unit),
      systolic,
      diastolic,
      mean_arterial_pressure: mean,
      ...when(time, "timestamp"),
      ...given("pulse_rate_bpm", pulseRate),
      ...given("user_id", user),
      ...pressureStatus(status),
    };
  },
  "2A36"(reader) {
    const { flags, unit, systolic, time, pulseRate, user, status } = parseBloodPressure(reader);
    return {
      flags,
      unit: unitOf(unit),
      current_cuff_pressure: systolic,
      ...when(time, "timestamp"),
      ...given("pulse_rate_bpm", pulseRate),
      ...given("user_id", user),
      ...pressureStatus(status),
    };
  },
  "2A37"(reader) {
    const { flags, heartRate, contact, energyKj, rrIntervals } = parseHeartRate(reader);
    return {
      flags,
      heart_rate_bpm: heartRate,
      sensor_contact: contacts[contact],
      ...given("energy_expended_kJ", energyKj),
      ...(rrIntervals.length > 0 && {
        rr_intervals_1_1024s: [...rrIntervals],
        rr_intervals_ms: rrIntervals.map((interval) => rounded((interval * 1000) / 1024)),
      }),
    };
  },
  "2A38": (reader) => ({ body_sensor_location: reader.u8("location") }),
  "2A52"(reader) {
    const { opCode, operator, operand, request, response } = parseRecordAccess(reader);
    return {
      op_code: opCode,
      operator,
      operand_hex: hexOf(operand),
      ...given("request_op_code", request),
      ...given("response_code", response),
    };
  },
  "2A5E"(reader) {
    const { flags, spo2, pulseRate, time, measurement, sensor, amplitude } = parseSpotCheck(reader);
    return {
      flags,
      spo2_percent: spo2,
      pulse_rate_bpm: number(pulseRate),
      ...when(time, "timestamp"),
      ...given("measurement_status_raw", measurement),
      ...given("device_sensor_status_raw", sensor),
      ...given("pulse_amplitude_index_percent", amplitude),
      device_clock_not_set: (flags & 16) !== 0,
    };
  },
  "2A5F"(reader) {
    const { flags, spo2, pulseRate, fast, slow, measurement, sensor, amplitude } = parseContinuous(reader);
    return {
      flags,
      spo2_percent: spo2,
      pulse_rate_bpm: pulseRate,
      ...(fast && { spo2_fast_percent: fast[0], pulse_rate_fast_bpm: fast[1] }),
      ...(slow && { spo2_slow_percent: slow[0], pulse_rate_slow_bpm: slow[1] }),
      ...given("measurement_status_raw", measurement),
      ...given("device_sensor_status_raw", sensor),
      ...given("pulse_amplitude_index_percent", amplitude),
    };
  },
  "2A9D"(reader) {
    const { flags, unit, raw, weight, time, user, bmi, height, heightUnit } = parseWeight(reader);
    return {
      flags,
      unit,
      weight_raw: raw,
      weight,
      ...when(time, "timestamp"),
      ...given("user_id", user),
      ...given("bmi", bmi),
      ...(height !== null && { height, height_unit: heightUnit }),
    };
  },
  "2AA7": (reader) => ({
    records: parseCgm(reader).map(({ size, flags, glucose, minutes, status, calibration, warning, ...rest }) => ({
      size,
      flags,
      glucose_mg_dL: number(glucose),
      time_offset_min: minutes,
      ...given("status_octet", status),
      ...given("cal_temp_octet", calibration),
      ...given("warning_octet", warning),
      ...given("trend_mg_dL_min", rest.trend),
      ...given("quality_percent", rest.quality),
      ...crcOf(rest.crc),
    })),
  }),
  "2AA8"(reader) {
    const { features, type, location, crc } = parseCgmFeature(reader);
    return { feature_raw: features, type, sample_location: location, e2e_crc_supported: crc !== null, ...crcOf(crc) };
  },
  "2AA9"(reader) {
    const { minutes, status, crc } = parseCgmStatus(reader);
    return { time_offset_min: minutes, status_raw: status, ...crcOf(crc) };
  },
  "2AAA"(reader) {
    const { time, timeZone, dst, crc } = parseSessionStart(reader);
    return { start_time: { ...time }, time_zone_quarter_hours: timeZone, dst_offset_code: dst, ...crcOf(crc) };
  },
  "2AAB"(reader) {
    const { hours, crc } = parseCgmRunTime(reader);
    return { run_time_h: hours, ...crcOf(crc) };
  },
};

const data = new URL("../../../../shared/data/ble/gatt-vectors.json", import.meta.url);
test("every vector of the data set decodes to what it states, or is refused as it states", (t) => {
  if (!existsSync(data)) return t.skip("../shared/data is not there");
  const vectors = JSON.parse(readFileSync(data, "utf8")) as DataVector[];
  assert.ok(vectors.length >= 78, `${vectors.length} vectors`);
  for (const { characteristic, hex, valid, expected, description } of vectors) {
    const stated = STATED[characteristic] ?? STATED["2A1C"];
    const label = `${characteristic} ${hex} ${description}`;
    const reader = new ByteReader(bytesOf(hex), characteristic);
    if (valid) {
      assert.deepEqual(stated?.(reader), expected, label);
      assert.equal(reader.left, 0, label);
    } else assert.throws(() => stated?.(reader), { code: "MALFORMED_BYTES" }, label);
    // The same through the door: nothing but a refusal for a value that is not valid, or that others must stand before.
    const decode = () => decodeRaw(bytesOf(hex), `gatt/${characteristic.toLowerCase()}`, contextOf({}));
    if (!valid) assert.throws(decode, { code: "MALFORMED_BYTES" }, label);
    else if (["2AA7", "2A34"].includes(characteristic)) assert.throws(decode, { code: "CONTEXT_MISSING" }, label);
    else decode();
  }
  return undefined;
});

function readingsOf(codec: string, bytes: Uint8Array): Readonly<Record<string, number | undefined>> {
  const { readings } = decodeRaw(bytes, codec, contextOf({}));
  return Object.fromEntries(readings.map(({ signal, values }) => [signal, values[0]]));
}

/** What the reference states of a value, as far as it goes. */
const REFERENCE: Readonly<Record<string, (reader: ByteReader) => Stated | string>> = {
  ...STATED,
  "2A23": (reader) => {
    const { manufacturer, oui } = parseSystemId(reader);
    return { manufacturer_id: manufacturer, oui };
  },
  "2A50": (reader) => {
    const { source, vendor, product, version } = parsePnpId(reader);
    const hex = (value: number) => `0x${value.toString(16).toUpperCase().padStart(4, "0")}`;
    return { vendor_source: source, vendor: hex(vendor), product: hex(product), version: hex(version) };
  },
  "2A9C": (reader) => {
    const values = readingsOf("gatt/2a9c", reader.bytes);
    return {
      body_fat_pct: values["body-fat"] ?? null,
      basal_metabolism_kJ: values["basal-metabolism"],
      impedance_ohm: values["body-impedance"],
      weight: values["body-weight"],
    };
  },
  "2B23": (reader) => ({ concentration_IU_mL: readingsOf("gatt/2b23", reader.bytes)["insulin-concentration"] }),
  "2B34": (reader) => {
    const values = readingsOf("gatt/2b34", reader.bytes);
    return {
      systolic: values["nibp-systolic"],
      diastolic: values["nibp-diastolic"],
      mean_arterial_pressure: values["nibp-mean"],
      pulse_rate_bpm: values["pulse-rate-nibp"],
    };
  },
  "2B21": (reader) => {
    const { therapy, operation, reservoir, isAttached } = parsePumpStatus(reader);
    return { therapy, operational: operation, reservoir_IU: number(reservoir), reservoir_attached: isAttached };
  },
};
/** Its names for what the data set names otherwise. */
const ALSO: Readonly<Record<string, string>> = {
  heart_rate: "heart_rate_bpm",
  energy_kJ: "energy_expended_kJ",
  rr_1024: "rr_intervals_1_1024s",
  map: "mean_arterial_pressure",
  pulse_rate: "pulse_rate_bpm",
  cuff: "current_cuff_pressure",
  spo2: "spo2_percent",
  pulse_amplitude_index: "pulse_amplitude_index_percent",
  clock_not_set: "device_clock_not_set",
  sequence: "sequence_number",
  location: "sample_location",
  carb_id: "carbohydrate_id",
  carb_kg: "carbohydrate_kg",
  exercise_s: "exercise_duration_s",
  exercise_pct: "exercise_intensity_percent",
  hba1c_pct: "hba1c_percent",
  medication_L: "medication",
  mg_per_dL: "concentration_mg_dL",
  kg_per_L: "concentration",
  mol_per_L: "concentration",
  mmol_per_L: "concentration_mmol_L",
  level_pct: "battery_percent",
};

const reference = new URL("../../../../shared/reference/gatt.json", import.meta.url);
test("every number that the reference states of a value is what comes out", (t) => {
  if (!existsSync(reference)) return t.skip("../shared/reference is not there");
  const { characteristics } = JSON.parse(readFileSync(reference, "utf8")) as {
    characteristics: { uuid: string; vectors: { hex: string; decoded: Stated }[] }[];
  };
  let compared = 0;
  for (const { uuid, vectors } of characteristics) {
    const stated = REFERENCE[uuid.slice(2)];
    if (!stated) continue;
    for (const { hex, decoded } of vectors) {
      const flat = stated(new ByteReader(bytesOf(hex), uuid)) as Stated;
      const own: Stated = { ...flat, ...((flat.records as Stated[] | undefined)?.[0] ?? {}) };
      for (const [name, value] of Object.entries(decoded)) {
        const found = own[ALSO[name] ?? name];
        if (found === undefined || Array.isArray(found)) continue;
        if (typeof value === "string" && typeof found === "string" && name !== "therapy") continue;
        if (typeof found === "object" && found !== null) {
          const shown = new Date(shownBy(found as unknown as DateTime)).toISOString().slice(0, 19);
          assert.equal(shown, value, `${uuid} ${hex} ${name}`);
          continue;
        }
        const wanted = typeof found === "number" && String(value).startsWith("0x") ? Number(value) : (value ?? "NaN");
        assert.equal(typeof found === "number" ? number(found) : (found ?? "NaN"), wanted, `${uuid} ${hex} ${name}`);
        compared++;
      }
    }
  }
  assert.ok(compared > 90, `${compared} numbers compared`);
  return undefined;
});

test("the CRC has the check values of the specification", () => {
  const digits = new TextEncoder().encode("123456789");
  assert.equal(e2eCrc(digits, 0, digits.length), 0x6f91);
  assert.equal(e2eCrc(bytesOf("3e 01 02 03 04 05 06 07 08 09"), 0, 10), 0x2f01);
});
