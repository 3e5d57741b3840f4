import type { RunningWard } from "./ward.ts";

export interface FhirAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  readonly json: any;
}

export type AskFhir = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<FhirAnswer>;

/** Asks a ward's /fhir, with JSON unless the body is text already. It throws at nothing that is answered. */
export const askFhir =
  ({ url }: Pick<RunningWard, "url">, token: string): AskFhir =>
  async (method, path, body, headers = {}) => {
    const response = await fetch(path.startsWith("http") ? path : `${url}/fhir/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/fhir+json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      // Of lines each is JSON by itself.
      json: text === "" || /ndjson/.test(response.headers.get("content-type") ?? "") ? undefined : JSON.parse(text),
    };
  };
