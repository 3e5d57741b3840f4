import type { Bundle } from "@medplum/fhirtypes";
import type { RecordContext } from "../context.ts";
import { pageOfList, wantedIds } from "../search/list.ts";
import { type ParameterDefinition, type ParameterValue, parseQuery } from "../search/query.ts";
import { parseTokens } from "../search/token.ts";
import { askingIn } from "./asking.ts";
import { mapSubscription } from "./present.ts";
import { BACKPORT } from "./topics.ts";

export const subscriptionParameters: readonly ParameterDefinition[] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "status", type: "token", documentation: "requested, active, error or off" },
  { name: "type", type: "token", documentation: "rest-hook, websocket or email" },
  { name: "url", type: "uri", documentation: "Where it is sent to" },
  { name: "criteria", type: "string", documentation: "How the url of its topic begins" },
  { name: "topic", type: "uri", documentation: "The url of its topic" },
  { name: "payload", type: "token", documentation: "The type of what is sent" },
  { name: "payload-type", type: "token", documentation: "empty, id-only or full-resource" },
  { name: "filter-criteria", type: "string", documentation: "How one of its filters begins" },
  { name: "contact", type: "token", documentation: "Whom to ask, as system|value" },
];

/** One's own subscriptions. */
export async function searchSubscriptions(
  context: RecordContext,
  pairs: Iterable<readonly [string, string]>,
): Promise<Bundle> {
  const query = parseQuery(pairs, subscriptionParameters, { strict: context.strict, sorts: ["_id"] });
  const ids = wantedIds(query);
  const { subscriptions } = context;
  const all = subscriptions ? await subscriptions.list(askingIn(context)) : [];
  const found = all.filter((state) => {
    const { id, status, channel, endpoint, filters, content } = state.subscription;
    const { criteria = "", contact = [], channel: told } = mapSubscription(state);
    const of = (name: string, ...values: readonly (string | null)[]) => isAsked(query.all(name), values);
    const begins = (name: string, ...values: readonly string[]) =>
      query.all(name).every(({ value }) => values.some((one) => one.toLowerCase().startsWith(value.toLowerCase())));
    return (
      (ids === undefined || ids.has(id)) &&
      of("status", status) &&
      of("type", channel) &&
      of("url", endpoint) &&
      of("topic", criteria) &&
      of("payload", told?.payload ?? "") &&
      of("payload-type", content) &&
      of("contact", ...contact.map(({ value = "" }) => value)) &&
      begins("criteria", criteria) &&
      begins("filter-criteria", ...filters)
    );
  });
  return pageOfList(context, "Subscription", query, found.map(mapSubscription));
}

/** Of each occurrence one value; what is a code is it under whatever system. */
function isAsked(occurrences: readonly ParameterValue[], values: readonly (string | null)[]): boolean {
  return occurrences.every((one) =>
    parseTokens(one).some(
      ({ code, system }) => values.includes(code ?? null) || (code === undefined && system !== undefined),
    ),
  );
}

export const SUBSCRIPTION_PROFILE = `${BACKPORT}backport-subscription`;
