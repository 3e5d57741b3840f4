/** Applications of other makers: OAuth 2 and SMART App Launch. The routes are register.ts, which brings the door along. */
export { createClients } from "./clients.ts";
export { createLaunches, type Launches } from "./launches.ts";
export { createOutsideFetch } from "./outside.ts";
export { inWords as scopeInWords } from "./pages.ts";
export type { Client, ClientKind, Clients, NewClient } from "./ports.ts";
export { CLIENT_KINDS } from "./ports.ts";
export { smartConfiguration } from "./smart-configuration.ts";
