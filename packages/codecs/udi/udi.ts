import { RefusedInput } from "@openward/errors";

/** Who gives out the numbers. ICCBBA has one form for tissue and other devices, and one for blood containers. */
export type UdiAgency = "GS1" | "HIBCC" | "ICCBBA" | "ICCBBA-blood";

/** Something about the text that a person should know, and where it stands (0: the first character). */
export interface UdiNote {
  readonly offset: number;
  readonly what: string;
}

/**
 * A unique device identifier (UDI): what the label says of the model (DI) and of this one piece.
 *
 * Numbers are text: leading zeros count. Dates are ISO days.
 */
export interface Udi {
  readonly agency: UdiAgency;
  /** Device identifier: labeller and model. `null`: only the second of two symbols was read. */
  readonly di: string | null;
  readonly lot: string | null;
  readonly serial: string | null;
  readonly madeOn: string | null;
  readonly expiresOn: string | null;
  /** Donation identification number of ISBT 128: the distinct identifier of tissue. */
  readonly din: string | null;
  readonly quantity: number | null;
  /** As people read it, and as scanners send it. */
  readonly hrf: string;
  readonly aidc: string;
  /** Whether the check characters are right; "none": the form has none. */
  readonly check: "right" | "wrong" | "none";
  readonly warnings: readonly UdiNote[];
  /** What was read and not taken. */
  readonly ignored: readonly UdiNote[];
}

/** What parsers gather; `finish` makes a Udi of it. */
export class UdiFindings {
  di: string | null = null;
  lot: string | null = null;
  serial: string | null = null;
  madeOn: string | null = null;
  expiresOn: string | null = null;
  din: string | null = null;
  quantity: number | null = null;
  check: Udi["check"] = "none";
  readonly warnings: UdiNote[] = [];
  readonly ignored: UdiNote[] = [];

  warn(offset: number, what: string): void {
    this.warnings.push({ offset, what });
  }

  ignore(offset: number, what: string): void {
    this.ignored.push({ offset, what });
  }

  /** One wrong check makes the whole wrong. */
  checked(right: boolean): void {
    this.check = right && this.check !== "wrong" ? "right" : "wrong";
  }

  /** The first one counts: a label that says two is told of. */
  take(field: "di" | "lot" | "serial" | "madeOn" | "expiresOn" | "din", value: string, offset: number): void {
    if (this[field] !== null && this[field] !== value) this.ignore(offset, `a second ${WORDS[field]}`);
    else this[field] = value;
  }

  finish(agency: UdiAgency, hrf: string, aidc: string): Udi {
    const { di, lot, serial, madeOn, expiresOn, din, quantity, check, warnings, ignored } = this;
    return { agency, di, lot, serial, madeOn, expiresOn, din, quantity, hrf, aidc, check, warnings, ignored };
  }
}

const WORDS = {
  di: "device identifier",
  lot: "lot",
  serial: "serial number",
  madeOn: "date of manufacture",
  expiresOn: "expiry date",
  din: "donation identification number",
} as const;

/** @throws RefusedInput UDI_MALFORMED, always */
export function refuseUdi(format: UdiAgency | "UDI", at: string, offset: number, expected: string): never {
  throw new RefusedInput("UDI_MALFORMED", { format, at, offset, expected });
}
