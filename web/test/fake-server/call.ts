import type { routes } from "@openward/api";

export class Refusal extends Error {
  readonly status: number;
  readonly body: object;
  constructor(status: number, code: string, detail: string, more: object = {}) {
    super(detail);
    this.status = status;
    this.body = { type: `urn:openward:${code}`, title: detail, status, detail, code, ...more };
  }
}
export const found = <T>(x: T | undefined | null): T => {
  if (x === undefined || x === null)
    throw new Refusal(404, "NOT_FOUND", "There is no such thing, or it is not visible to you.");
  return x;
};

// biome-ignore lint/suspicious/noExplicitAny: a fake; bodies were parsed by the contract's schemas before
export type Call = { params: Record<string, string>; query: any; body: any };
export type Answer = (call: Call) => unknown;
export type Answers = Partial<Record<keyof typeof routes, Answer>>;

// The portals do not ask these.
export const unasked = () => {
  throw new Refusal(404, "NOT_FOUND", "There is no such thing here.");
};
