import catalogue from "./catalogue.json" with { type: "json" };

/** Every refusal has a code of this catalogue; its text is constant, its facts are fields. */
export type RefusalCode = keyof typeof catalogue;

export const refusalText: Readonly<Record<RefusalCode, string>> = catalogue;

/** Where the fault lies and what was expected there. Never a patient's name or a clinical value in `at`. */
export interface RefusalFacts {
  /** The field, as the sender would name it: "[3].values.spo2.unit", "OBX-6", "OPENWARD_HTTP_PORT". */
  readonly at?: string;
  readonly expected?: string;
  readonly received?: string;
  readonly [fact: string]: string | number | undefined;
}

/** Input that was refused: typed, expected, and told to whoever sent it. */
export class RefusedInput extends Error {
  override readonly name = "RefusedInput";
  readonly code: RefusalCode;
  readonly facts: RefusalFacts;

  constructor(code: RefusalCode, facts: RefusalFacts = {}, options?: ErrorOptions) {
    super(describeRefusal(code, facts), options);
    this.code = code;
    this.facts = facts;
  }
}

/** Outside trouble (disk, database, network): typed, and says whether sending again can help. */
export class OutsideTrouble extends Error {
  override readonly name = "OutsideTrouble";
  readonly code: RefusalCode;
  readonly retry: boolean;

  constructor(code: RefusalCode, retry: boolean, facts: RefusalFacts = {}, options?: ErrorOptions) {
    super(describeRefusal(code, facts), options);
    this.code = code;
    this.retry = retry;
  }
}

/** One line for a person: the catalogue's sentence, the field, what was expected and what came. */
export function describeRefusal(code: RefusalCode, facts: RefusalFacts = {}): string {
  let text = `${code}: ${refusalText[code]}`;
  if (facts.at !== undefined) text += ` At ${facts.at}.`;
  if (facts.expected !== undefined) text += ` Expected ${facts.expected}.`;
  if (facts.received !== undefined) text += ` Received ${facts.received.slice(0, 80)}.`;
  return text;
}
