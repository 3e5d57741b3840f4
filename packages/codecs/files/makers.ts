import type { Codec } from "../codec.ts";
import { csvRecords } from "./csv.ts";
import { HEADER_WITHIN, mapText } from "./map-rows.ts";
import { formatOf } from "./mapped.ts";
import { parseMapping } from "./mapping.ts";
import CLARITY from "./mappings/dexcom-clarity.json" with { type: "json" };
import FITBIT_BREATHING from "./mappings/fitbit-breathing.json" with { type: "json" };
import FITBIT_RATE from "./mappings/fitbit-heart-rate.json" with { type: "json" };
import FITBIT_HRV from "./mappings/fitbit-hrv.json" with { type: "json" };
import FITBIT_HRV_DETAILS from "./mappings/fitbit-hrv-details.json" with { type: "json" };
import FITBIT_RESTING from "./mappings/fitbit-resting-heart-rate.json" with { type: "json" };
import FITBIT_SLEEP from "./mappings/fitbit-sleep.json" with { type: "json" };
import FITBIT_SPO2 from "./mappings/fitbit-spo2.json" with { type: "json" };
import FITBIT_STEPS from "./mappings/fitbit-steps.json" with { type: "json" };
import LIBREVIEW from "./mappings/libreview.json" with { type: "json" };
import OMH from "./mappings/open-mhealth.json" with { type: "json" };
import TIDEPOOL from "./mappings/tidepool.json" with { type: "json" };
import { checkSize, type FileFormat } from "./piece.ts";
import { textOf } from "./read-xml.ts";

/** Formats of makers that are tables or arrays: a mapping each, in `mappings/`. */
const MAKERS: readonly {
  readonly name: string;
  readonly display: string;
  readonly mapping: unknown;
  /** Where the content does not tell it. */
  readonly file?: RegExp;
  /** Of JSON: words that the beginning has. */
  readonly has?: RegExp;
}[] = [
  { name: "dexcom-clarity", display: "Dexcom CLARITY, CSV", mapping: CLARITY },
  { name: "libreview", display: "LibreView, CSV", mapping: LIBREVIEW },
  { name: "fitbit-heart-rate", display: "Fitbit, heart rate of Google Takeout", mapping: FITBIT_RATE, has: /"bpm"/ },
  {
    name: "fitbit-steps",
    display: "Fitbit, steps of Google Takeout",
    mapping: FITBIT_STEPS,
    file: /(?:^|\/)steps-[^/]*\.json$/,
  },
  {
    name: "fitbit-sleep",
    display: "Fitbit, sleep of Google Takeout",
    mapping: FITBIT_SLEEP,
    has: /"logId"[\s\S]*"dateOfSleep"/,
  },
  {
    name: "fitbit-resting-heart-rate",
    display: "Fitbit, resting heart rate of Google Takeout",
    mapping: FITBIT_RESTING,
    file: /(?:^|\/)resting_heart_rate-[^/]*\.json$/,
  },
  {
    name: "fitbit-spo2",
    display: "Fitbit, oxygen saturation by the minute of Google Takeout",
    mapping: FITBIT_SPO2,
    // "timestamp, value" many have.
    file: /(?:^|\/)Minute SpO2 - [^/]*\.csv$/,
  },
  { name: "fitbit-hrv", display: "Fitbit, heart rate variability of nights of Google Takeout", mapping: FITBIT_HRV },
  {
    name: "fitbit-hrv-details",
    display: "Fitbit, heart rate variability by five minutes of Google Takeout",
    mapping: FITBIT_HRV_DETAILS,
  },
  { name: "fitbit-breathing", display: "Fitbit, breathing of nights of Google Takeout", mapping: FITBIT_BREATHING },
  {
    name: "tidepool",
    display: "Tidepool, JSON",
    mapping: TIDEPOOL,
    has: /"type"\s*:\s*"(?:cbg|smbg|basal|bolus|upload|wizard)"/,
  },
  { name: "open-mhealth", display: "Open mHealth, JSON", mapping: OMH, has: /"schema_id"/ },
];

const built = MAKERS.map(({ name, display, mapping: given, file, has }): { codec: Codec; format: FileFormat } => {
  const mapping = parseMapping(given);
  const codecName = `files/${name}`;
  const codec: Codec = {
    name: codecName,
    display,
    decode(bytes, context) {
      checkSize(bytes);
      return mapText(textOf(bytes, codecName), mapping, codecName, context).close();
    },
  };
  const isOf: FileFormat["isOf"] = (path, head) => {
    const text = new TextDecoder().decode(head);
    if (mapping.kind === "json") return /^\s*[[{]/.test(text) && (file?.test(path) ?? has?.test(text) ?? false);
    if (file && !file.test(path)) return false;
    let line = 0;
    for (const cells of csvRecords(text, mapping.delimiter)) {
      if (mapping.columns.every((column) => cells.some((cell) => cell.trim() === column))) return true;
      if (++line >= HEADER_WITHIN) return false;
    }
    return false;
  };
  return { codec, format: formatOf(codecName, display, mapping, isOf) };
});

export const makers: readonly Codec[] = built.map(({ codec }) => codec);
export const makersFormats: readonly FileFormat[] = built.map(({ format }) => format);
