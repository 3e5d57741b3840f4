import type { Subscription } from "@openward/model";
import type { Post } from "../post.ts";
import { wordsOf } from "../webhook.ts";
import type { Outcome, Send } from "./deliver.ts";
import type { SubscriptionMail } from "./ports.ts";

const GONE = 410;

/** FHIR's rest-hook: the Bundle is posted, with the headers that its receiver wants. */
export function restHook(
  { endpoint, timeoutMs }: Pick<Subscription, "endpoint" | "timeoutMs">,
  deps: { readonly post: Post; readonly headers: () => readonly string[]; readonly userAgent: string },
): Send {
  return async (body, _notification, signal): Promise<Outcome> => {
    const headers: Record<string, string> = { "user-agent": deps.userAgent };
    for (const line of deps.headers()) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
    headers["content-type"] = "application/fhir+json";
    try {
      const { status, retryAfterMs } = await deps.post(endpoint ?? "", headers, body, signal, timeoutMs);
      if (status >= 200 && status <= 299) return "taken";
      return status === GONE ? "gone" : { error: `its receiver answered ${status}`, retryAfterMs };
    } catch (error) {
      return { error: wordsOf(error), retryAfterMs: null };
    }
  };
}

/** FHIR's email: a few words, and the notification as a file where that was asked for. */
export function email(
  { endpoint, attaches }: Pick<Subscription, "endpoint" | "attaches">,
  mail: SubscriptionMail,
): Send {
  const to = (endpoint ?? "").replace(/^mailto:/, "");
  return async (body, { type, events }): Promise<Outcome> => {
    try {
      await mail.send(to, { isFirst: type === "handshake", events: events.length }, attaches ? body : null);
      return "taken";
    } catch {
      return { error: "the mail server did not take it", retryAfterMs: null };
    }
  };
}
