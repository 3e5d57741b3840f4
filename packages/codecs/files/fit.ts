import type { Codec } from "../codec.ts";
import { FitContent, offsetOf } from "./fit/messages.ts";
import { readFit } from "./fit/reader.ts";
import { Gathered } from "./gathered.ts";
import { checkSize, cutWhole, type FileFormat } from "./piece.ts";

const NAME = "files/fit";

/** FIT, of Garmin, Wahoo, Coros and others: activities and days. Positions are not taken. */
const codec: Codec = {
  name: NAME,
  display: "FIT",
  decode(bytes) {
    checkSize(bytes);
    const found = new Gathered();
    let utcOffsetMinutes: number | null = null;
    readFit(bytes, NAME, (message) => {
      utcOffsetMinutes ??= offsetOf(message);
    });
    const content = new FitContent(found, utcOffsetMinutes);
    readFit(bytes, NAME, (message) => content.take(message));
    return found.close();
  },
};

export default codec;

export const fit: FileFormat = {
  codec: NAME,
  display: "FIT",
  isOf: (_name, head) => head.length > 12 && new TextDecoder("latin1").decode(head.subarray(8, 12)) === ".FIT",
  cut: cutWhole,
};
