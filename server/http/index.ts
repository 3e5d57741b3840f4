/** The HTTP server that rooms register their routes on. Start with http.ts; a refusal's answer is problem.ts. */
export * from "./addresses.ts";
export * from "./confidential.ts";
export * from "./download.ts";
export * from "./fields.ts";
export * from "./gunzip.ts";
export * from "./headers.ts";
export * from "./host-cookies.ts";
export * from "./http.ts";
export * from "./log.ts";
export * from "./openapi.ts";
export * from "./operations.ts";
export * from "./origin.ts";
export * from "./outside.ts";
export * from "./problem.ts";
export * from "./secure.ts";
export * from "./websocket.ts";
