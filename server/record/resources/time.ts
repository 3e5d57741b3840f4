/** Local time may differ from UTC by at most this much in a FHIR dateTime. */
const OFFSET_MINUTES_MAX = 14 * 60;

/**
 * A FHIR dateTime or instant.
 *
 * @param ms milliseconds UTC; a fraction (waveforms whose rate does not divide 1000) is given to the microsecond
 * @param utcOffsetMinutes the device's own offset; null, or more than FHIR allows: "Z"
 */
export function fhirTime(ms: number, utcOffsetMinutes: number | null = null): string {
  if (utcOffsetMinutes !== null) return textOf(ms, utcOffsetMinutes);
  if (ms !== last.ms) last = { ms, text: textOf(ms, null) };
  return last.text;
}

/** What is written together has one time. */
let last = { ms: Number.NaN, text: "" };

function textOf(ms: number, utcOffsetMinutes: number | null): string {
  let whole = Math.floor(ms);
  let micros = Math.round((ms - whole) * 1000);
  if (micros === 1000) {
    whole += 1;
    micros = 0;
  }
  const known = utcOffsetMinutes !== null && Math.abs(utcOffsetMinutes) <= OFFSET_MINUTES_MAX;
  const iso = new Date(known ? whole + utcOffsetMinutes * 60_000 : whole).toISOString();
  const fraction = micros === 0 ? "" : String(micros).padStart(3, "0");
  return `${iso.slice(0, -1)}${fraction}${known ? offsetText(utcOffsetMinutes) : "Z"}`;
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const hours = String(Math.floor(size / 60)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${hours}:${String(size % 60).padStart(2, "0")}`;
}
