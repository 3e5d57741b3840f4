import type { Annotation, Coding, Observation } from "@medplum/fhirtypes";
import { QUALITY } from "@openward/model";

export const QUALITY_SYSTEM = "urn:openward:quality";

/** Of those the one that the device itself says. */
const QUESTIONABLE = "questionable";

const flags = [
  {
    bit: QUALITY.timeFromServer,
    code: "time-from-server",
    text: "The device sent no time of its own: the time is when the server received the value.",
  },
  {
    bit: QUALITY.conflicting,
    code: "conflicting",
    text: "The device sent another value for the same time before this one: both are kept.",
  },
  {
    bit: QUALITY.claimed,
    code: "claimed",
    text: "Came from a device that was on no patient at that time; a person gave it to this patient.",
  },
  {
    bit: QUALITY.timeFromGateway,
    code: "time-from-gateway",
    text: "The device sent no time of its own: the time is when its gateway received the value.",
  },
  {
    bit: QUALITY.zoneAssumed,
    code: "zone-assumed",
    text: "The device's time said no time zone: that of the patient was assumed.",
  },
  {
    bit: QUALITY.clockWrong,
    code: "clock-wrong",
    text: "The device's clock was wrong then, or may have been: its Device says how, and whether the time was corrected.",
  },
  { bit: QUALITY.corrected, code: "corrected", text: "A person corrected the value." },
  { bit: QUALITY.questionable, code: QUESTIONABLE, text: "The device marked the value as questionable." },
];

/** Bits of QUALITY for machines (meta.tag) and for people (note); empty objects for a plain good reading. */
export function qualityOf(bits: number): { readonly tag?: Coding[]; readonly note?: Annotation[] } {
  if (bits === 0) return {};
  const set = flags.filter((flag) => (bits & flag.bit) !== 0);
  return {
    tag: set.map(({ code }) => ({ system: QUALITY_SYSTEM, code })),
    note: set.map(({ text }) => ({ text })),
  };
}

/** Did the device itself doubt it? */
export const isQuestionable = ({ meta }: Pick<Observation, "meta">): boolean =>
  meta?.tag?.some(({ system, code }) => system === QUALITY_SYSTEM && code === QUESTIONABLE) ?? false;
