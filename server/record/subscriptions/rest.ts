import type { Resource as Typed } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import { isObject, type Resource } from "@openward/fhir/json";
import { applyFhirPathPatch, applyJsonPatch } from "@openward/fhir/patch";
import type { SubscriptionState } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { fhirTime } from "../resources/time.ts";
import type { RestAnswer, RestRequest } from "../rest.ts";
import { reachOf } from "../written/reach.ts";
import { askingIn, subscriptionsOf } from "./asking.ts";
import { answerSubscriptionOperation, subscriptionOperation } from "./operations.ts";
import { parseSubscription } from "./parse.ts";
import { mapSubscription } from "./present.ts";

export const isOfSubscriptions = (path: string): boolean => path === "Subscription" || path.startsWith("Subscription/");

/**
 * What is done with Subscriptions beside reading and searching them: they are written, and asked how they stand.
 *
 * @returns undefined: it is none of that
 */
export async function answerSubscription(
  context: RecordContext,
  request: RestRequest,
): Promise<RestAnswer | undefined> {
  const { method, url, body } = request;
  const [path = "", query = ""] = url.split("?");
  const operation = subscriptionOperation(path);
  if (operation && (method === "GET" || method === "POST")) {
    const { ids } = context.written ?? {};
    if (!ids) throw new RefusedInput("NOT_SUPPORTED", { at: "http.url", expected: "another type" });
    const asked = new URLSearchParams(query);
    return { status: 200, resource: await answerSubscriptionOperation(context, operation, asked, body, ids) };
  }
  if (method === "GET" || (method === "POST" && path === "Subscription/_search")) return undefined;
  const id = /^Subscription\/([A-Za-z0-9.-]{1,64})$/.exec(path)?.[1];
  if (method === "POST" && path === "Subscription") {
    reachOf(context, "Subscription", "c");
    const state = await subscriptionsOf(context).create(askingIn(context), parseSubscription(context, body));
    return answerOf(state, request, 201);
  }
  if (id === undefined || !["PUT", "PATCH", "DELETE"].includes(method))
    throw new RefusedInput("NOT_SUPPORTED", {
      at: "http.method",
      expected: "GET, POST Subscription, PUT, PATCH, DELETE",
    });
  reachOf(context, "Subscription", method === "DELETE" ? "d" : "u");
  const subscriptions = subscriptionsOf(context);
  const asking = askingIn(context);
  if (method === "DELETE") {
    await subscriptions.remove(asking, id);
    return { status: 200, resource: DELETED };
  }
  const before = await subscriptions.find(asking, id);
  const written = method === "PATCH" ? patched(before, body) : body;
  if (isObject(written) && written.id !== undefined && written.id !== id)
    throw new RefusedInput("FIELD_INVALID", { at: "Subscription.id", expected: "the id of the address" });
  const version = versionIn(request.ifMatch) ?? (method === "PATCH" ? before.subscription.version : null);
  const wish = parseSubscription(context, withoutSaid(written, before));
  return answerOf(await subscriptions.update(asking, id, wish, version), request, 200);
}

const DELETED: Typed = {
  resourceType: "OperationOutcome",
  id: "ok",
  issue: [{ severity: "information", code: "informational", details: { text: "Deleted." } }],
};

function patched(before: SubscriptionState, body: unknown): Resource {
  const resource = mapSubscription(before) as unknown as Resource;
  if (Array.isArray(body)) return applyJsonPatch(resource, body);
  if (isObject(body) && body.resourceType === "Parameters") return applyFhirPathPatch(resource, body);
  throw new RefusedInput("BODY_SHAPE", {
    at: "Subscription",
    expected: "a JSON Patch (an array), or a FHIRPath Patch (Parameters)",
  });
}

/** Whoever writes back what was read writes back what the server said: that is no wish of theirs. */
function withoutSaid(written: unknown, { subscription }: SubscriptionState): unknown {
  if (!isObject(written)) return written;
  const { error, ...rest } = written;
  const isSaid = error === subscription.error;
  const status = rest.status === "error" && subscription.status === "error" ? "requested" : rest.status;
  return { ...rest, status, ...(isSaid || error === undefined ? {} : { error }) };
}

/** @throws RefusedInput VERSION_DIFFERS for what is no version of ours */
function versionIn(ifMatch: string | undefined): number | null {
  if (ifMatch === undefined || ifMatch === "*") return null;
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(ifMatch.trim())?.[1];
  if (version === undefined)
    throw new RefusedInput("VERSION_DIFFERS", { at: "http.If-Match", expected: 'W/"{version}" of the newest version' });
  return Number(version);
}

function answerOf(state: SubscriptionState, { prefer }: RestRequest, status: 200 | 201): RestAnswer {
  const { id, version, updatedAt } = state.subscription;
  return {
    status,
    resource: mapSubscription(state),
    ...(status === 201 ? { location: `Subscription/${id}/_history/${version}` } : {}),
    version: { versionId: String(version), lastUpdated: fhirTime(updatedAt) },
    isMinimal: /(?:^|[,;\s])return=minimal\b/.test(prefer ?? ""),
  };
}
