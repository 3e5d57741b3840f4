import type { Direction, Item, Place, Source } from "./source.ts";

export interface Page {
  readonly items: readonly Item[];
  /** The last item's place; undefined when nothing is left behind it. */
  readonly next: Place | undefined;
}

/**
 * The first `count` items of all sources in one order: by time, then by the source's order. Ends earlier, but not
 * before the first item, when the answer would weigh more than `weightMax`.
 */
export async function mergePage(
  sources: readonly Source[],
  direction: Direction,
  count: number,
  weightMax: number,
): Promise<Page> {
  const heads = new Map<Source, Item>();
  const unread = new Set(sources);
  const items: Item[] = [];
  let last: Place | undefined;
  let weight = 0;
  for (;;) {
    const best = await bestHead(heads, unread, direction);
    if (!best) return { items, next: undefined };
    const { source, item } = best;
    if (!item.isCovered) {
      if (items.length === count || (items.length > 0 && weight + item.weight > weightMax))
        return { items, next: last };
      items.push(item);
      weight += item.weight;
      last = { time: item.time, order: source.order, key: item.key };
    }
    const following = await source.next();
    if (following) heads.set(source, following);
    else heads.delete(source);
  }
}

/** Sources are read only when their bound could beat what is at hand: most patients of a house are not asked. */
async function bestHead(
  heads: Map<Source, Item>,
  unread: Set<Source>,
  direction: Direction,
): Promise<{ source: Source; item: Item } | undefined> {
  const sign = direction === "ascending" ? 1 : -1;
  for (;;) {
    let best: { source: Source; item: Item } | undefined;
    for (const [source, item] of heads) {
      if (!best) best = { source, item };
      else {
        const byTime = (item.time - best.item.time) * sign;
        if (byTime < 0 || (byTime === 0 && source.order < best.source.order)) best = { source, item };
      }
    }
    const bestTime = best?.item.time;
    const rivals = [...unread].filter(({ bound }) => bestTime === undefined || (bound - bestTime) * sign <= 0);
    if (rivals.length === 0) return best;
    // The most promising first: with nothing at hand yet, one read may make the others needless.
    const wanted = best ? rivals : firstOf(rivals, sign);
    for (const source of wanted) unread.delete(source);
    const read = await Promise.all(wanted.map(async (source) => [source, await source.next()] as const));
    for (const [source, item] of read) if (item) heads.set(source, item);
  }
}

function firstOf(sources: readonly Source[], sign: number): Source[] {
  const bound = sources.reduce((a, b) => ((b.bound - a.bound) * sign < 0 ? b : a)).bound;
  return sources.filter((source) => source.bound === bound);
}
