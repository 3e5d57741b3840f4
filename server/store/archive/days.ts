/** Hour blocks of a day, one behind the other: server/store/telemetry, `day_block`. */
export interface Day {
  /** Where each hour begins in the payload, and the end. */
  readonly bounds: readonly number[];
  readonly payload: Buffer;
}

const HOURS = 24;

/** A day that was archived, with the hours that have come since in their places. */
export function withNewerHours(archived: Day, newer: Day): Day {
  const bounds = [0];
  const parts: Buffer[] = [];
  for (let hour = 0; hour < HOURS; hour++) {
    const came = hourOf(newer, hour);
    const part = came.length > 0 ? came : hourOf(archived, hour);
    parts.push(part);
    bounds.push((bounds[hour] as number) + part.length);
  }
  return { bounds, payload: Buffer.concat(parts) };
}

const hourOf = ({ bounds, payload }: Day, hour: number) => payload.subarray(bounds[hour], bounds[hour + 1]);
