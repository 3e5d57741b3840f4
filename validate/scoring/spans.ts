/** From and to, seconds. */
export type Span = readonly [number, number];

/** How many of `spans` have something in common with any of `others`. */
export const touched = (spans: readonly Span[], others: readonly Span[]): number =>
  spans.filter(([from, to]) => others.some(([start, end]) => start <= to && end >= from)).length;

/** Area under the curve of sensitivity against 1 - specificity: how often one that is so has more than one that is not. */
export function areaUnderCurve(values: readonly number[], isSo: readonly boolean[]): number {
  const order = values.map((value, i) => ({ value, isSo: isSo[i] as boolean })).sort((a, b) => a.value - b.value);
  let [ranks, so] = [0, 0];
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end < order.length && order[end]?.value === order[i]?.value) end++;
    // Those with the same value share their ranks.
    const rank = (i + end + 1) / 2;
    for (; i < end; i++)
      if (order[i]?.isSo) {
        ranks += rank;
        so++;
      }
  }
  const not = order.length - so;
  return (ranks - (so * (so + 1)) / 2) / (so * not);
}
