import { compareBeds } from "../alarms/priority.ts";

const MOST = 8;

/**
 * Beds to offer: there is no list of a ward's beds, so those are taken that continue how it names its beds and in which
 * nobody lies: the gaps first, then the one after the last ("A1, A3" is A2 and A4).
 *
 * @param taken beds of one ward in which somebody lies
 */
export function freeBeds(taken: readonly string[]): readonly string[] {
  const isTaken = new Set(taken.map((bed) => bed.trim().toLowerCase()));
  const last = new Map<string, { prefix: string; number: number }>();
  for (const bed of taken) {
    const parts = /^(.*?)(\d{1,4})$/.exec(bed.trim());
    if (!parts) continue;
    const [, prefix = "", digits = ""] = parts;
    const known = last.get(prefix.toLowerCase());
    const number = Math.max(known?.number ?? 0, Number(digits));
    last.set(prefix.toLowerCase(), { prefix: known?.prefix ?? prefix, number });
  }
  if (last.size === 0) last.set("", { prefix: "", number: 0 });
  const free: string[] = [];
  for (const { prefix, number } of last.values()) {
    for (let n = 1; n <= number + 1; n++) {
      if (!isTaken.has(`${prefix}${n}`.toLowerCase())) free.push(`${prefix}${n}`);
    }
  }
  return free.sort(compareBeds).slice(0, MOST);
}
