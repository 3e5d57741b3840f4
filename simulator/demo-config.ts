import { RefusedInput } from "@openward/errors";
import type { DemoDevice } from "./demo.ts";
import { VITALS, type Vitals } from "./physiology/vitals.ts";

export interface DemoConfig {
  readonly url: string;
  readonly devices: readonly DemoDevice[];
  readonly untilInputEnds: boolean;
}

const DEVICE_FIELDS = ["deviceId", "token", "scenario", "seed", "deviceType", "age", "baseline", "everyS"];
const DEVICES_MAX = 10_000;

/** @throws RefusedInput MALFORMED_JSON, or FIELD_INVALID with `at` "devices[3].seed". A token is never repeated. */
export function parseDemoConfig(text: string): DemoConfig {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    // The parser's own message repeats the text, tokens included.
    throw new RefusedInput("MALFORMED_JSON", { at: "standard input", expected: 'one line: {"url", "devices"}' });
  }
  const top = fields(input, "", ["url", "devices", "untilInputEnds"]);
  const { url, devices, untilInputEnds = false } = top;
  if (typeof url !== "string") throw refuse("url", "an address as mqtt://127.0.0.1:1883");
  if (typeof untilInputEnds !== "boolean") throw refuse("untilInputEnds", "true or false");
  if (!Array.isArray(devices) || devices.length === 0 || devices.length > DEVICES_MAX) {
    throw refuse("devices", `a list of 1 to ${DEVICES_MAX} devices`);
  }
  return { url, untilInputEnds, devices: devices.map((entry, i) => parseDevice(entry, `devices[${i}]`)) };
}

function parseDevice(entry: unknown, at: string): DemoDevice {
  const device = fields(entry, at, DEVICE_FIELDS);
  const text = (field: string): string => {
    const value = device[field];
    if (typeof value !== "string" || value === "") throw refuse(`${at}.${field}`, "a text");
    return value;
  };
  const { seed, age = "adult", baseline = {}, everyS = {} } = device;
  if (typeof seed !== "number" || !Number.isInteger(seed)) throw refuse(`${at}.seed`, "a whole number");
  if (age !== "adult" && age !== "child" && age !== "neonate") throw refuse(`${at}.age`, "adult, child or neonate");
  const every = numbers(everyS, `${at}.everyS`);
  const low = Object.entries(every).find(([, value]) => !(Number.isInteger(value) && value >= 1));
  if (low) throw refuse(`${at}.everyS.${low[0]}`, "whole seconds, 1 or more");
  return {
    deviceId: text("deviceId"),
    token: text("token"),
    scenario: text("scenario"),
    deviceType: text("deviceType"),
    seed,
    age,
    baseline: numbers(fields(baseline, `${at}.baseline`, VITALS), `${at}.baseline`) as Partial<Vitals>,
    everyS: every,
  };
}

function numbers(value: unknown, at: string): Record<string, number> {
  const all = fields(value, at, null);
  for (const [key, one] of Object.entries(all)) {
    if (typeof one !== "number" || !Number.isFinite(one)) throw refuse(`${at}.${key}`, "a number");
  }
  return all as Record<string, number>;
}

function fields(value: unknown, at: string, known: readonly string[] | null): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw refuse(at || "the body", "an object");
  const odd = known ? Object.keys(value).find((key) => !known.includes(key)) : undefined;
  if (odd !== undefined) throw refuse(at ? `${at}.${odd}` : odd, `one of ${known?.join(", ")}`);
  return value as Record<string, unknown>;
}

function refuse(at: string, expected: string): RefusedInput {
  return new RefusedInput("FIELD_INVALID", { at, expected });
}
