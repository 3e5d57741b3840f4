import { z } from "zod";
import { deviceId } from "./bodies.ts";
import { telling } from "./redaction.ts";

const millis = z.number().int();
const count = z.number().int().min(0);
const ADDRESS = /^[0-9A-F]{2}(:[0-9A-F]{2}){5}$/;

/** What whoever looks after a gateway sets. A field that is left out is as it is by itself. */
export const gatewaySettings = z.strictObject({
  /** Which of the devices in its charge speak Bluetooth, and under which address. */
  bluetooth: z
    .array(z.strictObject({ deviceId, address: z.string().regex(ADDRESS) }))
    .max(32)
    .default([]),
  /** When it rings by itself: for limits and for calls for help while the line to the server is down, always, or never. */
  localAlarms: z.enum(["link-down", "always", "off"]).default("link-down"),
  /** For how long the line may be down before the gateway says so, aloud. */
  linkAlarmSeconds: z.number().int().min(10).max(3_600).default(60),
  /** How often it tells how it is. */
  reportSeconds: z.number().int().min(30).max(3_600).default(300),
});

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
  settings: gatewaySettings,
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
});

export const gateway = z.object({
  settings: gatewaySettings,
  /** 0: nobody has set anything. */
  revision: count,
  setAt: millis.nullable(),
  setBy: telling("staff", z.string().nullable()),
  /** What it is to work by now. */
  configuration: z.string(),
  report: gatewayReport.extend({ receivedAt: millis }).nullable(),
});

/** `seen`: the revision that was looked at; 409 where it is no more the newest. */
export const newGatewaySettings = gatewaySettings.extend({ seen: count });

export type GatewaySettings = z.infer<typeof gatewaySettings>;
export type GatewayConfiguration = z.infer<typeof gatewayConfiguration>;
export type GatewayReport = z.infer<typeof gatewayReport>;
export type GatewayBody = z.infer<typeof gateway>;
