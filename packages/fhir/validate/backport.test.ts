import assert from "node:assert/strict";
import { test } from "node:test";
import { validate } from "./index.ts";

/**
 * The examples of HL7's guide for Subscriptions in R4 (hl7.fhir.uv.subscriptions-backport 1.1.0, CC0), made here as its sources
 * describe them.
 */
const PROFILE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";
const BASE = "https://example.org/fhir";
const AT = "2020-05-29T11:44:13.1882432-05:00";
const ENCOUNTER = `${BASE}/Encounter/86009987-eabe-42bf-8c02-b112b18cb616`;
const PATIENT = `${BASE}/Patient/1599eb66-431a-447c-a3de-6897fe9ae9a1`;

type Json = Record<string, unknown>;

const subscription = (filters: readonly string[], more: Json = {}): Json => ({
  resourceType: "Subscription",
  id: "subscription-admission",
  meta: { profile: [`${PROFILE}backport-subscription`] },
  status: "active",
  end: "2020-12-31T12:00:00Z",
  reason: "R4/B Example Topic-Based Subscription for Patient Admission",
  criteria: "http://hl7.org/SubscriptionTopic/admission",
  _criteria: {
    extension: filters.map((valueString) => ({ url: `${PROFILE}backport-filter-criteria`, valueString })),
  },
  channel: {
    extension: [
      { url: `${PROFILE}backport-heartbeat-period`, valueUnsignedInt: 86400 },
      { url: `${PROFILE}backport-timeout`, valueUnsignedInt: 60 },
      { url: `${PROFILE}backport-max-count`, valuePositiveInt: 20 },
    ],
    type: "rest-hook",
    endpoint: "https://example.org/Endpoints/d7dcc004-808d-452b-8030-3a3a13cd871d",
    payload: "application/fhir+json",
    _payload: { extension: [{ url: `${PROFILE}backport-payload-content`, valueCode: "id-only" }] },
    ...more,
  },
});

const notification = (
  status: string,
  type: string,
  total: string,
  { event, error, entries = [] }: { event?: readonly Json[]; error?: string; entries?: readonly Json[] } = {},
): Json => ({
  resourceType: "Bundle",
  id: "r4-notification",
  meta: { profile: [`${PROFILE}backport-subscription-notification-r4`] },
  type: "history",
  timestamp: AT,
  entry: [
    {
      fullUrl: "urn:uuid:63c28e8a-f402-43e4-beb2-75b1c0f6833f",
      resource: {
        resourceType: "Parameters",
        id: "63c28e8a-f402-43e4-beb2-75b1c0f6833f",
        meta: { profile: [`${PROFILE}backport-subscription-status-r4`] },
        parameter: [
          { name: "subscription", valueReference: { reference: `${BASE}/Subscription/admission` } },
          { name: "topic", valueCanonical: "http://hl7.org/SubscriptionTopic/admission" },
          { name: "status", valueCode: status },
          { name: "type", valueCode: type },
          { name: "events-since-subscription-start", valueString: total },
          ...(event ? [{ name: "notification-event", part: event }] : []),
          ...(error
            ? [
                {
                  name: "error",
                  valueCodeableConcept: {
                    coding: [{ system: "http://terminology.hl7.org/CodeSystem/subscription-error", code: error }],
                  },
                },
              ]
            : []),
        ],
      },
      request: { method: "GET", url: `${BASE}/Subscription/admission/$status` },
      response: { status: "200" },
    },
    ...entries,
  ],
});

const numbered: readonly Json[] = [
  { name: "event-number", valueString: "2" },
  { name: "timestamp", valueInstant: AT },
];
const focused = [...numbered, { name: "focus", valueReference: { reference: ENCOUNTER } }];
const admission: Json = {
  fullUrl: ENCOUNTER,
  resource: {
    resourceType: "Encounter",
    id: "86009987-eabe-42bf-8c02-b112b18cb616",
    status: "in-progress",
    class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "VR" },
    subject: { reference: PATIENT, display: "Example Patient" },
  },
  request: { method: "POST", url: "Encounter" },
  response: { status: "201" },
};
const patient: Json = {
  fullUrl: PATIENT,
  resource: {
    resourceType: "Patient",
    id: "1599eb66-431a-447c-a3de-6897fe9ae9a1",
    active: true,
    name: [{ use: "usual", text: "Example Patient", family: "Patient", given: ["Example"] }],
  },
  request: { method: "GET", url: "Patient/1599eb66-431a-447c-a3de-6897fe9ae9a1" },
  response: { status: "200" },
};

