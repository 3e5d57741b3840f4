/** Connect: speaks the protocols devices speak, and acknowledges after the commit. */
export { type HttpIngestLimits, registerIngest } from "./http/index.ts";
export { createMqttEndpoint, type Delivery, type MqttEndpoint, type MqttLimits } from "./mqtt/index.ts";
export { createSignInFailures, type SignInFailures } from "./sign-in-failures.ts";
