/** Times as people write them down on a ward: the patient's own clock, whatever the browser's is. */

/** For an input of type datetime-local: "2026-11-22T14:05:09". */
export function toZonedInput(at: number, zone: string): string {
  const parts = new Map(
    format(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: string) => parts.get(type as Intl.DateTimeFormatPartTypes) ?? "00";
  return `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}:${part("second")}`;
}

/** ms UTC; null for what is no time. An hour that is told twice in autumn is the first of the two. */
export function fromZonedInput(text: string, zone: string): number | null {
  const asUtc = Date.parse(`${text}Z`);
  if (!Number.isFinite(asUtc)) return null;
  const offsetAt = (at: number) => Date.parse(`${toZonedInput(at, zone)}Z`) - Math.floor(at / 1000) * 1000;
  // The offset of before and of after: of the two times that may be meant, those that read as what was written.
  const candidates = [asUtc - offsetAt(asUtc - DAY), asUtc - offsetAt(asUtc + DAY)].sort((a, b) => a - b);
  return candidates.find((at) => Date.parse(`${toZonedInput(at, zone)}Z`) === asUtc) ?? candidates[1] ?? null;
}

const DAY = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    const two = "2-digit" as const;
    found = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      year: "numeric",
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
      hourCycle: "h23",
    });
    formats.set(zone, found);
  }
  return found;
}
