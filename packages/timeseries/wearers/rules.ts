import table from "./rules.json" with { type: "json" };

/** How far a value may lie from the patient's own before: `absolute + relative x before + what the time between allows`. */
export interface JumpRule {
  readonly absolute: number;
  readonly relative: number;
  readonly relativePerDay?: number;
  readonly perMinute?: number;
  /** Compared with the median of the last values: so many at least, so many at most. */
  readonly reference: readonly number[];
  /** So many in a row must lie there. */
  readonly hold: number;
  /** Older values tell nothing. */
  readonly keepDays: number;
}

/** The last `of` values of one device fall into two heaps that lie apart, and it goes to and fro between them. */
export interface MixedRule {
  readonly of: number;
  /** In either heap. */
  readonly each: number;
  readonly switches: number;
  readonly absolute: number;
  readonly relative: number;
  /** The heaps lie this many of the wider one's width apart. */
  readonly spreads: number;
}

/** Of signals that are measured now and then. */
export interface SparseRule {
  readonly jump: JumpRule;
  readonly mixed?: MixedRule;
  /** Lower values are not looked at. */
  readonly from?: number;
}

/** Of signals that are measured all the time; several signals that are one and the same thing. */
export interface DenseRule {
  readonly signals: readonly string[];
  readonly windowMs: number;
  /** The means of the windows before and after a silence lie apart. */
  readonly shift?: {
    readonly absolute: number;
    readonly relative: number;
    readonly gapMs: number;
    readonly gapMsMax: number;
    readonly before: number;
    readonly hold: number;
  };
  /** Two devices on one patient: `least` of the last `of` windows that both have lie apart. */
  readonly apart?: {
    readonly absolute: number;
    readonly relative: number;
    readonly of: number;
    readonly least: number;
  };
}

const sparse = new Map<string, SparseRule>(Object.entries(table.sparse));
const dense = new Map<string, readonly [string, DenseRule]>(
  Object.entries(table.dense).flatMap(([group, rule]) =>
    rule.signals.map((signal) => [signal, [group, rule as DenseRule] as const] as const),
  ),
);

/** In the signal's own unit. */
export const sparseRuleOf = (signal: string): SparseRule | undefined => sparse.get(signal);

/** With what its signals have in common. */
export const denseRuleOf = (signal: string): readonly [group: string, rule: DenseRule] | undefined => dense.get(signal);
