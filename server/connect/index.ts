/** Connect: speaks the protocols devices speak, and acknowledges after the commit. */
export { type HttpIngestLimits, registerIngest } from "./http/index.ts";
export { createMqttEndpoint, type Delivery, type MqttEndpoint, type MqttLimits } from "./mqtt/index.ts";
export type { Guess, Guesses, Pace } from "./ports.ts";
