import type { Subscription } from "@medplum/fhirtypes";
import { isObject, parseResource } from "@openward/fhir/json";
import type { SubscriptionState } from "@openward/model";
import { fhirTime } from "../resources/time.ts";

/** A Subscription as it was written, with what the server says of it; for who made it. */
export function mapSubscription({ subscription, headers }: SubscriptionState): Subscription {
  const { id, version, updatedAt, status, error, text } = subscription;
  const { resourceType, meta, channel, ...rest } = parseResource(text);
  const header = headers.length > 0 ? { header: headers } : {};
  return {
    resourceType,
    id,
    meta: { versionId: String(version), lastUpdated: fhirTime(updatedAt), ...(isObject(meta) ? meta : {}) },
    status,
    ...rest,
    ...(error === null ? {} : { error }),
    channel: { ...(isObject(channel) ? channel : {}), ...header },
  } as unknown as Subscription; // held against R4 when it was written
}
