import { RefusedInput } from "@openward/errors";
import { isObject, numberOf } from "@openward/fhir/json";
import { splitUnescaped, unescapeValue } from "@openward/fhir/search";
import type { Condition } from "@openward/fhir/store";
import { toBaseUnits } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { find } from "./find.ts";

/** "near=59.91|10.75|5|km" of a Location. */
export interface Near {
  readonly kind: "near";
}

/** Each is looked at: an organisation has hundreds of places, not thousands. */
const LOCATIONS_MAX = 1_000;
/** R4 leaves it to the server how near is near: within a walk. */
const DISTANCE_M = 5_000;
/** Mean radius, IUGG. */
const EARTH_M = 6_371_008.8;
const EXPECTED = "latitude|longitude|distance|units, such as 59.91|10.75|5|km";

interface Circle {
  readonly latitude: number;
  readonly longitude: number;
  readonly radiusM: number;
}

/**
 * Locations whose position lies in any of the circles.
 *
 * @throws RefusedInput FIELD_INVALID; SEARCH_TOO_COSTLY where there are more Locations than are looked at
 */
export async function nearCondition(context: RecordContext, value: string): Promise<Condition> {
  const circles = splitUnescaped(value, ",").map(circleOf);
  const found = await find(context, "Location", { conditions: [], sort: [], after: undefined }, LOCATIONS_MAX + 1);
  if (found.length > LOCATIONS_MAX)
    throw new RefusedInput("SEARCH_TOO_COSTLY", {
      at: "http.near",
      expected: `at most ${LOCATIONS_MAX} Locations in all, or a search by address`,
    });
  const ids: string[] = [];
  for (const one of found) {
    const { position } = one.resource();
    if (!isObject(position)) continue;
    const [latitude, longitude] = [numberOf(position.latitude), numberOf(position.longitude)];
    if (latitude === undefined || longitude === undefined) continue;
    if (circles.some((circle) => distanceM(circle, { latitude, longitude }) <= circle.radiusM)) ids.push(one.id);
  }
  return { kind: "ids", ids };
}

function circleOf(text: string): Circle {
  const [latitude, longitude, distance = "", unit = ""] = splitUnescaped(text, "|").map((one) =>
    unescapeValue(one).trim(),
  );
  const [lat, long] = [degrees(latitude, 90), degrees(longitude, 180)];
  if (distance === "") return { latitude: lat, longitude: long, radiusM: DISTANCE_M };
  const metres = toBaseUnits(Number(distance), unit === "" ? "km" : unit);
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(distance) || metres?.unit !== "m1") throw notNear();
  return { latitude: lat, longitude: long, radiusM: metres.value };
}

function degrees(text: string | undefined, max: number): number {
  const value = Number(text);
  if (text === undefined || !/^-?\d{1,3}(\.\d{1,15})?$/.test(text) || Math.abs(value) > max) throw notNear();
  return value;
}

const notNear = () => new RefusedInput("FIELD_INVALID", { at: "http.near", expected: EXPECTED });

/** Along the surface of a sphere, by haversines: also across the date line and at the poles. */
function distanceM(a: Omit<Circle, "radiusM">, b: Omit<Circle, "radiusM">): number {
  const radians = (value: number) => (value * Math.PI) / 180;
  const half = (value: number) => Math.sin(radians(value) / 2) ** 2;
  const h =
    half(b.latitude - a.latitude) +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * half(b.longitude - a.longitude);
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
