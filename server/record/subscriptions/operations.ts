import type { Bundle, Parameters, Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { isObject } from "@openward/fhir/json";
import { NOTIFICATION_CONTENTS, type NotificationContent, type SubscriptionState } from "@openward/model";
import type { Ids } from "@openward/runtime";
import type { RecordContext } from "../context.ts";
import { within } from "../reach.ts";
import { fhirTime } from "../resources/time.ts";
import { askingIn, subscriptionsOf } from "./asking.ts";
import { notificationBundle, statusParameters } from "./notification.ts";

/** Of one answer; the others are asked for by the next. */
const EVENTS_A_PAGE = 500;
const STATUSES = new Set(["requested", "active", "error", "off"]);

/** "Subscription/1/$events" */
export interface OperationPlace {
  readonly id: string | undefined;
  readonly operation: "status" | "events" | "get-ws-binding-token";
}

export function subscriptionOperation(path: string): OperationPlace | undefined {
  const [, id, operation] =
    /^Subscription(?:\/([A-Za-z0-9.-]{1,64}))?\/\$(status|events|get-ws-binding-token)$/.exec(path) ?? [];
  return operation === undefined ? undefined : { id, operation: operation as OperationPlace["operation"] };
}

/**
 * The guide's operations: how subscriptions stand, what happened under which number, a token for the WebSocket.
 *
 * @throws RefusedInput NOT_FOUND, FIELD_INVALID, PARAMETER_UNKNOWN, GONE where events are not kept any more
 */
export async function answerSubscriptionOperation(
  context: RecordContext,
  { id, operation }: OperationPlace,
  query: URLSearchParams,
  body: unknown,
  ids: Ids,
): Promise<Resource> {
  within(context, "Subscription", "r", id);
  const given = givenIn(query, body);
  switch (operation) {
    case "status":
      return statusOf(context, id, given);
    case "events":
      return eventsOf(context, id, given, ids);
    case "get-ws-binding-token":
      return bindingToken(context, id, given);
  }
}

async function statusOf(context: RecordContext, id: string | undefined, given: Given): Promise<Bundle> {
  const subscriptions = subscriptionsOf(context);
  const asking = askingIn(context);
  const wanted = given.all("id");
  const statuses = given.all("status");
  const wrong = statuses.find((one) => !STATUSES.has(one));
  if (wrong !== undefined)
    throw new RefusedInput("FIELD_INVALID", { at: "http.status", expected: [...STATUSES].join(", ") });
  const states = id === undefined ? await subscriptions.list(asking) : [await subscriptions.find(asking, id)];
  const found = states.filter(
    ({ subscription }) =>
      id !== undefined ||
      ((wanted.length === 0 || wanted.includes(subscription.id)) &&
        (statuses.length === 0 || statuses.includes(subscription.status))),
  );
  const { base } = context;
  const place = id === undefined ? "Subscription/$status" : `Subscription/${id}/$status`;
  return {
    resourceType: "Bundle",
    type: "searchset",
    total: found.length,
    link: [{ relation: "self", url: `${base}/${place}` }],
    ...(found.length === 0
      ? {}
      : {
          entry: found.map((state) => ({
            fullUrl: `${base}/Subscription/${state.subscription.id}/$status`,
            resource: { id: state.subscription.id, ...statusParameters(context, ...standing(state)) },
            search: { mode: "match" as const },
          })),
        }),
  };
}

function standing({ subscription, progress }: SubscriptionState) {
  const { status, error, content } = subscription;
  const told = { type: "query-status", status, error, total: progress.events, content } as const;
  return [subscription, told] as const;
}

async function eventsOf(context: RecordContext, id: string | undefined, given: Given, ids: Ids): Promise<Bundle> {
  if (id === undefined)
    throw new RefusedInput("NOT_SUPPORTED", { at: "http.url", expected: "Subscription/{id}/$events" });
  const subscriptions = subscriptionsOf(context);
  const asking = askingIn(context);
  const { subscription, progress } = await subscriptions.find(asking, id);
  const from = Math.max(1, numberOf(given, "eventsSinceNumber") ?? 1);
  const until = Math.min(numberOf(given, "eventsUntilNumber") ?? progress.events, progress.events);
  const [wanted] = given.all("content");
  if (wanted !== undefined && !NOTIFICATION_CONTENTS.includes(wanted as NotificationContent))
    throw new RefusedInput("FIELD_INVALID", { at: "http.content", expected: NOTIFICATION_CONTENTS.join(", ") });
  const content = (wanted as NotificationContent | undefined) ?? subscription.content;
  const last = Math.min(until, from + EVENTS_A_PAGE - 1);
  const events = await subscriptions.events(asking, id, from, last);
  const { status, error } = subscription;
  const notification = { type: "query-event", status, error, total: progress.events, events, content } as const;
  const bundle = await notificationBundle(context, subscription, notification, ids);
  const address = (since: number) => {
    const asked = new URLSearchParams({ eventsSinceNumber: String(since), eventsUntilNumber: String(until) });
    if (wanted !== undefined) asked.set("content", wanted);
    return `${context.base}/Subscription/${id}/$events?${asked}`;
  };
  const link = [{ relation: "self", url: address(from) }];
  if (last < until) link.push({ relation: "next", url: address(last + 1) });
  return { ...bundle, link };
}

async function bindingToken(context: RecordContext, id: string | undefined, given: Given): Promise<Parameters> {
  const asked = id === undefined ? given.all("id") : [id];
  const { token, expiresAt, url, subscriptionIds } = await subscriptionsOf(context).bindingToken(
    askingIn(context),
    asked,
  );
  return {
    resourceType: "Parameters",
    parameter: [
      { name: "token", valueString: token },
      { name: "expiration", valueDateTime: fhirTime(expiresAt) },
      ...subscriptionIds.map((one) => ({ name: "subscription", valueString: one })),
      { name: "websocket-url", valueUrl: url },
    ],
  };
}

interface Given {
  /** Several of one name are joined by OR. */
  all(name: string): readonly string[];
}

const KNOWN = new Set(["id", "status", "eventsSinceNumber", "eventsUntilNumber", "content"]);
const VALUES_MAX = 100;

/** @throws RefusedInput PARAMETER_UNKNOWN, BODY_SHAPE */
function givenIn(query: URLSearchParams, body: unknown): Given {
  const values = new Map<string, string[]>();
  const put = (name: string, value: string) => {
    if (!KNOWN.has(name))
      throw new RefusedInput("PARAMETER_UNKNOWN", { at: "http.url", expected: [...KNOWN].join(", ") });
    const all = values.get(name) ?? [];
    for (const one of value.split(",")) all.push(one.trim());
    if (all.length > VALUES_MAX)
      throw new RefusedInput("FIELD_INVALID", { at: `http.${name}`, expected: `at most ${VALUES_MAX}` });
    values.set(name, all);
  };
  for (const [name, value] of query) if (name !== "_format" && name !== "_pretty") put(name, value);
  if (body !== undefined && body !== null) {
    const { resourceType, parameter = [] } = (isObject(body) ? body : {}) as {
      resourceType?: unknown;
      parameter?: unknown;
    };
    if (resourceType !== "Parameters" || !Array.isArray(parameter))
      throw new RefusedInput("BODY_SHAPE", { at: "Parameters", expected: "Parameters" });
    for (const one of parameter as unknown[]) {
      const { name, ...value } = (isObject(one) ? one : {}) as Record<string, unknown>;
      put(String(name), String(Object.values(value)[0] ?? ""));
    }
  }
  return { all: (name) => values.get(name) ?? [] };
}

function numberOf(given: Given, name: string): number | undefined {
  const [text] = given.all(name);
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new RefusedInput("FIELD_INVALID", { at: `http.${name}`, expected: "the number of an event" });
  return Number(text);
}
