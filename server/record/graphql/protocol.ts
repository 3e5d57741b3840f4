/** One question, as it was sent. */
export interface Question {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  /** The fields asked for are those of this resource. */
  readonly instance?: { readonly type: string; readonly id: string } | undefined;
}

/** A read or a search that a question comes to: "Patient/1", "Observation?patient=1". */
export type Reach = (url: string) => Promise<{ readonly status: number; readonly text: string }>;

/** Text of JSON: the thread has another memory, and decimals live in text only. */
export interface Answered {
  /** false: it was refused before anything was read, and `json` says why. */
  readonly isValid: boolean;
  readonly json: string;
}

export type ToThread =
  | { readonly kind: "ask"; readonly id: number; readonly question: Question }
  | {
      readonly kind: "reached";
      readonly id: number;
      readonly call: number;
      readonly status: number;
      readonly text: string;
    };

export type FromThread =
  /** The schema is made. */
  | { readonly kind: "ready" }
  | { readonly kind: "reach"; readonly id: number; readonly call: number; readonly url: string }
  | ({ readonly kind: "answer"; readonly id: number } & Answered);
