import { digitsOf, ownUnit } from "./signal-display.ts";

/** The one formatter of numbers, units, times and zones. Absent is shown as an en dash, never as zero. */
export const ABSENT = "–";

/** A minus that is a minus, digits as the signal's table says. */
export function formatValue(value: number | null | undefined, signal: string): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return ABSENT;
  return withDigits(value, digitsOf(signal));
}

/** For alarm texts: never rounds a value onto the limit that it broke. */
export function formatExact(value: number, signal: string, beside?: number | null): string {
  const rounded = formatValue(value, signal);
  if (beside === null || beside === undefined || rounded !== formatValue(beside, signal)) return rounded;
  return withDigits(value, undefined);
}

/** In another unit than the signal's own its digits are others too: 5.6 mmol/L is not 6. Up to two stand. */
export function formatInUnit(value: number | null, signal: string, unit: string | null): string {
  return value === null || unit === null || unit === ownUnit(signal)
    ? formatValue(value, signal)
    : withDigits(value, undefined);
}

function withDigits(value: number, digits: number | undefined): string {
  const text = digits === undefined ? String(Number(value.toFixed(2))) : value.toFixed(digits);
  // -0.4 with no digits is 0, not -0.
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

const unitDisplay: Readonly<Record<string, string>> = {
  "mm[Hg]": "mmHg",
  "cm[H2O]": "cmH2O",
  Cel: "°C",
  "[degF]": "°F",
  "{beats}/min": "/min",
  "{breaths}/min": "/min",
  "{steps}": "steps",
  "{score}": "",
  "{INR}": "INR",
  "{flights}": "floors",
  "[iU]": "IU",
  "[iU]/h": "IU/h",
  "[iU]/mL": "IU/mL",
  "[lb_av]": "lb",
  "m/s2": "m/s²",
  "kg/m2": "kg/m²",
  Ohm: "Ω",
  uV: "µV",
  deg: "°",
  "1": "",
};

/** UCUM code to what people read: "mm[Hg]" is "mmHg". An unknown code stands as it is. */
export function unitText(ucum: string | null | undefined): string {
  if (!ucum) return "";
  return unitDisplay[ucum] ?? ucum;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function inZone(zone: string, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = `${key} ${zone}`;
  let format = formats.get(id);
  if (!format) {
    try {
      format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
    } catch {
      // A zone that this browser does not know: UTC, and the text says so.
      format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC", timeZoneName: "short" });
    }
    formats.set(id, format);
  }
  return format;
}

/** "14:05" */
export function formatTime(at: number, zone: string): string {
  return inZone(zone, "time", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

/** "14:05:09" */
export function formatTimeWithSeconds(at: number, zone: string): string {
  return inZone(zone, "seconds", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(at);
}

/** "22 Nov" */
export function formatDay(at: number, zone: string): string {
  return inZone(zone, "day", { day: "numeric", month: "short" }).format(at);
}

/** "22 Nov 2026, 14:05" */
export function formatDateTime(at: number, zone: string): string {
  return `${inZone(zone, "date", { day: "numeric", month: "short", year: "numeric" }).format(at)}, ${formatTime(at, zone)}`;
}

/** The time alone where it is today in that zone, otherwise with its day. */
export function formatWhen(at: number, now: number, zone: string): string {
  return formatDay(at, zone) === formatDay(now, zone) && Math.abs(now - at) < 86_400_000
    ? formatTime(at, zone)
    : formatDateTime(at, zone);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long: "12 s", "4 min", "2 h 5 min", "3 d". Rounds down, so that nothing looks older than it is. */
export function formatDuration(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    return minutes === 0 ? `${Math.floor(ms / HOUR)} h` : `${Math.floor(ms / HOUR)} h ${minutes} min`;
  }
  return `${Math.floor(ms / DAY)} d`;
}

/** "1:43", for countdowns and the age of an alarm. */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / SECOND));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}`;
}

const two = (n: number): string => String(n).padStart(2, "0");

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** ISO date to "21 Mar 1948": the month is a word, so that no country reads it wrong. */
export function formatBirthDate(date: string | null): string {
  if (!date) return "birth date unknown";
  const [year, month, day] = date.split("-");
  const name = months[Number(month) - 1];
  return name && day ? `${Number(day)} ${name} ${year}` : date;
}

/** Age in the patient's zone: "78 y", below two years in months, below two months in days; "" when not known. */
export function formatAge(birthDate: string | null, now: number, zone: string): string {
  if (!birthDate) return "";
  const [by = 0, bm = 0, bd = 0] = birthDate.split("-").map(Number);
  const today = new Map(
    inZone(zone, "parts", { year: "numeric", month: "numeric", day: "numeric" })
      .formatToParts(now)
      .map((p) => [p.type, Number(p.value)]),
  );
  const y = today.get("year") ?? 0;
  const m = today.get("month") ?? 0;
  const d = today.get("day") ?? 0;
  const wholeMonths = (y - by) * 12 + (m - bm) - (d < bd ? 1 : 0);
  if (wholeMonths < 0) return "";
  if (wholeMonths < 2) return `${Math.round((Date.UTC(y, m - 1, d) - Date.UTC(by, bm - 1, bd)) / DAY)} d`;
  if (wholeMonths < 24) return `${wholeMonths} mo`;
  return `${Math.floor(wholeMonths / 12)} y`;
}

export const sexWord = { male: "male", female: "female", other: "other", unknown: "sex unknown" } as const;

/** "1 device", "3 devices". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
