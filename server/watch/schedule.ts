import type { Runtime, Timer } from "@openward/runtime";

/** Something that falls due; cancelling twice is harmless. */
export interface Due {
  cancel(): void;
}

/**
 * All deadlines of the watch on one timer: a heap by monotonic due time, so that tens of thousands of streams cost one
 * timer, and setting the time of day moves none of them.
 */
export interface Schedule {
  /** Milliseconds of `clock.monotonic()`. */
  now(): number;
  after(delayMs: number, run: () => void): Due;
  stop(): void;
}

interface Entry {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Longer waits are taken in steps: JavaScript's timers overflow at 24.8 days. */
const LONGEST_WAIT_MS = 3_600_000;

export function createSchedule(runtime: Runtime): Schedule {
  const heap: Entry[] = [];
  let order = 0;
  let cancelledCount = 0;
  let timer: Timer | undefined;
  let timerDue = Number.POSITIVE_INFINITY;
  let stopped = false;

  const before = (a: Entry, b: Entry) => a.due < b.due || (a.due === b.due && a.order < b.order);

  function siftUp(start: number): void {
    let i = start;
    const entry = heap[i] as Entry;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent] as Entry)) break;
      heap[i] = heap[parent] as Entry;
      i = parent;
    }
    heap[i] = entry;
  }

  function siftDown(start: number): void {
    let i = start;
    const entry = heap[i] as Entry;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!before(heap[child] as Entry, entry)) break;
      heap[i] = heap[child] as Entry;
      i = child;
    }
    heap[i] = entry;
  }

  function pop(): Entry | undefined {
    const top = heap[0];
    const last = heap.pop();
    if (top && last && last !== top) {
      heap[0] = last;
      siftDown(0);
    }
    return top;
  }

  /** Cancelled entries leave when they fall due, or all at once when they are the greater part. */
  function compact(): void {
    const kept = heap.filter((entry) => !entry.cancelled);
    heap.length = 0;
    heap.push(...kept);
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) siftDown(i);
    cancelledCount = 0;
  }

  function arm(): void {
    const head = heap[0];
    if (stopped || !head || head.due >= timerDue) return;
    timer?.cancel();
    timerDue = head.due;
    const wait = Math.min(Math.max(0, Math.ceil(head.due - runtime.clock.monotonic())), LONGEST_WAIT_MS);
    timer = runtime.timers.after(wait, fire);
  }

  function fire(): void {
    timer = undefined;
    timerDue = Number.POSITIVE_INFINITY;
    while (!stopped) {
      const head = heap[0];
      if (!head || head.due > runtime.clock.monotonic()) break;
      pop();
      if (head.cancelled) cancelledCount--;
      else head.run();
    }
    arm();
  }

  return {
    now: () => runtime.clock.monotonic(),
    after(delayMs, run) {
      const entry: Entry = {
        due: runtime.clock.monotonic() + Math.max(0, delayMs),
        order: order++,
        run,
        cancelled: false,
      };
      heap.push(entry);
      siftUp(heap.length - 1);
      arm();
      return {
        cancel() {
          if (entry.cancelled) return;
          entry.cancelled = true;
          cancelledCount++;
          if (cancelledCount > 1024 && cancelledCount * 2 > heap.length) compact();
        },
      };
    },
    stop() {
      stopped = true;
      timer?.cancel();
      heap.length = 0;
    },
  };
}
