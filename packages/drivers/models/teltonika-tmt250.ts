import { driver, HOUR, MINUTE } from "../driver.ts";

/** Teltonika TMT250. */
export default driver({
  key: "teltonika-tmt250",
  display: "Teltonika TMT250",
  kind: "sos-pendant",
  identity: {
    manufacturer: /teltonika.*/i,
    model: /TMT250.*/,
  },
  transports: ["cellular"],
  codecs: [],
  signals: {
    "battery-level": 12 * HOUR,
    "location-latitude": null,
    "location-longitude": null,
  },
  offlineAfterMs: 2 * MINUTE,
  unheardAfterMs: 30 * MINUTE,
  clock: "own",
  tested: {
    by: "untested",
    source:
      "alarm button and position as its public protocol description says; its protocol is not decoded, so that a gateway has to send events",
  },
});