const examples: Readonly<Record<string, Json>> = {
  "subscription-admission": subscription(["Encounter?patient=Patient/123"]),
  "subscription-multi-resource": subscription([
    "Patient?id=Patient/123",
    "Encounter?patient=Patient/123",
    "Observation?subject=Patient/123",
  ]),
  "subscription-zulip": subscription(["Encounter?patient=Patient/123"], {
    _type: {
      extension: [
        {
          url: `${PROFILE}backport-channel-type`,
          valueCoding: {
            system: "http://example.org/subscription-channel-type",
            code: "zulip",
            display: "Zulip Notification Channel",
          },
        },
      ],
    },
  }),
  "r4-notification-handshake": notification("requested", "handshake", "0"),
  "r4-notification-heartbeat": notification("active", "heartbeat", "2"),
  "r4-notification-empty": notification("active", "event-notification", "2", { event: numbered }),
  "r4-notification-id-only": notification("active", "event-notification", "2", { event: focused }),
  "r4-notification-full-resource": notification("active", "event-notification", "2", {
    event: focused,
    entries: [admission],
  }),
  "r4-notification-multi-resource": notification("active", "event-notification", "2", {
    event: [...focused, { name: "additional-context", valueReference: { reference: PATIENT } }],
    entries: [admission, patient],
  }),
  "r4-notification-error": notification("error", "query-status", "3", { error: "no-response" }),
};

const errorsOf = (resource: unknown) =>
  validate(resource).flatMap(({ severity, expression, text }) =>
    severity === "error" ? [`${expression} ${text}`] : [],
  );

for (const [name, example] of Object.entries(examples))
  test(`the guide's example ${name} is valid by its own profile`, () => {
    assert.deepEqual(errorsOf(example), []);
  });

/** What each change breaks. */
const faults: readonly (readonly [what: string, of: string, change: (text: string) => string, where: RegExp])[] = [
  ["another type of Bundle", "r4-notification-handshake", (text) => text.replace('"history"', '"collection"'), /type/],
  [
    "a status that there is not",
    "r4-notification-handshake",
    (text) => text.replace('"requested"', '"waiting"'),
    /value/,
  ],
  ["a kind that there is not", "r4-notification-heartbeat", (text) => text.replace('"heartbeat"', '"pulse"'), /value/],
  [
    "an event without its number",
    "r4-notification-id-only",
    (text) => text.replace('"event-number"', '"number"'),
    /eventNumber/,
  ],
  [
    "a number that is none of text",
    "r4-notification-empty",
    (text) => text.replace('"valueString":"2"}', '"valueInteger":2}'),
    /value/,
  ],
  [
    "no subscription",
    "r4-notification-empty",
    (text) => text.replace('"subscription","valueReference"', '"other","valueReference"'),
    /subscription/,
  ],
  ["another content", "subscription-admission", (text) => text.replace('"id-only"', '"everything"'), /payload/],
  [
    "a heartbeat in words",
    "subscription-admission",
    (text) => text.replace('"valueUnsignedInt":86400', '"valueString":"daily"'),
    /channel/,
  ],
  [
    "two periods",
    "subscription-admission",
    (text) => text.replace("backport-timeout", "backport-heartbeat-period"),
    /extension/,
  ],
];

for (const [what, of, change, where] of faults)
  test(`${what} is found`, () => {
    const text = JSON.stringify(examples[of]);
    const changed = change(text);
    assert.notEqual(changed, text);
    assert.match(errorsOf(JSON.parse(changed)).join("; "), where);
  });

test("what stands before the status is found", () => {
  const { entry = [], ...rest } = examples["r4-notification-full-resource"] as { entry?: unknown[] };
  assert.match(errorsOf({ ...rest, entry: [...entry].reverse() }).join(), /first entry/);
});
