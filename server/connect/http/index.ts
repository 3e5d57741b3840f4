export { defaultHttpIngestLimits, type HttpIngestLimits, registerIngest } from "./register.ts";
