export { createMllpEndpoint, type MllpEndpoint } from "./endpoint.ts";
export { defaultMllpLimits, type MllpLimits } from "./limits.ts";
export { messageTypes } from "./messages.ts";
