/**
 * Runs one load at a time per key, so that an older answer never overwrites a newer one. A caller that comes while a
 * load runs gets the one after it, which is sure to see what the caller has just written.
 */
export function createRefreshQueue() {
  const slots = new Map<string, { running: Promise<void>; next: Promise<void> | undefined }>();

  return function refresh(key: string, load: () => Promise<void>): Promise<void> {
    const slot = slots.get(key);
    if (slot) {
      slot.next ??= slot.running.catch(() => {}).then(() => start(key, load));
      return slot.next;
    }
    return start(key, load);
  };

  function start(key: string, load: () => Promise<void>): Promise<void> {
    const running = load().finally(() => {
      const slot = slots.get(key);
      if (slot?.running === running && !slot.next) slots.delete(key);
    });
    slots.set(key, { running, next: undefined });
    return running;
  }
}

/** Loads of single things go together; the load of everything goes alone, or one would overwrite the other with the past. */
export function createTurns() {
  let exclusive: Promise<void> | undefined;
  const shared = new Set<Promise<void>>();

  return {
    async together(work: () => Promise<void>): Promise<void> {
      while (exclusive) await exclusive.catch(() => {});
      const running = work();
      shared.add(running);
      try {
        await running;
      } finally {
        shared.delete(running);
      }
    },

    /** One at a time; the caller sees to that. */
    alone(work: () => Promise<void>): Promise<void> {
      exclusive = Promise.allSettled(shared)
        .then(work)
        .finally(() => {
          exclusive = undefined;
        });
      return exclusive;
    },
  };
}
