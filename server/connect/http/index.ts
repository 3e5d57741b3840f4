export { registerClaim } from "./claim.ts";
export { registerReenroll } from "./reenroll.ts";
export { defaultHttpIngestLimits, type HttpIngestLimits, registerIngest } from "./register.ts";
export { registerConfiguration } from "./configuration.ts";
