import { FEED_KINDS, FEED_WAYS } from "@openward/model";
import { z } from "zod";
import { telling } from "./redaction.ts";

const millis = z.number().int();
const kinds = z.array(z.enum(FEED_KINDS)).min(1);

/** What leaves as it happens: to whom, what of, and how that goes. */
export const feed = z.object({
  id: z.uuid(),
  name: z.string(),
  /** We call an address; they come to our MQTT listener; we bring it to their broker. */
  way: z.enum(FEED_WAYS),
  patientId: z.uuid().nullable(),
  /** In whose name: it gets what they see. */
  ownerId: z.uuid(),
  owner: telling("name", z.string()),
  isMine: z.boolean(),
  kinds,
  /** Keys of signals; null: all. */
  signals: z.array(z.string()).nullable(),
  /** Of a webhook or a broker. */
  url: z.url().nullable(),
  username: z.string().nullable(),
  everySeconds: z.int().nullable(),
  homeAssistant: z.boolean(),
  state: z.enum(["running", "failing", "paused", "gave-up"]),
  createdAt: millis,
  hasBacklog: z.boolean(),
  /** Of MQTT: somebody reads it now; of a broker: we are connected. */
  isConnected: z.boolean(),
  delivered: z.int(),
  lastSuccessAt: millis.nullable(),
  lastErrorAt: millis.nullable(),
  /** In our words. */
  lastError: z.string().nullable(),
});

export const feeds = z.object({
  patientId: z.uuid().nullable(),
  /** Where MQTT is listened to, for what is read there. */
  mqtt: z.object({ host: z.string(), port: z.int(), topic: z.string() }),
  feeds: z.array(feed),
});

const target = {
  name: z.string().trim().min(1).max(80),
  kinds: kinds.default(["readings"]),
  signals: z.array(z.string().max(60)).min(1).max(200).nullable().default(null),
  url: z.string().trim().max(2000).optional(),
  everySeconds: z.int().min(1).max(3600).default(1),
  username: z.string().trim().max(200).optional(),
  password: z.string().max(500).optional(),
  /** PEM of the authority that signed the broker's certificate, where it is no public one. */
  ca: z.string().max(20_000).optional(),
  homeAssistant: z.boolean().default(false),
  discoveryPrefix: z.string().max(100).optional(),
};
const way = z.enum(FEED_WAYS);
export const newFeed = z.object({ way, ...target });
/** Of an application that acts for nobody: it gets of whom its grants show it. */
export const newApplicationFeed = z.object({ way: z.enum(["webhook", "mqtt"]), applicationId: z.uuid(), ...target });

/** The secret is in this answer only. */
export const feedWithSecret = z.object({ patientId: z.uuid().nullable(), feed, secret: z.string().nullable() });
export const feedSecret = z.object({ password: z.string().max(500).optional() });
export const feedReplay = z.object({ from: z.union([z.string().max(40), millis]) });
export const feedPing = z.object({
  ok: z.boolean(),
  status: z.int().nullable(),
  error: z.string().nullable(),
});

export type FeedBody = z.infer<typeof feed>;
export type FeedsBody = z.infer<typeof feeds>;
export type NewFeedBody = z.infer<typeof newFeed>;
export type FeedWithSecretBody = z.infer<typeof feedWithSecret>;
export type FeedPingBody = z.infer<typeof feedPing>;
