import type { Codec, DecodeContext, Instant } from "../codec.ts";
import { malformed } from "../reader.ts";
import { Gathered, numberOf } from "./gathered.ts";
import { cutWhole, type FileFormat } from "./piece.ts";
import { readXml, type XmlPlace } from "./read-xml.ts";
import { instantIn } from "./times.ts";

const NAME = "files/gpx";
const LEFT = new Map([
  ["ele", "altitude"],
  ["cad", "cadence"],
  ["atemp", "temperature of the surroundings"],
  ["wtemp", "temperature of the water"],
  ["depth", "depth"],
  ["course", "course"],
  ["bearing", "course"],
  ["power", "power"],
]);

/** GPX with the extensions of makers for heart rate and speed, by their names whatever the prefix. Positions are not taken. */
const codec: Codec = {
  name: NAME,
  display: "GPX",
  decode(bytes, context) {
    const found = new Gathered();
    readXml(bytes, NAME, (place) => {
      const track = new Track(found, context, place);
      return {
        open: (name, _attributes, depth) => track.open(name, depth),
        close: (name, text) => track.close(name, text),
      };
    });
    return found.close();
  },
};

export default codec;

export const gpx: FileFormat = {
  codec: NAME,
  display: "GPX",
  isOf: (_name, head) => /<gpx[\s>]/.test(new TextDecoder().decode(head)),
  cut: cutWhole,
};

class Track {
  readonly #found: Gathered;
  readonly #context: DecodeContext;
  readonly #place: XmlPlace;
  readonly #path: string[] = [];
  #item = -1;
  #at: Instant | null = null;
  #rate = Number.NaN;
  #speed = Number.NaN;
  #isInPoint = false;
  #type = "";
  #from: Instant | null = null;
  #to: Instant | null = null;

  constructor(found: Gathered, context: DecodeContext, place: XmlPlace) {
    this.#found = found;
    this.#context = context;
    this.#place = place;
  }

  open(name: string, depth: number): void {
    if (depth === 1 && name !== "gpx") throw malformed(NAME, "root", this.#place.offset(), "gpx");
    this.#path.push(name);
    if (name === "trk") {
      this.#type = "";
      this.#from = null;
      this.#to = null;
    } else if (name === "trkpt") {
      this.#item++;
      this.#isInPoint = true;
      this.#at = null;
      this.#rate = Number.NaN;
      this.#speed = Number.NaN;
      this.#found.ignore("track point: position", this.#place.offset());
    } else if (name === "wpt" || name === "rtept") this.#found.ignore(name, this.#place.offset());
  }

  close(name: string, text: string): void {
    this.#path.pop();
    if (name === "trkpt") this.#point();
    else if (name === "trk") this.#end();
    else if (name === "type" && this.#path.at(-1) === "trk") this.#type = text.trim();
    else if (this.#isInPoint) this.#field(name, text);
  }

  #field(name: string, text: string): void {
    const what = LEFT.get(name);
    if (name === "time") this.#at = instantIn(text.trim(), this.#context);
    else if (name === "hr" || name === "heartrate") this.#rate = this.#number(text, name);
    else if (name === "speed") this.#speed = this.#number(text, name);
    else if (what !== undefined) this.#found.ignore(`track point: ${what}`, this.#place.offset());
  }

  #number(text: string, field: string): number {
    const value = numberOf(text);
    if (Number.isNaN(value)) this.#found.refuse(this.#item, "VALUE_NOT_A_NUMBER", field, "a decimal number");
    return value;
  }

  #point(): void {
    this.#isInPoint = false;
    if (this.#at) {
      this.#from ??= this.#at;
      this.#to = this.#at;
    }
    if (Number.isNaN(this.#rate) && Number.isNaN(this.#speed)) return;
    if (!this.#at) return void this.#found.refuse(this.#item, "TIME_MALFORMED", "time", "an XML dateTime");
    if (!Number.isNaN(this.#rate)) this.#found.pulse(this.#item, this.#rate, this.#at, this.#place.offset());
    if (!Number.isNaN(this.#speed)) this.#found.reading(this.#item, "speed", "m/s", this.#speed, this.#at);
  }

  #end(): void {
    if (!this.#from || !this.#to) return;
    const minutes = Math.round((this.#to.time - this.#from.time) / 600) / 100;
    const until = new Date(this.#to.time).toISOString();
    this.#found.event("workout", this.#from, { activity: this.#type, until, minutes });
  }
}
