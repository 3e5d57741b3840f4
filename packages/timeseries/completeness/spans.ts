import type { Span } from "@openward/model";

export type { Span };

export const lengthOf = ({ from, to }: Span): number => Math.max(0, to - from);

/** What both have of it; undefined: nothing. */
export function overlap(a: Span, b: Span): Span | undefined {
  const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
  return from < to ? { from, to } : undefined;
}

/** Ordered, and those that touch or lie over one another as one; what is no further apart than `within` touches. */
export function united(spans: readonly Span[], within = 0): Span[] {
  const sorted = spans.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of sorted) {
    const last = result.at(-1);
    if (last && from <= last.to + within) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

/** @param holes ordered and apart, as `united` gives them */
export function without(span: Span, holes: readonly Span[]): Span[] {
  const rest: Span[] = [];
  let at = span.from;
  for (const hole of holes) {
    if (hole.to <= at) continue;
    if (hole.from >= span.to) break;
    if (hole.from > at) rest.push({ from: at, to: hole.from });
    at = Math.max(at, hole.to);
  }
  if (at < span.to) rest.push({ from: at, to: span.to });
  return rest;
}
