import { DAY_MS } from "@openward/timeseries";
import type { DueDays } from "../../../server/store/telemetry/block-store.ts";
import type { BlockRow, SavedBlock } from "../../../server/store/telemetry/index.ts";

/** A row of `day_block`: the files of a day's hours, by the start of each. */
export interface DayRow {
  readonly streamId: string;
  readonly dayStart: number;
  readonly associationId: string;
  readonly hours: ReadonlyMap<number, Uint8Array>;
}

/** What PostgreSQL does with hours and days; a planted fault puts something else in the place of one of them. */
export interface DayRules {
  /** A day's row when hours of `block` become part of it. */
  readonly joined: (before: DayRow | undefined, taken: readonly SavedBlock[]) => DayRow["hours"];
  /** Which of the two is read, where an hour stands in `block` and in its day's row. */
  readonly newer: (ofBlock: BlockRow, ofDay: BlockRow) => BlockRow;
}

export const DAY_RULES: DayRules = {
  joined: (before, taken) =>
    new Map([...(before?.hours ?? []), ...taken.map(({ periodStart, payload }) => [periodStart, payload] as const)]),
  newer: (ofBlock) => ofBlock,
};

const STREAMS_PER_STATEMENT = 16;
const dayOf = (time: number) => Math.floor(time / DAY_MS) * DAY_MS;
const dayKey = (row: { streamId: string; associationId: string }, dayStart: number) =>
  `${row.streamId} ${dayStart} ${row.associationId}`;

/** The table `day_block` beside that of hours. */
export class DayRows {
  readonly #rules: DayRules;
  readonly #blocks: Map<string, SavedBlock>;
  readonly #days = new Map<string, DayRow>();

  /** @param blocks the rows of `block`, by stream, period and association; what becomes part of a day leaves them */
  constructor(rules: DayRules, blocks: Map<string, SavedBlock>) {
    this.#rules = rules;
    this.#blocks = blocks;
  }

  get rows(): readonly DayRow[] {
    return [...this.#days.values()];
  }

  /** Every block that is read: those of the hours' rows and those of the days'. */
  all(): BlockRow[] {
    const all = new Map<string, BlockRow>();
    for (const { streamId, associationId, hours } of this.#days.values()) {
      for (const [periodStart, payload] of hours)
        all.set(hourKey({ streamId, periodStart, associationId }), { streamId, periodStart, associationId, payload });
    }
    for (const block of this.#blocks.values()) {
      const ofDay = all.get(hourKey(block));
      all.set(hourKey(block), ofDay ? this.#rules.newer(block, ofDay) : block);
    }
    return [...all.values()];
  }

  /**
   * As `joinDays` of the store: some streams in each transaction.
   *
   * @param streamIds numeric streams
   * @param pagesMax how many transactions there are before it ends
   * @returns how many days were written, and whether that was all
   */
  join({ before, sealedBefore }: DueDays, streamIds: readonly string[], pagesMax: number) {
    const ids = streamIds.toSorted();
    const reached = new Set(ids.slice(0, pagesMax * STREAMS_PER_STATEMENT));
    const due = new Set<string>();
    for (const block of this.#blocks.values()) {
      const { streamId, periodStart, sealedAt } = block;
      if (reached.has(streamId) && periodStart < before && sealedAt <= sealedBefore)
        due.add(dayKey(block, dayOf(periodStart)));
    }
    const taken = Map.groupBy(this.#blocks.values(), (block) => dayKey(block, dayOf(block.periodStart)));
    for (const key of due) {
      const hours = taken.get(key) as SavedBlock[];
      const { streamId, associationId, periodStart } = hours[0] as SavedBlock;
      const row = { streamId, associationId, dayStart: dayOf(periodStart) };
      this.#days.set(key, { ...row, hours: this.#rules.joined(this.#days.get(key), hours) });
      for (const [place, block] of this.#blocks) if (hours.includes(block)) this.#blocks.delete(place);
    }
    // Of each page of streams the last is asked for, and a page without any is the end.
    return { days: due.size, isWhole: pagesMax > Math.ceil(ids.length / STREAMS_PER_STATEMENT) };
  }
}

const hourKey = ({ streamId, periodStart, associationId }: Omit<BlockRow, "payload">) =>
  `${streamId} ${periodStart} ${associationId}`;
