/** What a person may type, to an ISO date: 1948-03-21, 21.3.1948, 21/03/1948, 21 Mar 1948. */
export type ParsedDate =
  | { readonly ok: true; readonly date: string | null }
  | { readonly ok: false; readonly reason: string };

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/**
 * Day before month, as the hint says. The order month before day is refused rather than guessed where it would show.
 *
 * @param today ISO date: a birth lies before it, and not 130 years before
 */
export function parseBirthDate(text: string, today: string): ParsedDate {
  const typed = text.trim().toLowerCase();
  if (typed === "") return { ok: true, date: null };
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(typed);
  const numeric = /^(\d{1,2})[./ -](\d{1,2})[./ -](\d{4})$/.exec(typed);
  const worded = /^(\d{1,2})\.? ([a-z]{3})[a-z]*\.? (\d{4})$/.exec(typed);
  let parts: [number, number, number] | undefined;
  if (iso) parts = [Number(iso[1]), Number(iso[2]), Number(iso[3])];
  else if (numeric) parts = [Number(numeric[3]), Number(numeric[2]), Number(numeric[1])];
  else if (worded) parts = [Number(worded[3]), months.indexOf(worded[2] ?? "") + 1, Number(worded[1])];
  if (!parts) return { ok: false, reason: "Write day, month, year: 21.3.1948" };
  const [year, month, day] = parts;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (month < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    return { ok: false, reason: "There is no such date" };
  }
  const isoText = date.toISOString().slice(0, 10);
  if (isoText > today) return { ok: false, reason: "That is in the future" };
  if (year < Number(today.slice(0, 4)) - 130) return { ok: false, reason: "That is more than 130 years ago" };
  return { ok: true, date: isoText };
}
