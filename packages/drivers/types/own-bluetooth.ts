import { DEVICE_INFORMATION } from "../bluetooth.ts";
import { driver, ON_DEMAND } from "../driver.ts";

/**
 * A patient's own Bluetooth device, heard through the browser while its page is open. What kind it is stands in its name: whatever it
 * is, nobody waits for it, because a strap that is laid aside and a page that is closed are no alarm.
 */
export default driver({
  key: "own-bluetooth",
  display: "Own device, measured in the browser",
  // It may be any kind: nothing that it says of itself speaks against it.
  kind: "generic",
  transports: ["bluetooth"],
  codecs: [
    "gatt/2a37",
    "gatt/2a38",
    "gatt/2a35",
    "gatt/2a1c",
    "gatt/2a5e",
    "gatt/2a5f",
    "gatt/2a18",
    "gatt/2a34",
    "gatt/2a9d",
    "gatt/2a9c",
    "gatt/2a2b",
    "gatt/2a08",
    "gatt/2a19",
    ...DEVICE_INFORMATION,
  ],
  signals: {
    "heart-rate": ON_DEMAND,
    "rr-interval": ON_DEMAND,
    "energy-burned": ON_DEMAND,
    "wear-state": ON_DEMAND,
    "nibp-systolic": ON_DEMAND,
    "nibp-diastolic": ON_DEMAND,
    "nibp-mean": ON_DEMAND,
    "pulse-rate-nibp": ON_DEMAND,
    "body-temperature": ON_DEMAND,
    "temp-oral": ON_DEMAND,
    "temp-rectal": ON_DEMAND,
    "temp-axillary": ON_DEMAND,
    "temp-tympanic": ON_DEMAND,
    spo2: ON_DEMAND,
    "pulse-rate-spo2": ON_DEMAND,
    "perfusion-index": ON_DEMAND,
    "glucose-blood": ON_DEMAND,
    "glucose-blood-molar": ON_DEMAND,
    "carbohydrate-intake": ON_DEMAND,
    hba1c: ON_DEMAND,
    "body-weight": ON_DEMAND,
    bmi: ON_DEMAND,
    "body-fat": ON_DEMAND,
    "body-water": ON_DEMAND,
    "muscle-mass": ON_DEMAND,
    "basal-metabolism": ON_DEMAND,
    "body-impedance": ON_DEMAND,
    "battery-level": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: {
    by: "vectors",
    source: "vectors of packages/codecs/gatt; web/e2e/measure.test.ts with devices that the browser emulates",
  },
});
