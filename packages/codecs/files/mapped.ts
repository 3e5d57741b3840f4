import type { Codec } from "../codec.ts";
import { malformed } from "../reader.ts";
import { cutCsv, cutJson } from "./cut-rows.ts";
import { mapText } from "./map-rows.ts";
import { type Mapping, parseMapping } from "./mapping.ts";
import { checkSize, type FileFormat } from "./piece.ts";
import { textOf } from "./read-xml.ts";

const NAME = "files/mapped";
const LF = 0x0a;
const MAX_MAPPING = 65_536;

/** A table or an array of objects with the mapping that reads it: the mapping as JSON in the first line, and the rest behind it. */
const codec: Codec = {
  name: NAME,
  display: "a CSV or JSON file by a mapping",
  decode(bytes, context) {
    checkSize(bytes);
    const end = bytes.indexOf(LF);
    if (end < 0 || end > MAX_MAPPING) throw malformed(NAME, "mapping", 0, "a first line that is the mapping as JSON");
    let given: unknown;
    try {
      given = JSON.parse(textOf(bytes.subarray(0, end), NAME));
    } catch {
      throw malformed(NAME, "mapping", 0, "a first line that is the mapping as JSON");
    }
    return mapText(textOf(bytes.subarray(end + 1), NAME), parseMapping(given), NAME, context).close();
  },
};

export default codec;

/** @param given as JSON.parse gives it; @throws RefusedInput FIELD_INVALID, SIGNAL_UNKNOWN */
export function mappedFormat(given: unknown): FileFormat {
  const mapping = parseMapping(given);
  return formatOf(NAME, "by a mapping", mapping, () => true, new TextEncoder().encode(`${JSON.stringify(given)}\n`));
}

/** @param before what stands before each piece */
export function formatOf(
  codecName: string,
  display: string,
  mapping: Mapping,
  isOf: FileFormat["isOf"],
  before = new Uint8Array(0),
): FileFormat {
  const { kind, delimiter, columns, time, values } = mapping;
  const wanted =
    columns.length > 0 ? columns : [time.columns[0] ?? "", ...values.slice(0, 1).map(({ column }) => column)];
  return {
    codec: codecName,
    display,
    isOf,
    cut: (source) =>
      kind === "json"
        ? cutJson(source, { format: codecName, before })
        : cutCsv(source, {
            format: codecName,
            delimiter,
            before,
            isHeader: (cells) => {
              const names = new Set(cells.map((name) => name.trim()));
              return wanted.every((column) => names.has(column));
            },
          }),
  };
}
