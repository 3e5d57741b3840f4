import type { SubscriptionTopic } from "@openward/model";

export const BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";
export const OPERATION = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-";

/** What R5 would say in a SubscriptionTopic; R4 has no such resource, and the guide has their urls in the CapabilityStatement. */
export interface TopicDefinition {
  readonly url: string;
  readonly title: string;
  /** Types of resource that its events are about; undefined: whatever is kept as it was written. */
  readonly types: readonly string[] | undefined;
  /** Filters beside the search parameters of those types. */
  readonly keys: readonly string[];
}

const of = (
  topic: SubscriptionTopic,
  title: string,
  types: readonly string[] | undefined,
  ...keys: string[]
): TopicDefinition => ({
  url: `urn:openward:subscription-topic:${topic}`,
  title,
  types,
  keys: ["trigger", ...keys],
});

export const TOPICS: Readonly<Record<SubscriptionTopic, TopicDefinition>> = {
  readings: of("readings", "A value was measured, or amended", ["Observation"], "signal"),
  alarms: of("alarms", "An alarm was raised, answered, or is over", ["Flag"], "priority", "rule", "signal", "state"),
  events: of("events", "A device said that something happened: a call for help, a fall", ["Communication"], "event"),
  admissions: of("admissions", "Somebody came into a bed, or left it", ["Encounter"]),
  associations: of("associations", "A device came onto somebody, or off them", ["DeviceUseStatement"]),
  resources: of("resources", "A resource was created, changed or deleted by FHIR", undefined),
};

/** undefined: no topic of this server */
export function topicOf(url: string): SubscriptionTopic | undefined {
  return (Object.keys(TOPICS) as SubscriptionTopic[]).find((topic) => TOPICS[topic].url === url); // keys of our own table
}
