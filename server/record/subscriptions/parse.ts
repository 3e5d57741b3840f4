import type { Extension, Subscription } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { type FhirObject, isObject, plainFhir, printFhir, type Resource } from "@openward/fhir/json";
import { spanOfDate } from "@openward/fhir/search";
import { validate } from "@openward/fhir/validate";
import {
  NOTIFICATION_CONTENTS,
  SUBSCRIPTION_CHANNELS,
  type SubscriptionChannel,
  type SubscriptionDelivery,
  type SubscriptionWish,
} from "@openward/model";
import type { RecordContext } from "../context.ts";
import { within } from "../reach.ts";
import { ResourceRefused, resourceIn } from "../written/check.ts";
import { contentOf } from "../written/present.ts";
import { filterOf } from "./filter.ts";
import { BACKPORT, TOPICS, topicOf } from "./topics.ts";

const FILTERS_MAX = 20;
const COUNT_DEFAULT = 100;
const COUNT_MAX = 1_000;
const TIMEOUT_S_MAX = 15;
const HEARTBEAT_S = { min: 5, max: 7 * 86_400 };

/**
 * A Subscription by the guide's profile, as it was written.
 *
 * @throws ResourceRefused where it breaks R4 or the profile; RefusedInput FIELD_INVALID, PARAMETER_UNKNOWN naming the element;
 *   NOT_PERMITTED where an application may not read what it would be told of
 */
export function parseSubscription(context: RecordContext, body: unknown): SubscriptionWish {
  const written = resourceIn(body, "Subscription");
  if (written.resourceType !== "Subscription") throw invalid("resourceType", "Subscription");
  const faults = validate(plainFhir(written), { profiles: [`${BACKPORT}backport-subscription`] });
  const errors = faults.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new ResourceRefused("Subscription", errors);
  // Held against R4 a line before.
  const resource = plainFhir(written) as unknown as Subscription & Primitives;
  const topic = topicOf(resource.criteria ?? "");
  if (!topic)
    throw invalid(
      "criteria",
      `a topic of this server: ${Object.values(TOPICS)
        .map(({ url }) => url)
        .join(", ")}`,
    );
  const filters = valuesOf(resource._criteria?.extension, "filter-criteria", "valueString").map(String);
  if (filters.length > FILTERS_MAX) throw invalid("criteria.extension", `at most ${FILTERS_MAX} filters`);
  const asked = filterOf({ topic, filters }, context);
  for (const type of TOPICS[topic].types ?? asked.types ?? []) within(context, type, "r");
  if (resource.error !== undefined && resource.error !== "")
    throw invalid("error", "none: it is for the server to say");
  const { status } = resource;
  if (status === "error") throw invalid("status", "requested, active or off");
  return {
    topic,
    filters,
    until: resource.end === undefined ? null : (spanOfDate(resource.end)?.low ?? null),
    headers: resource.channel?.header ?? [],
    status: status === "off" || status === "active" ? status : "requested",
    text: textOf(written),
    ...deliveryOf(resource),
  };
}

/** What stands beside a primitive in JSON. */
interface Primitives {
  readonly _criteria?: { readonly extension?: readonly Extension[] };
  readonly channel: { readonly _payload?: { readonly extension?: readonly Extension[] } };
}

function deliveryOf({ channel }: Subscription & Primitives): SubscriptionDelivery {
  const { type, endpoint, payload, extension, _payload } = channel;
  if (!SUBSCRIPTION_CHANNELS.includes(type as SubscriptionChannel))
    throw invalid("channel.type", SUBSCRIPTION_CHANNELS.join(", "));
  const [content] = valuesOf(_payload?.extension, "payload-content", "valueCode");
  const known = NOTIFICATION_CONTENTS.find((one) => one === content);
  if (!known)
    throw invalid("channel.payload.extension", `backport-payload-content with ${NOTIFICATION_CONTENTS.join(", ")}`);
  const seconds = (name: string): number | undefined => {
    const [value] = valuesOf(extension, name, "valueUnsignedInt");
    return typeof value === "number" ? value : undefined;
  };
  const heartbeat = seconds("heartbeat-period");
  if (heartbeat !== undefined && heartbeat !== 0 && (heartbeat < HEARTBEAT_S.min || heartbeat > HEARTBEAT_S.max))
    throw invalid("channel.extension", `a heartbeat period of 0, or ${HEARTBEAT_S.min} to ${HEARTBEAT_S.max} seconds`);
  const timeout = seconds("timeout") ?? TIMEOUT_S_MAX;
  const [count] = valuesOf(extension, "max-count", "valuePositiveInt");
  return {
    channel: type as SubscriptionChannel, // looked at above
    endpoint: endpoint === undefined || endpoint === "" ? null : endpoint,
    content: known,
    attaches: attaches(type as SubscriptionChannel, payload ?? ""),
    heartbeatMs: heartbeat === undefined || heartbeat === 0 ? null : heartbeat * 1_000,
    timeoutMs: Math.min(timeout === 0 ? TIMEOUT_S_MAX : timeout, TIMEOUT_S_MAX) * 1_000,
    maxCount: Math.min(typeof count === "number" ? count : COUNT_DEFAULT, COUNT_MAX),
  };
}

/** Of a mail the type is that of its text; a notification is always JSON of this server's version. */
function attaches(channel: SubscriptionChannel, payload: string): boolean {
  const [type = "", ...parameters] = payload.split(";").map((part) => part.trim().toLowerCase());
  const isJson = (one: string) => one === "application/fhir+json" || one === "application/json";
  if (channel === "email") {
    const attached = parameters.filter((one) => one.startsWith("attach="));
    const isKnown = parameters.length === attached.length && attached.length <= 1;
    if (type === "text/plain" && isKnown && attached.every((one) => isJson(one.slice("attach=".length))))
      return attached.length > 0;
    throw invalid("channel.payload", "text/plain, or text/plain;attach=application/fhir+json");
  }
  const isOfVersion = parameters.every((one) => /^(fhirversion="?4\.0(\.1)?"?|charset="?utf-8"?)$/.test(one));
  if (isJson(type) && isOfVersion) return false;
  throw invalid("channel.payload", "application/fhir+json");
}

function valuesOf(extensions: readonly Extension[] | undefined, name: string, key: keyof Extension): unknown[] {
  return (extensions ?? []).filter(({ url }) => url === `${BACKPORT}backport-${name}`).map((one) => one[key]);
}

/** Without what is the server's to say, and without headers: those are secrets, and kept as such. */
function textOf(written: Resource): string {
  const { status: _status, error: _error, ...rest } = contentOf(written);
  const { channel } = rest;
  if (!isObject(channel)) throw invalid("channel", "a channel");
  const { header: _header, ...kept } = channel;
  return printFhir({ ...rest, channel: kept as FhirObject } as Resource);
}

const invalid = (element: string, expected: string) =>
  new RefusedInput("FIELD_INVALID", { at: `Subscription.${element}`, expected });
