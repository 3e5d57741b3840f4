import type { TopicLimits } from "../topic.ts";

/** What one client, and all of them together, may cost. Times in milliseconds or seconds as named. */
export interface MqttLimits extends TopicLimits {
  /** From connecting to a complete CONNECT. */
  readonly connectMs: number;
  readonly connectPacketBytes: number;
  readonly packetBytes: number;
  readonly willBytes: number;
  /** Connections that have not signed in; the oldest gives way. */
  readonly unauthenticated: number;
  /** Of these on WebSockets, where a whole frame may be buffered before we see it. */
  readonly unauthenticatedWebSockets: number;
  readonly connections: number;
  /** Of one device; the oldest gives way. */
  readonly connectionsPerDevice: number;
  /** Messages of one connection that wait for their commit. */
  readonly receiveMaximum: number;
  /** QoS 2 packet ids that a 3.1.1 client has not released. */
  readonly unreleased: number;
  /** Messages, and their bytes, of all connections that wait for their commit. */
  readonly waitingMessages: number;
  readonly waitingBytes: number;
  /** Bytes of packets that have not arrived completely, of all connections. */
  readonly partialBytes: number;
  readonly topicAliases: number;
  /** MQTT 5 clients that ask for a longer one, or none, are told this. */
  readonly keepAliveMaxS: number;
  /** Sessions without a connection; the one that left first is forgotten first. */
  readonly offlineSessions: number;
  readonly sessionExpiryMaxS: number;
  readonly subscriptionsPerSession: number;
  readonly queuedPerSession: number;
  readonly queuedBytesPerSession: number;
  /** Unacknowledged messages down, for clients that name no receive maximum. */
  readonly sendMaximum: number;
  /** At stop: how long commits that run may still be acknowledged. */
  readonly stopMs: number;
}

export const defaultMqttLimits: MqttLimits = {
  topicBytes: 256,
  topicLevels: 8,
  connectMs: 5_000,
  connectPacketBytes: 16_384,
  packetBytes: 1_048_576,
  willBytes: 8_192,
  unauthenticated: 1_000,
  unauthenticatedWebSockets: 64,
  connections: 50_000,
  connectionsPerDevice: 32,
  receiveMaximum: 100,
  unreleased: 1_000,
  waitingMessages: 50_000,
  waitingBytes: 134_217_728,
  partialBytes: 268_435_456,
  topicAliases: 16,
  keepAliveMaxS: 1_800,
  offlineSessions: 20_000,
  sessionExpiryMaxS: 604_800,
  subscriptionsPerSession: 64,
  queuedPerSession: 100,
  queuedBytesPerSession: 262_144,
  sendMaximum: 20,
  stopMs: 5_000,
};
