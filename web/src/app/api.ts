import type { PatientBody, ProblemDetails, RouteName, routes } from "@openward/api";
import type { z } from "zod";
import { endpoints } from "./endpoints.ts";
import { tellLocked } from "./locked.ts";

type Routes = typeof routes;
export type Answer<N extends RouteName> = z.output<Routes[N]["response"]>;
export type Body<N extends RouteName> = Routes[N] extends { body: infer B extends z.ZodType } ? z.input<B> : undefined;

interface Question<N extends RouteName> {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: Body<N>;
  readonly signal?: AbortSignal;
}

/** The server said no, or nothing: `status` 0 means that no answer came. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;
  readonly similar: readonly PatientBody[];
  readonly occupants: readonly PatientBody[];

  constructor(status: number, body: Partial<ProblemDetails>, options?: ErrorOptions) {
    super(body.detail ?? body.title ?? "The server gave no reason.", options);
    this.status = status;
    this.code = body.code ?? "";
    this.field = body.field;
    this.similar = body.similar ?? [];
    this.occupants = body.occupants ?? [];
  }
}

const NO_ANSWER = "The server does not answer. Nothing is known about whether it was done: look before you try again.";

let showWhoItIs: (() => Promise<boolean>) | undefined;

/** @param show asks the person to show once more that it is they; resolves to whether they did */
export function onProofNeeded(show: () => Promise<boolean>): () => void {
  showWhoItIs = show;
  return () => {
    if (showWhoItIs === show) showWhoItIs = undefined;
  };
}

/**
 * Asks the server one question of the contract. What is dangerous may want the person to show first that it is they; then
 * it is asked once more.
 *
 * @throws ApiProblem with the server's code and field
 */
export async function ask<N extends RouteName>(name: N, question: Question<N> = {}): Promise<Answer<N>> {
  try {
    return await askOnce(name, question);
  } catch (problem) {
    const isWanted = problem instanceof ApiProblem && problem.code === "PROOF_NEEDED" && showWhoItIs !== undefined;
    if (!isWanted || !(await showWhoItIs?.())) throw problem;
    return askOnce(name, question);
  }
}

async function askOnce<N extends RouteName>(name: N, question: Question<N> = {}): Promise<Answer<N>> {
  const [method, path] = endpoints[name];
  const url = path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(question.params?.[key] ?? ""));
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(question.query ?? {})) {
    if (value !== undefined) query.set(key, String(value));
  }
  let response: Response;
  try {
    response = await fetch(query.size > 0 ? `${url}?${query}` : url, {
      method,
      credentials: "same-origin",
      headers: {
        accept: "application/json",
        ...(question.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(question.body === undefined ? {} : { body: JSON.stringify(question.body) }),
      ...(question.signal ? { signal: question.signal } : {}),
    });
  } catch (cause) {
    if (question.signal?.aborted) throw cause;
    const detail = method === "GET" ? "The server does not answer." : NO_ANSWER;
    throw new ApiProblem(0, { code: "NO_ANSWER", detail }, { cause });
  }
  if (response.status === 204) return null as Answer<N>;
  const body = await response.json().catch(() => undefined);
  if (!response.ok) {
    const problem = new ApiProblem(response.status, (body ?? {}) as Partial<ProblemDetails>);
    if (problem.code === "SCREEN_LOCKED") tellLocked(true);
    throw problem;
  }
  return body as Answer<N>; // the contract is the server's to keep: it checks what it sends in its own tests
}

/** One sentence for a person. */
export function problemText(error: unknown): string {
  if (error instanceof ApiProblem) return error.field ? `${error.message} (${error.field})` : error.message;
  return "Something unexpected went wrong on this page.";
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401;
}
