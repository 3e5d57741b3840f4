import { driver, SECOND } from "../driver.ts";

/** Polar H10. */
export default driver({
  key: "polar-h10",
  display: "Polar H10",
  kind: "heart-rate-strap",
  identity: {
    manufacturer: /polar.*/i,
    model: /H10/i,
    name: /Polar H10 .*/,
    services: ["180d"],
  },
  transports: ["bluetooth"],
  codecs: [
    "gatt/2a37",
    "gatt/2a38",
    "gatt/2a19",
    "gatt/2a24",
    "gatt/2a25",
    "gatt/2a26",
    "gatt/2a27",
    "gatt/2a28",
    "gatt/2a29",
  ],
  signals: {
    "heart-rate": SECOND,
    "rr-interval": null,
    "energy-burned": null,
    "wear-state": null,
    "battery-level": null,
  },
  offlineAfterMs: null,
  clock: "none",
  tested: {
    by: "vectors",
    source:
      "names and services as public clients of this model look for them; decoded by the vectors of its characteristics",
  },
});
