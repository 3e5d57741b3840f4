/** Codes of http://hl7.org/fhir/issue-type that a validation gives. */
export type IssueCode =
  | "structure"
  | "required"
  | "value"
  | "invariant"
  | "code-invalid"
  | "not-found"
  | "extension"
  | "not-supported"
  | "too-long"
  | "too-costly";

export interface Issue {
  readonly severity: "error" | "warning" | "information";
  readonly code: IssueCode;
  /** FHIRPath of the element: "Observation.component[1].value.code". */
  readonly expression: string;
  /** Names the element and what was expected; never the value. */
  readonly text: string;
}

/** Nobody reads more, and a hostile resource must not make a thousand times its size of them. */
const ERRORS_AT_MOST = 200;
/** Of warnings and information, so that they never crowd out an error. */
const OTHERS_AT_MOST = 100;

/** Collects issues; knows where the walk stands, and writes that out only when there is something to say. */
export class Report {
  readonly issues: Issue[] = [];
  /** Names of elements, and indexes in lists. */
  readonly path: (string | number)[] = [];
  errors = 0;
  #others = 0;
  #said: Set<string> | undefined;

  /** There is no use in going on. */
  get isFull(): boolean {
    return this.errors > ERRORS_AT_MOST;
  }

  /** The same of the same element is said once: a slice asks again what its element asks. */
  error(code: IssueCode, text: string): void {
    if (this.isFull) return;
    const expression = this.expression();
    if (this.issues.some((one) => one.text === text && one.expression === expression)) return;
    this.errors++;
    if (this.isFull)
      this.#add("error", "too-long", `there are more than ${ERRORS_AT_MOST} errors: the rest is not listed`);
    else this.#add("error", code, text);
  }

  /** Once for each text, as information is: a list of a thousand elements gives one line. */
  warn(code: IssueCode, text: string): void {
    this.#once("warning", code, text);
  }

  inform(code: IssueCode, text: string): void {
    this.#once("information", code, text);
  }

  /** An issue about an element below where the walk stands. */
  errorAt(name: string, code: IssueCode, text: string): void {
    this.path.push(name);
    this.error(code, text);
    this.path.pop();
  }

  expression(): string {
    let text = "";
    for (const step of this.path) {
      if (typeof step === "number") text += `[${step}]`;
      else text += text === "" ? step : `.${step}`;
    }
    return text;
  }

  #once(severity: "warning" | "information", code: IssueCode, text: string): void {
    this.#said ??= new Set();
    if (this.#said.has(text) || this.#others >= OTHERS_AT_MOST) return;
    this.#said.add(text);
    this.#others++;
    this.#add(severity, code, text);
  }

  #add(severity: Issue["severity"], code: IssueCode, text: string): void {
    this.issues.push({ severity, code, expression: this.expression(), text });
  }
}
