import type { Definitions, RuleData } from "../data.ts";
import { extension, must, of, references, sliced } from "./rules.ts";

/** HL7's guide for R5's Subscriptions in R4, hl7.fhir.uv.subscriptions-backport 1.1.0 (CC0), restated: what it asks of R4. */
const GUIDE = "http://hl7.org/fhir/uv/subscriptions-backport/";
const DEFINITION = `${GUIDE}StructureDefinition/`;
const CONTENTS = `${GUIDE}ValueSet/backport-content-value-set`;
const NOTIFICATIONS = "http://hl7.org/fhir/ValueSet/subscription-notification-type";
const STATUSES = "http://hl7.org/fhir/ValueSet/subscription-status";

const extended = (...slices: readonly (readonly [name: string, min: number, max?: number])[]): RuleData => ({
  name: "extension",
  slicing: { by: [{ type: "value", path: "url" }], rules: "open" },
  slices: slices.map(([slice, min, max]) => ({
    name: "extension",
    slice,
    ...(min > 0 ? { min } : {}),
    ...(max === undefined ? {} : { max }),
    types: [{ code: "Extension", profiles: [DEFINITION + slice] }],
  })),
});

/** A parameter known by its name, with a value of one type. */
const valued = (name: string, code: string, min: number, max: number | "*", more: Partial<RuleData> = {}) => ({
  ...(min > 0 ? { min } : {}),
  max,
  elements: [must("name", { fixed: name }), of("value[x]", { min: 1, types: [{ code }], ...more })],
});

export const backport: Definitions = {
  source: "HL7 Subscriptions R5 Backport 1.1.0",
  types: {},
  profiles: {
    [`${DEFINITION}backport-subscription`]: {
      type: "Subscription",
      rule: of("Subscription", {
        elements: [
          must("criteria", { elements: [extended(["backport-filter-criteria", 0])] }),
          must("channel", {
            elements: [
              extended(["backport-heartbeat-period", 0, 1], ["backport-timeout", 0, 1], ["backport-max-count", 0, 1]),
              must("type", { elements: [extended(["backport-channel-type", 0, 1])] }),
              must("payload", { elements: [extended(["backport-payload-content", 1, 1])] }),
            ],
          }),
        ],
      }),
    },
    [`${DEFINITION}backport-subscription-notification-r4`]: {
      type: "Bundle",
      rule: of("Bundle", {
        constraints: ["backport-notification-bundle-r4-1"],
        elements: [
          must("type", { fixed: "history" }),
          {
            name: "entry",
            min: 1,
            slicing: { by: [{ type: "type", path: "resource" }], rules: "open" },
            slices: [
              {
                name: "entry",
                slice: "subscriptionStatus",
                min: 1,
                max: 1,
                elements: [
                  must("resource", {
                    types: [{ code: "Parameters", profiles: [`${DEFINITION}backport-subscription-status-r4`] }],
                  }),
                ],
              },
            ],
          },
        ],
      }),
    },
    [`${DEFINITION}backport-subscription-status-r4`]: {
      type: "Parameters",
      rule: of("Parameters", {
        elements: [
          sliced("parameter", "name", 3, {
            subscription: valued("subscription", "Reference", 1, 1, references("Subscription")),
            topic: valued("topic", "canonical", 0, 1),
            status: valued("status", "code", 1, 1, { binding: { required: STATUSES } }),
            type: valued("type", "code", 1, 1, { binding: { required: NOTIFICATIONS } }),
            eventsSinceSubscriptionStart: valued("events-since-subscription-start", "string", 0, 1),
            notificationEvent: {
              elements: [
                must("name", { fixed: "notification-event" }),
                sliced("part", "name", 0, {
                  eventNumber: valued("event-number", "string", 1, 1),
                  eventTimestamp: valued("timestamp", "instant", 0, 1),
                  eventFocus: valued("focus", "Reference", 0, 1),
                  eventAdditionalContext: valued("additional-context", "Reference", 0, "*"),
                }),
              ],
            },
            error: valued("error", "CodeableConcept", 0, "*"),
          }),
        ],
      }),
    },
    [`${DEFINITION}backport-channel-type`]: extension(`${DEFINITION}backport-channel-type`, "Coding"),
    [`${DEFINITION}backport-filter-criteria`]: extension(`${DEFINITION}backport-filter-criteria`, "string"),
    [`${DEFINITION}backport-payload-content`]: extension(`${DEFINITION}backport-payload-content`, "code", {
      binding: { required: CONTENTS },
    }),
    [`${DEFINITION}backport-heartbeat-period`]: extension(`${DEFINITION}backport-heartbeat-period`, "unsignedInt"),
    [`${DEFINITION}backport-timeout`]: extension(`${DEFINITION}backport-timeout`, "unsignedInt"),
    [`${DEFINITION}backport-max-count`]: extension(`${DEFINITION}backport-max-count`, "positiveInt"),
    [`${DEFINITION}capabilitystatement-subscriptiontopic-canonical`]: extension(
      `${DEFINITION}capabilitystatement-subscriptiontopic-canonical`,
      "canonical",
    ),
  },
  valueSets: {
    [CONTENTS]: {
      systems: {
        [`${GUIDE}CodeSystem/backport-content-code-system`]: ["empty", "id-only", "full-resource"],
      },
    },
    // R5's, as its code system has it.
    [NOTIFICATIONS]: {
      systems: {
        "http://hl7.org/fhir/subscription-notification-type": [
          "handshake",
          "heartbeat",
          "event-notification",
          "query-status",
          "query-event",
        ],
      },
    },
  },
  constraints: {
    "backport-notification-bundle-r4-1": {
      severity: "error",
      human: "A notification bundle MUST have a Parameters as the first entry",
      expression: "(entry.first().resource.is(Parameters))",
    },
  },
};
