/** One that had the outcome or had not, and what was said of it. */
export interface Judged {
  readonly had: boolean;
  readonly said: number;
}

/** The chance that one with the outcome was said more of than one without; ties count a half. NaN without both. */
export function auroc(all: readonly Judged[]): number {
  const sorted = [...all].sort((a, b) => a.said - b.said);
  let below = 0;
  let pairs = 0;
  let withOutcome = 0;
  for (let i = 0; i < sorted.length; ) {
    const { said } = sorted[i] as Judged;
    let had = 0;
    let not = 0;
    for (; i < sorted.length && sorted[i]?.said === said; i++) sorted[i]?.had ? had++ : not++;
    pairs += had * (below + not / 2);
    below += not;
    withOutcome += had;
  }
  return pairs / (withOutcome * below);
}
