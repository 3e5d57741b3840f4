import { model } from "../driver.ts";
import bluetoothScale from "./bluetooth-scale.ts";

/** Xiaomi Mi Smart Scale 2. */
export default model({
  key: "xiaomi-mi-scale-2",
  display: "Xiaomi Mi Smart Scale 2",
  of: bluetoothScale,
  identity: {
    name: /MI[ _]SCALE2?/,
    services: ["181d"],
  },
  codecs: ["xiaomi/181d"],
  without: ["battery-level", "bmi"],
  tested: { by: "captures", source: "advertisements of the scale are among the vectors of packages/codecs/xiaomi" },
  notes:
    "It advertises its weight: whoever stands near can read it, and a gateway must know which scale is the patient's.",
});
