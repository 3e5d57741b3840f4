import { z } from "zod";
import { deviceId } from "./bodies/index.ts";
import { BLUETOOTH_ADDRESS, LINK_ALARM_SECONDS, REPORT_SECONDS } from "./gateway-settings.ts";
import { telling } from "./redaction.ts";

const millis = z.number().int();
const count = z.number().int().min(0);

const asSetUp = z.enum(["as-set-up", "off"]).default("as-set-up");

/** What whoever looks after a gateway sets. A field that is left out is as it is by itself. */
export const gatewaySettings = z.strictObject({
  /** Which of the devices in its charge speak Bluetooth, and under which address. */
  bluetooth: z
    .array(
      z.strictObject({ deviceId, address: z.string().regex(BLUETOOTH_ADDRESS, "an address like C0:FF:EE:00:00:01") }),
    )
    .max(32)
    .default([]),
  /** When it rings by itself: for limits and for calls for help while the line to the server is down, always, or never. */
  localAlarms: z.enum(["link-down", "always", "off"]).default("link-down"),
  /** For how long the line may be down before the gateway says so, aloud. */
  linkAlarmSeconds: z.number().int().min(LINK_ALARM_SECONDS.min).max(LINK_ALARM_SECONDS.max).default(60),
  /** How often it tells how it is. */
  reportSeconds: z.number().int().min(REPORT_SECONDS.min).max(REPORT_SECONDS.max).default(300),
  /** Devices in its charge from which it collects nothing, though it could. */
  leaveOut: z.array(deviceId).max(200).default([]),
  /** Its listeners and its loudspeaker: as the box is set up, or off. What the box has switched off is not switched on from afar. */
  mqtt: asSetUp,
  mllp: asSetUp,
  sound: asSetUp,
});

/** A setting by which a gateway does not work, and why. */
export const gatewayRefusal = z.object({ at: z.string().max(100), reason: z.string().max(200) });

/** Limits of one signal, in the signal's own unit; null is none. */
const limits = z.object({
  signal: z.string(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  criticalLow: z.number().nullable(),
  criticalHigh: z.number().nullable(),
  priority: z.enum(["high", "medium", "low"]),
  delayMs: z.number(),
  hysteresis: z.number(),
});

/** What a gateway works by: `GET /ingest/devices/{gateway}/configuration`. It names devices and no patient. */
export const gatewayConfiguration = z.object({
  /** Another one whenever anything below is otherwise. */
  version: z.string(),
  gatewayId: deviceId,
  organisationId: z.uuid(),
  /** `gatewaySettings`, of this version of the server: a gateway of another version takes those that it knows. */
  settings: z.record(z.string(), z.unknown()),
  devices: z.array(
    z.object({
      id: deviceId,
      type: z.string(),
      /** SHA-256 (hex) of the tokens it may sign in with, at the gateway as at the server. */
      tokens: z.array(z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/), expiresAt: millis.nullable() })),
      /** Of whoever wears it now; empty: nobody does, or nothing is watched. */
      limits: z.array(limits),
    }),
  ),
});

/** How a gateway is, as it says itself: the detail of its event `gateway-report`. */
export const gatewayReport = z.object({
  version: z.string().max(64),
  startedAt: millis,
  /** The gateway's clock when it said this. */
  clock: millis,
  configuration: z.string().max(128).nullable(),
  /** Since when it works by that configuration, by its clock. */
  takenUpAt: millis.nullable().default(null),
  /** Settings of that configuration by which it does not work. */
  refused: z.array(gatewayRefusal).max(50).default([]),
  link: z.object({ isUp: z.boolean(), since: millis.nullable(), confirmedAt: millis.nullable() }),
  kept: z.object({
    messages: count,
    bytes: count,
    bytesMax: count,
    oldestAt: millis.nullable(),
    /** Messages that were turned away for want of room, since the start. */
    refused: count,
    damaged: count,
    /** Refused by the server, and kept: of each reason, how many. */
    aside: z.record(z.string(), count),
  }),
  disk: z.object({ freeBytes: count }).nullable(),
  /** What it listens to: how many are connected. */
  sources: z.record(
    z.string().max(32),
    z.object({ isOn: z.boolean(), connected: count, fault: z.string().max(200).nullable() }),
  ),
  /** When each device was heard last. */
  devices: z.record(z.string().max(64), millis),
  alarms: z.array(z.string().max(100)).max(100),
  /** How it rings, and why nobody would hear it. */
  sound: z
    .object({
      by: z.enum(["command", "bell", "off"]),
      fault: z.string().max(200).nullable(),
      /** Of the fault. */
      since: millis.nullable(),
    })
    .nullable()
    .default(null),
});

/** One version of a gateway's settings. */
const gatewayVersion = z.object({
  revision: count,
  settings: gatewaySettings,
  setAt: millis,
  setBy: telling("staff", z.string()),
  /** The version to which this one went back. */
  restores: count.nullable(),
  /** When the gateway took it up, by its clock; null: it has not told so. */
  takenUpAt: millis.nullable(),
  /** What it refused of it, then. */
  refused: z.array(gatewayRefusal),
});

export const gateway = z.object({
  settings: gatewaySettings,
  /** 0: nobody has set anything. */
  revision: count,
  setAt: millis.nullable(),
  setBy: telling("staff", z.string().nullable()),
  /** What it is to work by now. */
  configuration: z.string(),
  inCharge: z.array(deviceId),
  /** The newest first, fifty of them. */
  versions: z.array(gatewayVersion),
  report: gatewayReport.extend({ receivedAt: millis }).nullable(),
});

/** `seen`: the revision that was looked at; 409 where it is no more the newest. */
export const newGatewaySettings = gatewaySettings.extend({ seen: count });

/** Back to what an earlier revision said; 0 is what holds where nobody has set anything. */
export const restoredGatewaySettings = z.strictObject({ revision: count, seen: count });

/**
 * What a gateway makes of settings that may be of another version: each field that it understands, for the others what held `before`.
 */
export function takeGatewaySettings(
  given: Readonly<Record<string, unknown>>,
  before: GatewaySettings = gatewaySettings.parse({}),
): { readonly settings: GatewaySettings; readonly refused: GatewayRefusal[] } {
  const refused: GatewayRefusal[] = [];
  const taken: Record<string, unknown> = {};
  const shape: Readonly<Record<string, z.ZodType>> = gatewaySettings.shape;
  for (const [at, value] of Object.entries(given)) {
    const field = Object.hasOwn(shape, at) ? shape[at] : undefined;
    if (!field) {
      refused.push({ at: at.slice(0, 100), reason: "this version of the gateway does not know it" });
      continue;
    }
    const read = field.safeParse(value);
    if (read.success) taken[at] = read.data;
    else {
      const [issue] = read.error.issues;
      refused.push({
        at: [at, ...(issue?.path ?? [])].join(".").slice(0, 100),
        reason: (issue?.message ?? "").slice(0, 200),
      });
      taken[at] = before[at as keyof GatewaySettings];
    }
  }
  return { settings: gatewaySettings.parse(taken), refused: refused.slice(0, 50) };
}

export type GatewayRefusal = z.infer<typeof gatewayRefusal>;
export type GatewaySettings = z.infer<typeof gatewaySettings>;
export type GatewayConfiguration = z.infer<typeof gatewayConfiguration>;
export type GatewayReport = z.infer<typeof gatewayReport>;
export type GatewayBody = z.infer<typeof gateway>;
