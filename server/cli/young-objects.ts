import { setFlagsFromString } from "node:v8";

/**
 * Everything that waits for its commit lives through a collection of the young generation and dies soon after. V8 takes
 * that for a sign that such objects grow old, and makes the next ones old from their birth: then they are collected in full
 * passes only, and whatever young they refer to is copied with them. docs/adr/0026-what-waits-is-young.md has what it costs.
 *
 * To be called when the compiled code has been kept for the next start: what is kept is bound to V8's settings.
 */
export function keepYoungObjectsYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
