/** Ids of Observations that are being written: of two ways to write one, each looks for the other's rows, and one goes first. */
export interface Reservations {
  /** @returns false: somebody else is writing it */
  take(id: string): boolean;
  /** All of them, when nobody else is writing any. */
  takeAll(ids: readonly string[]): Promise<void>;
  release(ids: readonly string[]): void;
}

export function createReservations(): Reservations {
  const held = new Map<string, { readonly over: Promise<void>; end(): void }>();
  const take = (id: string) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.set(id, { over: promise, end: resolve });
  };
  return {
    take(id) {
      if (held.has(id)) return false;
      take(id);
      return true;
    },
    async takeAll(ids) {
      // Nobody waits who holds any: two of them never wait for each other.
      for (;;) {
        const others = ids.flatMap((id) => held.get(id)?.over ?? []);
        if (others.length === 0) break;
        await Promise.all(others);
      }
      for (const id of ids) take(id);
    },
    release(ids) {
      for (const id of ids) {
        held.get(id)?.end();
        held.delete(id);
      }
    },
  };
}
