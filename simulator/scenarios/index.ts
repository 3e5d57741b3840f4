import { RefusedInput } from "@openward/errors";
import atrialFibrillation from "./atrial-fibrillation.json" with { type: "json" };
import desaturation from "./desaturation.json" with { type: "json" };
import deterioratingSepsis from "./deteriorating-sepsis.json" with { type: "json" };
import deviceOffline from "./device-offline.json" with { type: "json" };
import hypoglycaemia from "./hypoglycaemia.json" with { type: "json" };
import { parseScenario, type Scenario } from "./load.ts";
import paroxysmalAf from "./paroxysmal-af.json" with { type: "json" };
import sensorOff from "./sensor-off.json" with { type: "json" };
import sosPress from "./sos-press.json" with { type: "json" };
import stable from "./stable.json" with { type: "json" };

const files = {
  stable,
  "deteriorating-sepsis": deterioratingSepsis,
  desaturation,
  "atrial-fibrillation": atrialFibrillation,
  "paroxysmal-af": paroxysmalAf,
  hypoglycaemia,
  "sensor-off": sensorOff,
  "device-offline": deviceOffline,
  "sos-press": sosPress,
};

/** The scenarios that come with the simulator, by name. */
export const scenarios: ReadonlyMap<string, Scenario> = new Map(
  Object.entries(files).map(([name, file]) => [name, parseScenario(file, `${name}.json`)]),
);

/** @throws RefusedInput FIELD_INVALID that lists the names there are */
export function findScenario(name: string, at = "scenario"): Scenario {
  const found = scenarios.get(name);
  if (found) return found;
  throw new RefusedInput("FIELD_INVALID", {
    at,
    expected: `one of ${[...scenarios.keys()].join(", ")}`,
    received: name,
  });
}
