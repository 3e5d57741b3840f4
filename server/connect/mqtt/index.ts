export type { Delivery } from "./downlink.ts";
export { createMqttEndpoint, type MqttEndpoint } from "./endpoint.ts";
export { defaultMqttLimits, type MqttLimits } from "./limits.ts";
