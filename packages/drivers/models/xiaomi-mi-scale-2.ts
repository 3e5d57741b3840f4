import { driver, ON_DEMAND } from "../driver.ts";

/** Xiaomi Mi Smart Scale 2. */
export default driver({
  key: "xiaomi-mi-scale-2",
  display: "Xiaomi Mi Smart Scale 2",
  kind: "weighing-scale",
  identity: {
    name: /MI[ _]SCALE2?/,
    services: ["181d"],
  },
  transports: ["bluetooth"],
  codecs: ["xiaomi/181d"],
  signals: {
    "body-weight": ON_DEMAND,
  },
  offlineAfterMs: null,
  clock: "own",
  tested: { by: "captures", source: "advertisements of the scale are among the vectors of packages/codecs/xiaomi" },
  notes:
    "It advertises its weight: whoever stands near can read it, and a gateway must know which scale is the patient's.",
});
