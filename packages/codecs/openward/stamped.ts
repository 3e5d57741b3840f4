import { QUALITY } from "@openward/model";
import type { DecodeContext } from "../codec.ts";
import type { DecodedEvent } from "../event.ts";
import type { ReadingColumn } from "../reading-columns.ts";
import type { ItemProblem } from "../refusals.ts";
import type { DecodedWaveform } from "../waveform.ts";

/*
 * Our own bodies inside a capture. A body that says no time is one of now, and now is when the gateway received it: the
 * server may get it days later. Where the body is not in a capture, the server's own time stands in, as it always does.
 */

/** Values of one time each; those without one get the time of reception, in a column of their own, for quality is a column's. */
export function stampColumn(column: ReadingColumn, context: DecodeContext): readonly ReadingColumn[] {
  const { times, values, items } = column;
  const said: number[] = [];
  const unsaid: number[] = [];
  for (let i = 0; i < times.length; i++) (Number.isNaN(times[i]) ? unsaid : said).push(i);
  const pick = (rows: readonly number[], time?: number) => ({
    ...column,
    times: rows.map((i) => time ?? (times[i] as number)),
    values: rows.map((i) => values[i] as number),
    items: rows.map((i) => itemOf(items[i] as number, context)),
  });
  return [
    ...(said.length > 0 ? [pick(said)] : []),
    ...(unsaid.length > 0 ? [{ ...pick(unsaid, context.at), quality: (column.quality ?? 0) | context.atQuality }] : []),
  ];
}

export function stampWaveform(waveform: DecodedWaveform, context: DecodeContext): DecodedWaveform {
  const item = itemOf(waveform.item, context);
  if (!Number.isNaN(waveform.start)) return { ...waveform, item };
  // The last of its samples is of now.
  const start = context.at - (waveform.samples.length * 1000) / waveform.rateHz;
  return { ...waveform, item, start, quality: (waveform.quality ?? 0) | context.atQuality };
}

/** An event without a time stays without one where the server's would stand in: it gives the first delivery's, and knows it again. */
export function stampEvent(event: DecodedEvent, context: DecodeContext): DecodedEvent {
  const item = itemOf(event.item, context);
  const isServers = (context.atQuality & QUALITY.timeFromServer) !== 0;
  if (!Number.isNaN(event.at) || isServers) return { ...event, item };
  return { ...event, item, at: context.at, isGatewayTime: true };
}

export function placeProblem(problem: ItemProblem, context: DecodeContext): ItemProblem {
  return { ...problem, index: itemOf(problem.index, context) };
}

/** In a capture the capture's values are the items, and what is in one of them is not counted. */
function itemOf(item: number, context: DecodeContext): number {
  return context.isPart ? context.item : item;
}
