import { RefusedInput } from "@openward/errors";
import type { Place } from "../sources/source.ts";
import { TEXTS_ORDER } from "../sources/texts.ts";
import { isUuid } from "../uuid.ts";

/**
 * The place among Observations that a cursor has: time, order, and the source's own key.
 *
 * @throws RefusedInput FIELD_INVALID where it is none
 */
export function placeIn([time, order, ...key]: readonly (string | number)[]): Place {
  const isReading = String(order).endsWith(" 0");
  const isText = order === TEXTS_ORDER;
  // What has no date stands at an infinity, which a cursor has by its name.
  const isTime = isText ? !Number.isNaN(Number(time)) : Number.isSafeInteger(time);
  const isKey = isText
    ? Number.isSafeInteger(key[0])
    : !isReading || (isUuid(String(key[0])) && Number.isSafeInteger(key[1]));
  if (!isTime || !isKey)
    throw new RefusedInput("FIELD_INVALID", { at: "http._cursor", expected: "the cursor of a next link" });
  return { time: Number(time), order: String(order), key };
}
