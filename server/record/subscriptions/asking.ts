import { RefusedInput } from "@openward/errors";
import type { Asking } from "@openward/model";
import type { RecordContext } from "../context.ts";
import type { Subscriptions } from "./ports.ts";

export const askingIn = ({ view, organisation, app }: RecordContext): Asking => ({
  principal: view.principal,
  organisation,
  view,
  ...(app ? { app } : {}),
});

/** @throws RefusedInput NOT_SUPPORTED where nobody is told of anything */
export function subscriptionsOf({ subscriptions }: RecordContext): Subscriptions {
  if (!subscriptions) throw new RefusedInput("NOT_SUPPORTED", { at: "http.url", expected: "a type that is made here" });
  return subscriptions;
}
