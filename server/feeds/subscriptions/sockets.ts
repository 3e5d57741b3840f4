import type { Timer, Timers } from "@openward/runtime";
import type { WebSocket } from "ws";
import type { WebSocketRoute } from "../../http/index.ts";
import type { Delivery } from "./deliver.ts";
import { type Line, type Pump, type PumpDeps, pump } from "./pump.ts";
import type { Kept } from "./rows.ts";
import { type BindingTokens, tokenIn } from "./tokens.ts";

/** Who says nothing is nobody. */
const BIND_WITHIN_MS = 10_000;
const BINDINGS_MAX = 20;
/** Who has not bound yet is not known: no more than so many of them hold connections at once. */
const UNBOUND_MAX = 200;
/** A receiver that reads more slowly than it is told. */
const BUFFERED_MAX = 4_194_304;

interface Bound {
  readonly pump: Pump;
  expiry: Timer;
}

export interface SocketsDeps {
  readonly timers: Timers;
  readonly now: () => number;
  readonly tokens: BindingTokens;
  /** undefined: it has ended. */
  readonly find: (id: string) => { readonly kept: Kept; readonly state: Delivery } | undefined;
  readonly pump: PumpDeps;
}

/** The WebSocket of FHIR Subscriptions: whoever binds with a token is told of what the token is for, until it ends. */
export function createSockets(deps: SocketsDeps) {
  const { timers, tokens } = deps;
  /** By subscription. */
  const open = new Map<string, Set<{ readonly pump: Pump; readonly line: Line }>>();
  let unbound = 0;

  function connect(socket: WebSocket): void {
    const line = lineOf(socket);
    if (unbound >= UNBOUND_MAX) {
      line.close(1013, "too many");
      return;
    }
    const bound = new Map<string, Bound>();
    unbound++;
    let isUnbound = true;
    const settle = () => {
      if (isUnbound) unbound--;
      isUnbound = false;
      idle.cancel();
    };
    const idle = timers.after(BIND_WITHIN_MS, () => line.close(4408, "bind-with-token"));

    const leave = (id: string) => {
      const one = bound.get(id);
      bound.delete(id);
      one?.expiry.cancel();
      const all = open.get(id);
      for (const other of all ?? []) if (other.pump === one?.pump) all?.delete(other);
      if (all?.size === 0) open.delete(id);
      void one?.pump.stop();
      if (bound.size === 0) line.close(4401, "bind-with-token");
    };

    socket.on("message", (data, isBinary) => {
      const token = isBinary ? undefined : tokenIn(String(data));
      const binding = token === undefined ? undefined : tokens.find(token);
      if (!binding || bound.size + binding.subscriptionIds.length > BINDINGS_MAX)
        return line.close(4401, "bind-with-token");
      for (const id of binding.subscriptionIds) {
        const found = deps.find(id);
        if (!found) continue;
        // Its token is about to end, and this is the next one.
        bound.get(id)?.expiry.cancel();
        const expiry = timers.after(binding.expiresAt - deps.now(), () => leave(id));
        const before = bound.get(id);
        if (before) {
          before.expiry = expiry;
          continue;
        }
        const one = pump(found.kept, found.state, line, deps.pump);
        bound.set(id, { pump: one, expiry });
        const all = open.get(id) ?? new Set();
        open.set(id, all.add({ pump: one, line }));
      }
      if (bound.size === 0) return line.close(4401, "bind-with-token");
      settle();
    });
    socket.on("close", () => {
      settle();
      for (const id of [...bound.keys()]) leave(id);
    });
  }

  return {
    route: {
      maxPayloadBytes: 4_096,
      onConnection: (socket) => connect(socket),
    } satisfies WebSocketRoute<undefined>,
    stir(id: string): void {
      for (const { pump: one } of open.get(id) ?? []) one.stir();
    },
    /** Whoever is told of it is told no more. */
    end(id: string, code: number, reason: string): void {
      for (const { line } of open.get(id) ?? []) line.close(code, reason);
    },
    count: (id: string): number => open.get(id)?.size ?? 0,
  };
}

export type Sockets = ReturnType<typeof createSockets>;

/** Pongs come in the order of pings. */
function lineOf(socket: WebSocket): Line {
  const waiting: { resolve(): void; reject(error: Error): void }[] = [];
  socket.on("pong", () => waiting.shift()?.resolve());
  socket.on("close", () => {
    for (const { reject } of waiting.splice(0)) reject(new Error("the connection is gone"));
  });
  return {
    get isOpen() {
      return socket.readyState === socket.OPEN;
    },
    send(text) {
      socket.send(text);
      if (socket.bufferedAmount > BUFFERED_MAX) socket.terminate();
    },
    reached: () =>
      new Promise((resolve, reject) => {
        if (socket.readyState !== socket.OPEN) return reject(new Error("the connection is gone"));
        waiting.push({ resolve, reject });
        socket.ping();
      }),
    close: (code, reason) => socket.close(code, reason),
  };
}
