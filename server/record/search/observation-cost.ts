import { RefusedInput } from "@openward/errors";
import type { ResourceQuery } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import type { StreamSummary } from "../ports.ts";
import type { Interval } from "./intervals.ts";

/** What a search would have to look at, told by what is known of what is stored; nothing of it is read. */
export interface SearchCost {
  /** About how many readings of these streams lie in this time; stops counting at `atMost`. */
  readings(streamIds: readonly string[], from: number, to: number, atMost: number): Promise<number>;
  /** What the planner of the database says, in its own units. */
  texts(asker: { readonly organisationId: string; readonly id: string }, query: ResourceQuery): Promise<number>;
  readonly readingsMax: number;
  readonly textsMax: number;
}

/**
 * Where each reading would have to be looked at by itself, or all of them be at hand before the first is told: there may be as
 * many as can be looked at while somebody waits.
 *
 * @param atOnce so many cost as much as one
 * @throws RefusedInput SEARCH_TOO_COSTLY, saying what to add
 */
export async function needCheapReadings(
  { cost }: RecordContext,
  streams: readonly StreamSummary[],
  spans: readonly Interval[],
  atOnce = 1,
): Promise<void> {
  const [first, last] = [spans[0], spans.at(-1)];
  const numeric = streams.filter(({ stream }) => stream.kind === "numeric").map(({ stream }) => stream.id);
  if (!cost || !first || !last || numeric.length === 0) return;
  const most = cost.readingsMax * atOnce;
  const count = await cost.readings(numeric, first.from, last.to, most + 1);
  if (count > most)
    throw new RefusedInput("SEARCH_TOO_COSTLY", {
      at: "http.url",
      expected: `a patient, a code and a span of dates (code=8867-4&date=ge2026-11-01) with at most about ${most} readings, or _sort=-date without a question about values`,
    });
}

/** By these the database goes straight to the few that are meant. */
const SELECTIVE =
  /^(identifier|encounter|specimen|based-on|has-member|derived-from|patient|subject|focus|part-of|performer)\t/;

/** @throws RefusedInput SEARCH_TOO_COSTLY, saying what to add */
export async function needCheapTexts({ cost, view }: RecordContext, query: ResourceQuery): Promise<void> {
  const isSelective = query.conditions.some(
    (one) => one.kind === "ids" || (one.kind === "terms" && one.anyOf.every((term) => SELECTIVE.test(term))),
  );
  if (!cost || isSelective) return;
  if ((await cost.texts(view.principal, query)) > cost.textsMax)
    throw new RefusedInput("SEARCH_TOO_COSTLY", {
      at: "http.url",
      expected: "a patient, an identifier, or another parameter that fewer Observations answer to",
    });
}
