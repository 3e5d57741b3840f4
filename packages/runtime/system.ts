import { getRandomValues } from "node:crypto";
import { performance } from "node:perf_hooks";
import { type Clock, type Random, type Runtime, type Timers, uuidV7 } from "./index.ts";

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

const timers: Timers = {
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every(periodMs, run) {
    const handle = setInterval(run, periodMs);
    return { cancel: () => clearInterval(handle) };
  },
};

const random: Random = {
  bytes: (length) => getRandomValues(new Uint8Array(length)),
  float: () => Math.random(),
};

const ID_BYTES = 10;
/** Randomness is fetched for so many ids at once: a call of its own for each costs as much as the rest of the id. */
const pool = new Uint8Array(ID_BYTES * 400);
let used = pool.length;

function idBytes(): Uint8Array {
  if (used === pool.length) {
    getRandomValues(pool);
    used = 0;
  }
  used += ID_BYTES;
  return pool.subarray(used - ID_BYTES, used);
}

/** The machine's own clock, timers and cryptographic randomness. */
export const systemRuntime: Runtime = {
  clock,
  timers,
  random,
  ids: { uuid: () => uuidV7(Date.now(), idBytes()) },
};
