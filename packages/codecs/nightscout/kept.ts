import type { Codec, DecodeContext } from "../codec.ts";
import { Gathered } from "../files/gathered.ts";
import { type Document, nameTheRest, numberIn, OF_THE_DOCUMENT, readDocuments, timeOf, wordIn } from "./document.ts";

type Read = (found: Gathered, item: number, document: Document, context: DecodeContext) => void;

/** Collections of which nothing, or little, is measured: their documents are kept, and what is not read is named. */
function kept(collection: string, display: string, read: Read): Codec {
  const name = `nightscout/${collection}`;
  return {
    name,
    display: `Nightscout, ${display}`,
    decode(bytes, context) {
      const found = new Gathered();
      for (const [item, document] of readDocuments(bytes, name).entries()) read(found, item, document, context);
      return found.close();
    },
  };
}

const nothing =
  (what: string): Read =>
  (found) =>
    found.ignore(what, 0);

/** What somebody meant to set, and not what a pump runs. */
export const profile = kept("profile", "profiles", nothing("profile: basal rates, ratios and targets"));
export const food = kept("food", "food", nothing("food of a list"));
export const settings = kept("settings", "settings", nothing("settings of an app"));

const PULSE = new Set([...OF_THE_DOCUMENT, "type", "timeStamp", "bpm"]);

/** @source NightscoutFoundation/xDrip NightscoutUploader.java: heart rate, steps and movement of a watch */
export const activity = kept("activity", "activity", (found, item, document, context) => {
  const type = wordIn(document.type);
  if (type !== "hr-bpm") return void found.ignore(`activity: ${type.slice(0, 60) || "no type"}`, 0);
  const at = timeOf(found, document, ["timeStamp", "created_at"], context);
  if (!at) return void found.refuse(item, "TIME_MALFORMED", "timeStamp", "milliseconds UTC");
  const rate = numberIn(document.bpm);
  if (Number.isNaN(rate)) return void found.refuse(item, "VALUE_NOT_A_NUMBER", "bpm", "a number");
  found.pulse(item, rate, at, 0);
  nameTheRest(found, document, PULSE);
});
