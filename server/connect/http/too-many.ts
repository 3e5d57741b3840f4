import { RefusedInput } from "@openward/errors";

/** 429, with the time after which it can be sent again. */
export function tooMany(waitMs: number): RefusedInput {
  return new RefusedInput("RATE_LIMITED", { retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)) });
}
