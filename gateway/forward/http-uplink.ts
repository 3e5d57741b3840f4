import { gzipSync } from "node:zlib";
import type { Answer, HttpLine } from "./http-line.ts";
import type { Outcome, Uplink } from "./uplink.ts";

const PACKED_FROM = 1_000;
/** Refusals that are about what was sent. Any other will be over one day, and then all of it is taken. */
const OF_A_MESSAGE = new Set([
  "BODY_SHAPE",
  "BODY_TOO_LARGE",
  "FIELD_INVALID",
  "MALFORMED_BYTES",
  "MALFORMED_CBOR",
  "MALFORMED_JSON",
  "TOPIC_FORBIDDEN",
  "TOPIC_MALFORMED",
]);

/** `POST /ingest` as the line to the server. A refusal is one only where the server itself says so: what a proxy says is trouble. */
export function createHttpUplink(line: HttpLine): Uplink {
  return {
    async send(lines) {
      const isPacked = lines.length >= PACKED_FROM;
      try {
        const answer = await line.ask("POST", "/ingest", {
          body: isPacked ? gzipSync(lines, { level: 1 }) : lines,
          headers: {
            "content-type": "application/x-ndjson",
            ...(isPacked ? { "content-encoding": "gzip" } : {}),
          },
        });
        return outcomeOf(answer);
      } catch (error) {
        return { kind: "trouble", reason: reasonOf(error) };
      }
    },
  };
}

function outcomeOf({ status, headers, body }: Answer): Outcome {
  const said = read(body);
  if (status === 200 && Array.isArray(said?.quarantined))
    return { kind: "taken", quarantined: said.quarantined.length };
  if (status === 401) return { kind: "denied", reason: "the server does not know the gateway by what it shows" };
  if (status === 429) {
    const seconds = Number(headers["retry-after"]);
    return { kind: "trouble", reason: "too fast", afterMs: Number.isFinite(seconds) ? seconds * 1_000 : 1_000 };
  }
  const isOurs = String(headers["content-type"]).startsWith("application/problem+json");
  if (isOurs && typeof said?.code === "string" && OF_A_MESSAGE.has(said.code)) {
    return { kind: "refused", code: said.code, reason: String(said.field ?? "") };
  }
  return { kind: "trouble", reason: `the server answers ${status}` };
}

function read(body: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString("utf8"));
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** An error of a socket may quote nothing but addresses. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code ?? message ?? "no answer";
}
