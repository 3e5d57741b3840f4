import type { Bundle, BundleEntry, Parameters, ParametersParameter } from "@medplum/fhirtypes";
import type { NewEvent, Notification, NumberedEvent, Subscription } from "@openward/model";
import type { Ids } from "@openward/runtime";
import type { RecordContext } from "../context.ts";
import { fhirTime } from "../resources/time.ts";
import { type Focus, readFocus } from "./focus.ts";
import { BACKPORT, TOPICS } from "./topics.ts";

const STATUS_OF: Readonly<Record<NewEvent["method"], string>> = { POST: "201", PUT: "200", DELETE: "204" };

/** How a subscription stands, as R4 says R5's SubscriptionStatus. */
export function statusParameters(
  { base }: Pick<RecordContext, "base">,
  { id, topic }: Subscription,
  { type, status, error, total, content }: Omit<Notification, "events">,
  events: readonly ParametersParameter[] = [],
): Parameters {
  return {
    resourceType: "Parameters",
    meta: { profile: [`${BACKPORT}backport-subscription-status-r4`] },
    parameter: [
      { name: "subscription", valueReference: { reference: `${base}/Subscription/${id}` } },
      ...(content === "empty" ? [] : [{ name: "topic", valueCanonical: TOPICS[topic].url }]),
      { name: "status", valueCode: status },
      { name: "type", valueCode: type },
      { name: "events-since-subscription-start", valueString: String(total) },
      ...events,
      ...(error === null ? [] : [{ name: "error", valueCodeableConcept: { text: error } }]),
    ],
  };
}

/**
 * A notification: a Bundle of type history, first how the subscription stands, then what happened, as who asked sees it now. Of an
 * event that is not for them any more stands its number, and nothing else.
 */
export async function notificationBundle(
  context: RecordContext,
  subscription: Subscription,
  notification: Notification,
  ids: Ids,
): Promise<Bundle> {
  const { base } = context;
  const parts: ParametersParameter[] = [];
  const entries = new Map<string, BundleEntry>();
  for (const numbered of notification.events) {
    await context.turn();
    parts.push(await partOf(context, notification, numbered, entries));
  }
  const self = `${base}/Subscription/${subscription.id}`;
  const { type } = notification;
  const operation = type === "query-event" ? "$events" : "$status";
  return {
    resourceType: "Bundle",
    id: ids.uuid(),
    meta: { profile: [`${BACKPORT}backport-subscription-notification-r4`] },
    type: "history",
    timestamp: fhirTime(context.clock.now()),
    entry: [
      {
        fullUrl: `urn:uuid:${ids.uuid()}`,
        resource: statusParameters(context, subscription, notification, parts),
        request: { method: "GET", url: `${self}/${operation}` },
        response: { status: "200" },
      },
      ...entries.values(),
    ],
  };
}

async function partOf(
  context: RecordContext,
  { content }: Notification,
  { number, event }: NumberedEvent,
  entries: Map<string, BundleEntry>,
): Promise<ParametersParameter> {
  const part: ParametersParameter[] = [{ name: "event-number", valueString: String(number) }];
  const told = { name: "notification-event", part };
  if (event === null) return told;
  const at = { name: "timestamp", valueInstant: fhirTime(event.at) };
  if (content === "empty") {
    part.push(at);
    return told;
  }
  // What is no resource of ours has only its name.
  if (event.reference.startsWith("urn:")) {
    part.push(at, { name: "focus", valueReference: { reference: event.reference } });
    return told;
  }
  const focus = await focusOf(context, event);
  if (focus === undefined) return told;
  const fullUrl = `${context.base}/${event.reference}`;
  part.push(at, { name: "focus", valueReference: { reference: fullUrl } });
  const isFull = content === "full-resource" && focus !== "gone";
  entries.set(fullUrl, {
    fullUrl,
    ...(isFull ? { resource: focus.resource } : {}),
    request: {
      method: event.method,
      url: event.method === "POST" ? (event.reference.split("/", 1)[0] ?? "") : event.reference,
    },
    response: { status: STATUS_OF[event.method] },
  });
  return told;
}

/** Of what was deleted nothing can be read: whoever sees whom it was about may know. */
async function focusOf(context: RecordContext, { reference, method, patientId }: NewEvent): Promise<Focus> {
  if (patientId !== null && !context.view.has(patientId)) return undefined;
  const focus = await readFocus(context, reference);
  return method === "DELETE" && focus === undefined && patientId === null ? "gone" : focus;
}
