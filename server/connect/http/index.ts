export { registerClaim } from "./claim.ts";
export { registerReenroll } from "./reenroll.ts";
export { defaultHttpIngestLimits, type HttpIngestLimits, registerIngest } from "./register.ts";
