import { createHash } from "node:crypto";
import type { Stream } from "@openward/model";
import { findSignal } from "@openward/signals";
import type { HomeDevice } from "./facts.ts";
import table from "./units.json" with { type: "json" };

const { units, unitsOfClass } = table as {
  units: Readonly<Record<string, string>>;
  unitsOfClass: Readonly<Record<string, readonly string[]>>;
};
const ofSignal = table.ofSignal as Readonly<Record<string, { unit?: string; class?: string; icon?: string }>>;

/** A value that was not followed by another for so many intervals is not shown as if it were now. */
const INTERVALS = 3;
const EXPIRE_S_MIN = 60;

export interface DiscoveredDevice {
  readonly topic: string;
  readonly config: object;
}

export interface DiscoveryOptions {
  readonly feedId: string;
  readonly prefix: string;
  readonly version: string;
  readonly deviceId: string;
  readonly device: HomeDevice | undefined;
  readonly streams: readonly Stream[];
  readonly intervalMs: (streamId: string) => number | null;
}

/** Home Assistant takes letters, digits, - and _; what had to be changed is told apart by a hash. */
export function objectId(text: string): string {
  const plain = text.replaceAll(/[^A-Za-z0-9_-]/g, "_");
  return plain === text ? plain : `${plain}_${createHash("sha256").update(text).digest("hex").slice(0, 6)}`;
}

export const stateTopic = (feedId: string, deviceId: string, key: string): string =>
  `openward/v1/feed/${feedId}/state/${deviceId}/${key}`;
export const statusTopic = (feedId: string): string => `openward/v1/feed/${feedId}/status`;

/** How a device's streams are called: by signal, and where one signal comes in two units, by its stream as well. */
export function keysOf(streams: readonly Stream[]): Map<string, string> {
  const keys = new Map<string, string>();
  const taken = new Set<string>();
  for (const { id, signal } of [...streams].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const key = taken.has(signal) ? `${signal}-${id.slice(0, 8)}` : signal;
    taken.add(key);
    keys.set(id, key);
  }
  return keys;
}

export const expireSeconds = (intervalMs: number | null): number | null =>
  intervalMs === null ? null : Math.max(EXPIRE_S_MIN, Math.ceil((INTERVALS * intervalMs) / 1_000));

/** UCUM as Home Assistant writes it, where it has a word of its own; "" has none. */
export function homeUnit({ signal, unit }: Pick<Stream, "signal" | "unit">): string {
  if (unit === "/min" && ofSignal[signal]?.unit) return ofSignal[signal].unit;
  return units[unit] ?? unit;
}

/**
 * A device and its sensors, as Home Assistant discovers them.
 *
 * @source https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery, "Device discovery payload"
 */
export function discoverDevice(options: DiscoveryOptions): DiscoveredDevice {
  const { feedId, prefix, version, deviceId, device, streams, intervalMs } = options;
  const id = `openward_${feedId.slice(0, 8)}_${objectId(deviceId)}`;
  const keys = keysOf(streams);
  const components = Object.fromEntries(
    streams.map((stream) => {
      const key = keys.get(stream.id) as string; // made of the same streams
      return [
        objectId(key),
        sensorOf(stream, {
          id: `${id}_${objectId(key)}`,
          topic: stateTopic(feedId, deviceId, key),
          expires: expireSeconds(intervalMs(stream.id)),
        }),
      ];
    }),
  );
  const config = {
    device: {
      identifiers: [id],
      name: device?.display || deviceId,
      ...(device?.manufacturer ? { manufacturer: device.manufacturer } : {}),
      ...(device?.model ? { model: device.model } : {}),
    },
    origin: { name: "Openward", sw_version: version },
    availability_topic: statusTopic(feedId),
    components,
    qos: 1,
  };
  return { topic: `${prefix}/device/${id}/config`, config };
}

function sensorOf(
  stream: Stream,
  { id, topic, expires }: { id: string; topic: string; expires: number | null },
): object {
  const { signal } = stream;
  const unit = homeUnit(stream);
  const { class: wanted, icon } = ofSignal[signal] ?? {};
  const deviceClass = wanted !== undefined && unitsOfClass[wanted]?.includes(unit) ? wanted : undefined;
  return {
    platform: "sensor",
    unique_id: id,
    name: findSignal(signal)?.display ?? signal,
    state_topic: topic,
    value_template: "{{ value_json.value }}",
    json_attributes_topic: topic,
    ...(deviceClass ? { device_class: deviceClass } : {}),
    ...(icon && !deviceClass ? { icon } : {}),
    ...(unit === "" ? {} : { unit_of_measurement: unit }),
    ...(findSignal(signal)?.kind === "enumerated" ? {} : { state_class: "measurement" }),
    ...(expires === null ? {} : { expire_after: expires }),
  };
}
