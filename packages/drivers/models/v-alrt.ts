import { driver, HOUR, MINUTE } from "../driver.ts";

/** V.ALRT pendant. */
export default driver({
  key: "v-alrt",
  display: "V.ALRT pendant",
  kind: "sos-pendant",
  identity: {
    name: /V\.ALRT.*/,
  },
  transports: ["bluetooth"],
  codecs: ["gatt/2a19", "gatt/2a24", "gatt/2a25", "gatt/2a26", "gatt/2a27", "gatt/2a28", "gatt/2a29"],
  signals: {
    "battery-level": 12 * HOUR,
  },
  offlineAfterMs: 2 * MINUTE,
  unheardAfterMs: 30 * MINUTE,
  clock: "own",
  tested: { by: "untested", source: "name as public clients look for it; a gateway sends its button as an event" },
});
