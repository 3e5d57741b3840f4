import type { Codec, DecodeContext, Instant } from "../codec.ts";
import { malformed } from "../reader.ts";
import { Gathered, numberOf } from "./gathered.ts";
import { cutWhole, type FileFormat } from "./piece.ts";
import { readXml, type XmlPlace } from "./read-xml.ts";
import { instantIn } from "./times.ts";

const NAME = "files/tcx";
const ROOT = "TrainingCenterDatabase";
const LEFT = new Map([
  ["Position", "position"],
  ["AltitudeMeters", "altitude"],
  ["DistanceMeters", "distance so far"],
  ["Cadence", "cadence"],
  ["RunCadence", "cadence"],
  ["Watts", "power"],
]);

/** Training Center XML: trackpoints, and each activity with the sums of its laps. Positions are not taken. */
const codec: Codec = {
  name: NAME,
  display: "TCX",
  decode(bytes, context) {
    const found = new Gathered();
    readXml(bytes, NAME, (place) => {
      const reading = new Reading(found, context, place);
      return {
        open: (name, attributes, depth) => reading.open(name, attributes, depth),
        close: (name, text) => reading.close(name, text),
      };
    });
    return found.close();
  },
};

export default codec;

export const tcx: FileFormat = {
  codec: NAME,
  display: "TCX",
  isOf: (_name, head) => new TextDecoder().decode(head).includes(`<${ROOT}`),
  cut: cutWhole,
};

class Reading {
  readonly #found: Gathered;
  readonly #context: DecodeContext;
  readonly #place: XmlPlace;
  readonly #path: string[] = [];
  #item = -1;
  #at: Instant | null = null;
  #rate = Number.NaN;
  #speed = Number.NaN;
  #activity = "";
  #from: Instant | null = null;
  #sums = { seconds: 0, distance: 0, energy: 0 };

  constructor(found: Gathered, context: DecodeContext, place: XmlPlace) {
    this.#found = found;
    this.#context = context;
    this.#place = place;
  }

  open(name: string, attributes: Readonly<Record<string, string>>, depth: number): void {
    if (depth === 1 && name !== ROOT) throw malformed(NAME, "root", this.#place.offset(), ROOT);
    this.#path.push(name);
    if (name === "Activity") {
      this.#activity = attributes.Sport ?? "";
      this.#from = null;
      this.#sums = { seconds: 0, distance: 0, energy: 0 };
    } else if (name === "Lap") this.#from ??= instantIn(attributes.StartTime ?? "", this.#context);
    else if (name === "Trackpoint") {
      this.#item++;
      this.#at = null;
      this.#rate = Number.NaN;
      this.#speed = Number.NaN;
    }
  }

  close(name: string, text: string): void {
    this.#path.pop();
    const parent = this.#path.at(-1);
    if (name === "Trackpoint") this.#point();
    else if (name === "Activity") this.#end();
    else if (parent === "Lap") this.#lap(name, text);
    else if (name === "Time" && parent === "Trackpoint") this.#at = instantIn(text.trim(), this.#context);
    else if (name === "Value" && parent === "HeartRateBpm" && this.#path.at(-2) === "Trackpoint") {
      this.#rate = this.#number(text, "HeartRateBpm");
    } else if (name === "Speed" && parent === "TPX") this.#speed = this.#number(text, "Speed");
    else if (parent === "Trackpoint" || parent === "TPX") {
      const what = LEFT.get(name);
      if (what !== undefined) this.#found.ignore(`trackpoint: ${what}`, this.#place.offset());
    }
  }

  #number(text: string, field: string): number {
    const value = numberOf(text);
    if (Number.isNaN(value))
      this.#found.refuse(Math.max(this.#item, 0), "VALUE_NOT_A_NUMBER", field, "a decimal number");
    return value;
  }

  #point(): void {
    const has = !(Number.isNaN(this.#rate) && Number.isNaN(this.#speed));
    if (!has) return;
    if (!this.#at) return void this.#found.refuse(this.#item, "TIME_MALFORMED", "Time", "an XML dateTime");
    if (!Number.isNaN(this.#rate)) this.#found.pulse(this.#item, this.#rate, this.#at, this.#place.offset());
    if (!Number.isNaN(this.#speed)) this.#found.reading(this.#item, "speed", "m/s", this.#speed, this.#at);
  }

  #lap(name: string, text: string): void {
    const value = numberOf(text);
    if (Number.isNaN(value)) return;
    if (name === "TotalTimeSeconds") this.#sums.seconds += value;
    else if (name === "DistanceMeters") this.#sums.distance += value;
    else if (name === "Calories") this.#sums.energy += value;
  }

  #end(): void {
    const { seconds, distance, energy } = this.#sums;
    if (!this.#from) return;
    this.#found.event("workout", this.#from, {
      activity: this.#activity,
      minutes: Math.round(seconds / 0.6) / 100,
      distance: `${Math.round(distance * 100) / 100} m`,
      energy: `${energy} kcal`,
    });
  }
}
