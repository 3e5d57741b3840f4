import type { Codec } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";

const NAME = "gatt/2a19";

/** Bluetooth SIG Battery Level: of the device, so it is its status and no reading of a patient. */
const codec: Codec = {
  name: NAME,
  display: "Battery level",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, NAME);
    const level = reader.u8("level");
    if (level > 100) reader.refuse("level", 0, "percent, 0 to 100");
    const found = new Findings(context);
    found.online({ battery: level });
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

export default codec;
