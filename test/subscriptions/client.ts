import type { Bundle, Parameters, Resource, Subscription } from "@medplum/fhirtypes";
import type { RunningWard } from "../support/ward.ts";

const BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-";
export const TOPIC = "urn:openward:subscription-topic:";

/** A Subscription as an integrator would write it. */
export function subscriptionTo(
  topic: string,
  {
    type = "rest-hook",
    endpoint,
    content = "id-only",
    payload = "application/fhir+json",
    filters = [],
    heartbeat,
    maxCount,
    header,
  }: {
    readonly type?: string;
    readonly endpoint?: string;
    readonly content?: string;
    readonly payload?: string;
    readonly filters?: readonly string[];
    readonly heartbeat?: number;
    readonly maxCount?: number;
    readonly header?: string[];
  },
): Subscription {
  const extension = [
    ...(heartbeat === undefined ? [] : [{ url: `${BACKPORT}heartbeat-period`, valueUnsignedInt: heartbeat }]),
    ...(maxCount === undefined ? [] : [{ url: `${BACKPORT}max-count`, valuePositiveInt: maxCount }]),
  ];
  return {
    resourceType: "Subscription",
    meta: { profile: [`${BACKPORT}subscription`] },
    status: "requested",
    reason: "test",
    criteria: TOPIC + topic,
    ...(filters.length === 0
      ? {}
      : { _criteria: { extension: filters.map((one) => ({ url: `${BACKPORT}filter-criteria`, valueString: one })) } }),
    channel: {
      ...(extension.length === 0 ? {} : { extension }),
      type,
      ...(endpoint === undefined ? {} : { endpoint }),
      payload,
      _payload: { extension: [{ url: `${BACKPORT}payload-content`, valueCode: content }] },
      ...(header ? { header } : {}),
    },
  } as Subscription; // extensions of primitives are not in its type
}

export interface Answer<R = Resource> {
  readonly status: number;
  readonly body: R;
  readonly headers: Headers;
}

/** Questions to /fhir under one token. */
export function fhirClient(ward: () => RunningWard, token: string) {
  return async <R = Resource>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<R>> => {
    const type = Array.isArray(body) ? "application/json-patch+json" : "application/fhir+json";
    const response = await fetch(path.startsWith("http") ? path : `${ward().url}/fhir/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": type }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as R, headers: response.headers };
  };
}

export type FhirClient = ReturnType<typeof fhirClient>;

/** What a client connects with; of one subscription, or of all that come to us. */
export async function bindingToken(fhir: FhirClient, id?: string): Promise<{ token: string; url: string }> {
  const path = id === undefined ? "Subscription" : `Subscription/${id}`;
  const { status, body } = await fhir<Parameters>("GET", `${path}/$get-ws-binding-token`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  const of = (name: string) => body.parameter?.find((one) => one.name === name);
  return { token: of("token")?.valueString ?? "", url: of("websocket-url")?.valueUrl ?? "" };
}

export type { Bundle };
