import type { SystemBody } from "@openward/api";
import { findSignal } from "@openward/signals";

/** Lines that work word for word in a terminal. Ids and tokens hold nothing that a shell would read. */
export interface ConnectLines {
  readonly mqtt: string;
  readonly http: string;
}

/** What a device of no particular type may send. */
const anything = ["heart-rate", "spo2"];
/** As a healthy adult might have it. */
const examples: Readonly<Record<string, number>> = { "heart-rate": 72, spo2: 97, "body-temperature": 36.8 };
const SIGNALS_MAX = 2;

/** @param signals keys of what the device's type measures; empty: of no particular type */
export function connectLines(
  system: Pick<SystemBody, "mqtt" | "publicUrl">,
  id: string,
  token: string,
  signals: readonly string[],
): ConnectLines {
  const base = system.publicUrl.replace(/\/+$/, "");
  const { kind, body } = messageOf(signals);
  return {
    mqtt: `mosquitto_pub -h ${system.mqtt.host} -p ${system.mqtt.port} -u ${id} -P ${token} -t devices/${id}/${kind} -q 1 -m '${body}'`,
    http: `curl -u ${id}:${token} -H 'Content-Type: application/json' -d '${body}' ${base}/ingest/devices/${id}/${kind}`,
  };
}

function messageOf(signals: readonly string[]): { kind: "readings" | "status"; body: string } {
  const known = (signals.length === 0 ? anything : signals).filter(
    // A place on the map that somebody invented is no example.
    (key) => findSignal(key)?.kind === "numeric" && !key.startsWith("location-"),
  );
  // What measures nothing in numbers, as a call pendant, can say that it is there without ringing.
  if (known.length === 0) return { kind: "status", body: '{"state":"online"}' };
  const values = Object.fromEntries(known.slice(0, SIGNALS_MAX).map((key) => [key, exampleOf(key)]));
  return { kind: "readings", body: JSON.stringify({ values }) };
}

/** A value that no limit minds: in the middle of the usual limits, else of what the signal can be. */
function exampleOf(key: string): number {
  const { warnLow, warnHigh, hardMin, hardMax } = findSignal(key) ?? {};
  const [low, high] = [warnLow ?? hardMin ?? 0, warnHigh ?? hardMax ?? 2];
  return examples[key] ?? Number(((low + high) / 2).toPrecision(3));
}
