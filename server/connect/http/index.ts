export { registerClaim } from "./claim.ts";
export { defaultHttpIngestLimits, type HttpIngestLimits, registerIngest } from "./register.ts";
