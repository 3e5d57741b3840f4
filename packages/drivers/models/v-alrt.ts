import { model } from "../driver.ts";
import sosPendant from "../types/sos-pendant.ts";

/** V.ALRT pendant. */
export default model({
  key: "v-alrt",
  display: "V.ALRT pendant",
  of: sosPendant,
  identity: {
    name: /V\.ALRT.*/,
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a19", "gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  without: ["location-latitude", "location-longitude", "steps", "wear-state"],
  tested: { by: "untested", source: "name as public clients look for it; a gateway sends its button as an event" },
});
