import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import type { Runtime } from "@openward/runtime";
import { systemRuntime } from "@openward/runtime/system";
import type { FastifyInstance } from "fastify";

/** From so long on a timer is a thing of time, and not of the next turn. */
const LONG_MS = 300;
/** By so much the clock that measures durations runs slower than the timers. */
const SLOWER = 100;

/**
 * Time that moves when it is told to, and ids and randomness that follow from the request: two servers that are asked the same give
 * the same, whatever else they have made before.
 */
export function frozenRuntime(startMs: number) {
  const requests = new AsyncLocalStorage<{ readonly name: string; count: number }>();
  let isFrozen = false;
  let now = startMs;
  const startedAt = systemRuntime.clock.monotonic();
  const bytes = (length: number): Uint8Array => {
    const request = requests.getStore();
    if (!request) return systemRuntime.random.bytes(length);
    const parts: Buffer[] = [];
    for (let have = 0; have < length; have += 32) {
      parts.push(
        createHash("sha256")
          .update(`${request.name} ${request.count++}`)
          .digest(),
      );
    }
    return Buffer.concat(parts).subarray(0, length);
  };
  const runtime: Runtime = {
    // While the two are made one after the other a slow machine takes longer than a stream may be silent: of the first it would
    // be an alarm, and of the second not yet.
    clock: { now: () => now, monotonic: () => startedAt + (systemRuntime.clock.monotonic() - startedAt) / SLOWER },
    timers: {
      after(delayMs, run) {
        const isLate = delayMs >= LONG_MS;
        return systemRuntime.timers.after(delayMs, () => {
          if (!(isFrozen && isLate)) run();
        });
      },
      every(periodMs, run) {
        return systemRuntime.timers.every(periodMs, () => {
          if (!(isFrozen && periodMs >= LONG_MS)) run();
        });
      },
    },
    random: { bytes, float: () => Buffer.from(bytes(4)).readUInt32BE() / 2 ** 32 },
    ids: {
      uuid() {
        const hex = Buffer.from(bytes(16)).toString("hex");
        return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
      },
    },
  };
  return {
    runtime,
    /** From here on nothing happens because time passes. */
    freeze() {
      isFrozen = true;
    },
    moveTo(ms: number) {
      now = ms;
    },
    as: <T>(name: string, work: () => T): T => requests.run({ name, count: 0 }, work),
    /** A request says its name; what it sets off is its own. */
    follow(fastify: FastifyInstance) {
      const stores = new WeakMap<object, { readonly name: string; count: number }>();
      fastify.addHook("onRequest", (request, _reply, done) => {
        const name = request.headers["x-test-name"];
        if (typeof name !== "string") return done();
        const store = { name, count: 0 };
        stores.set(request, store);
        return requests.run(store, done);
      });
      // A body that is read comes back on another way than it went.
      fastify.addHook("preValidation", (request, _reply, done) => {
        const store = stores.get(request);
        if (store) requests.run(store, done);
        else done();
      });
    },
  };
}
