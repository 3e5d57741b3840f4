import { model } from "../driver.ts";
import sosPendant from "../types/sos-pendant.ts";

/** Teltonika TMT250. */
export default model({
  key: "teltonika-tmt250",
  display: "Teltonika TMT250",
  of: sosPendant,
  identity: {
    manufacturer: /teltonika.*/i,
    model: /TMT250.*/,
  },
  transports: ["cellular"],
  without: ["steps", "wear-state"],
  tested: {
    by: "untested",
    source:
      "alarm button and position as its public protocol description says; its protocol is not decoded, so that a gateway has to send events",
  },
});
