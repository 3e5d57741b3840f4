import { dinCheckValue } from "./check-characters.ts";
import { isoDayOfYear } from "./dates.ts";
import { refuseUdi, type Udi, type UdiAgency, UdiFindings } from "./udi.ts";

interface Structure {
  readonly flag: string;
  readonly display: string;
  /** Characters of data after the flag. */
  readonly length: number;
  readonly form: RegExp;
  readonly field: "di" | "lot" | "serial" | "madeOn" | "expiresOn";
}

const STRUCTURES: readonly Structure[] = [
  { flag: "=/", display: "processor product identification", length: 16, form: /^[A-Z0-9]+$/, field: "di" },
  { flag: "=)", display: "container manufacturer and catalogue number", length: 10, form: /^[A-Z0-9]+$/, field: "di" },
  { flag: "=,", display: "serial number", length: 6, form: /^[A-Z0-9]+$/, field: "serial" },
  { flag: "=>", display: "expiry date", length: 6, form: /^\d+$/, field: "expiresOn" },
  { flag: "=}", display: "manufacture date", length: 6, form: /^\d+$/, field: "madeOn" },
  { flag: "&,1", display: "lot", length: 18, form: /^[A-Z0-9]+$/, field: "lot" },
  { flag: "&)", display: "container lot", length: 10, form: /^[A-Z0-9]+$/, field: "lot" },
];

/** The flag of a donation is the `=` alone: its second character is the first of the number. */
const DONATION = /^=([A-Z1-9][A-Z0-9]{12})([0-9A-Z]{2})/;

/** @throws RefusedInput UDI_MALFORMED */
export function parseIccbba(text: string): Udi {
  const found = new UdiFindings();
  let agency: UdiAgency = "ICCBBA";
  let at = 0;
  while (at < text.length) {
    const left = text.slice(at);
    // Punctuation first: what is left begins with a letter or digit and is a donation.
    const structure = STRUCTURES.find(({ flag }) => left.startsWith(flag));
    if (!structure) {
      at += takeDonation(left, at, found);
      continue;
    }
    const { flag, display, length, form, field } = structure;
    const value = left.slice(flag.length, flag.length + length);
    const offset = at + flag.length;
    if (value.length < length || !form.test(value)) refuseUdi("ICCBBA", display, offset, `${length} characters`);
    if (flag === "=)") agency = "ICCBBA-blood";
    const isDate = field === "madeOn" || field === "expiresOn";
    found.take(field, isDate ? dayOf(value, display, offset) : value, offset);
    at += flag.length + length;
  }
  return found.finish(agency, text, text);
}

function takeDonation(left: string, at: number, found: UdiFindings): number {
  const [whole, number, flags] = DONATION.exec(left) ?? [];
  if (whole === undefined || number === undefined || flags === undefined)
    return refuseUdi("ICCBBA", "data identifier", at, "one of =/ =, => =} =) &,1 &) or = and a donation number");
  found.take("din", number, at + 1);
  // Flags from 60 to 96 carry the check value of what people type.
  const carried = /^\d{2}$/.test(flags) ? Number(flags) - 60 : -1;
  if (carried >= 0 && carried <= 36) {
    const right = dinCheckValue(number) === carried;
    found.checked(right);
    if (!right) found.warn(at + 14, "the check in the flags does not fit the donation number");
  } else if (flags !== "00") found.ignore(at + 14, `flags ${flags}`);
  return whole.length;
}

/** cYYJJJ: the century's last digit but one, the year, the day of the year. */
function dayOf(text: string, display: string, offset: number): string {
  const century = text[0] === "0" ? 2000 : text[0] === "9" ? 1900 : undefined;
  const day =
    century === undefined ? undefined : isoDayOfYear(century + Number(text.slice(1, 3)), Number(text.slice(3)));
  return day ?? refuseUdi("ICCBBA", display, offset, "a day, cYYJJJ");
}
