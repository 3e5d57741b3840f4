import type { Entry } from "../keep/backlog.ts";

/** Entries in their order, with what they take up in memory. */
export interface Queue {
  readonly length: number;
  readonly bytes: number;
  readonly first: Entry | undefined;
  push(entry: Entry): void;
  unshift(entry: Entry): void;
  shift(): Entry | undefined;
  pop(): Entry | undefined;
}

export function createQueue(): Queue {
  const entries: Entry[] = [];
  let bytes = 0;
  const less = (entry: Entry | undefined) => {
    bytes -= entry?.size ?? 0;
    return entry;
  };
  return {
    get length() {
      return entries.length;
    },
    get bytes() {
      return bytes;
    },
    get first() {
      return entries[0];
    },
    push(entry) {
      bytes += entry.size;
      entries.push(entry);
    },
    unshift(entry) {
      bytes += entry.size;
      entries.unshift(entry);
    },
    shift: () => less(entries.shift()),
    pop: () => less(entries.pop()),
  };
}
