export { registerClaim } from "./claim.ts";
export { registerConfiguration } from "./configuration.ts";
export { registerReenroll } from "./reenroll.ts";
export { defaultHttpIngestLimits, type HttpIngestLimits, registerIngest } from "./register.ts";
