import type { Codec, DecodeContext, Instant, Subject } from "../codec.ts";
import { Findings, receptionOf } from "../findings.ts";
import { malformed } from "../reader.ts";
import { codesOf } from "./codes.ts";
import { firstOf, type Message, parseMessage, partsOf, type Segment } from "./message.ts";
import { ObservationReader } from "./observation.ts";
import { checkProfile } from "./profile.ts";
import { textOf } from "./text.ts";
import { instantOfTime, offsetOfTime } from "./times.ts";

const NAME = "hl7v2/pcd01";
/** Kinds of numbers that tell who somebody is, and not what they came for. HL7 table 0203. */
const RECORD_NUMBERS = new Set(["", "MR", "MRT", "PI", "PT"]);

/** IHE DEC: observations of devices, as ORU^R01 with codes of ISO/IEEE 11073-10101. */
const codec: Codec = {
  name: NAME,
  display: "HL7 v2: observations of devices (IHE PCD-01)",
  decode(bytes, context) {
    const message = parseMessage(bytes, NAME);
    checkProfile(message, bytes, NAME);
    const found = new Findings(context);
    const times = timesOf(message, context);
    const reader = new ObservationReader(message, codesOf(message.delimiters), found, times);
    const left = new Set<string>();
    let hasOrder = false;
    for (const segment of message.segments) {
      switch (segment.name) {
        case "MSH":
        case "PV1":
          break;
        case "PID":
          found.subject = subjectOf(segment, message);
          break;
        case "OBR":
          hasOrder = true;
          reader.order(segment);
          break;
        case "OBX":
          if (!hasOrder) throw malformed(NAME, "OBX", segment.offset, "OBR before it");
          reader.observation(segment);
          break;
        default:
          if (left.has(segment.name)) break;
          left.add(segment.name);
          reader.ignore(segment.offset, `segments ${segment.name}`);
      }
    }
    reader.close();
    if (!reader.hasMdc) throw malformed(NAME, "OBX-3", bytes.length, "an observation with a code of MDC");
    return found;
  },
};

export default codec;

/** The same time stands in most rows. */
function timesOf(message: Message, context: DecodeContext): (text: string) => Instant | undefined {
  const utcOffsetMinutes = offsetOfTime(message.msh.field(7).trim());
  let last: string | undefined;
  let instant: Instant | undefined;
  return (text) => {
    if (text !== last) {
      last = text;
      instant = text === "" ? receptionOf(context) : instantOfTime(text, utcOffsetMinutes, context);
    }
    return instant;
  };
}

function subjectOf(pid: Segment, message: Message): Subject | undefined {
  const { component, repetition } = message.delimiters;
  const identifiers: string[] = [];
  for (const each of partsOf(pid.field(3), repetition)) {
    const parts = partsOf(each, component);
    const type = firstOf(parts[4] ?? "", message.delimiters.subcomponent).trim();
    const identifier = textOf(parts[0] ?? "", message).trim();
    // "" between quotation marks is the standard's way to say that there is none.
    if (identifier !== "" && identifier !== '""' && RECORD_NUMBERS.has(type)) identifiers.push(identifier);
  }
  return identifiers.length > 0 ? { identifiers } : undefined;
}
