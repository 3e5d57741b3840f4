import { malformed } from "../reader.ts";
import { firstOf, type Message, partsOf } from "./message.ts";

/** Names of the profiles of IHE's device domain begin with it, of either of its two arcs. */
const IHE_DEVICES = "1.3.6.1.4.1.19376.1.6.";
const OBSERVATIONS = "1.3.6.1.4.1.19376.1.6.1.1.1";

/**
 * Is this an observation report, of today's patients? A message of another profile under the same type says something
 * that nobody here would hear (who wears the device from now on): whoever sent it is told so.
 *
 * @throws RefusedInput MALFORMED_BYTES, at MSH-9, MSH-11, MSH-12, MSH-18 or MSH-21
 */
export function checkProfile(message: Message, bytes: Uint8Array, format: string): void {
  const { msh, delimiters } = message;
  const refuse = (field: number, expected: string): never => {
    throw malformed(format, `MSH-${field}`, msh.offsetOf(field), expected);
  };
  const [type = "", trigger = ""] = partsOf(msh.field(9), delimiters.component);
  if (type.trim() !== "ORU" || trigger.trim() !== "R01") refuse(9, "ORU^R01");
  // Training and debugging are no patient's.
  if (firstOf(msh.field(11), delimiters.component).trim() !== "P") refuse(11, "P (production)");
  if (!/^2\.[3-9](?:\.\d)?$/.test(firstOf(msh.field(12), delimiters.component).trim())) refuse(12, "2.3 to 2.9");
  if (message.charset === null && bytes.some((byte) => byte > 127)) refuse(18, "ASCII, UNICODE UTF-8 or 8859/1");
  for (const field of [20, 21]) {
    const profiles = partsOf(msh.field(field), delimiters.repetition);
    const others = profiles.filter((profile) => {
      const [, , oid = ""] = partsOf(profile, delimiters.component);
      return oid.trim().startsWith(IHE_DEVICES) && oid.trim() !== OBSERVATIONS;
    });
    if (others.length === profiles.length)
      refuse(field, `the profile of observations (${OBSERVATIONS}), or none of IHE`);
  }
}
