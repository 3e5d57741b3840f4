import { subscriptionTo } from "./client.ts";

/** A subscription with which nothing is wrong. */
export const GOOD = { endpoint: "http://127.0.0.1:9/hook" };

/** What is wrong, and where it is said to be. */
export const REFUSED: readonly (readonly [what: string, subscription: unknown, at: RegExp])[] = [
  ["an unknown topic", { ...subscriptionTo("nothing", GOOD) }, /Subscription\.criteria/],
  ["an address inside", subscriptionTo("alarms", { endpoint: "https://10.0.0.1/" }), /channel\.endpoint/],
  ["http to a name", subscriptionTo("alarms", { endpoint: "http://receiver.example/" }), /channel\.endpoint/],
  ["a filter that there is not", subscriptionTo("alarms", { ...GOOD, filters: ["Flag?nothing=1"] }), /nothing/],
  [
    "a filter of another type",
    subscriptionTo("alarms", { ...GOOD, filters: ["Patient?name=x"] }),
    /criteria\.extension/,
  ],
  [
    "a chain",
    subscriptionTo("readings", { ...GOOD, filters: ["Observation?subject:Patient.name=x"] }),
    /criteria\.extension/,
  ],
  ["resources of no type", subscriptionTo("resources", GOOD), /criteria\.extension/],
  ["another content", subscriptionTo("alarms", { ...GOOD, content: "banana" }), /content/],
  ["another channel", subscriptionTo("alarms", { ...GOOD, type: "sms" }), /channel\.type/],
  ["another format", subscriptionTo("alarms", { ...GOOD, payload: "application/fhir+xml" }), /channel\.payload/],
  [
    "a mail with everything",
    subscriptionTo("alarms", {
      type: "email",
      endpoint: "mailto:a@b.example",
      payload: "text/plain",
      content: "full-resource",
    }),
    /channel\.payload/,
  ],
  ["a header that frames", subscriptionTo("alarms", { ...GOOD, header: ["Content-Length: 1"] }), /channel\.header/],
  ["a header of two lines", subscriptionTo("alarms", { ...GOOD, header: ["A: b\r\nC: d"] }), /channel\.header/],
  ["a heartbeat a second", subscriptionTo("alarms", { ...GOOD, heartbeat: 1 }), /channel\.extension/],
  ["an end that was", { ...subscriptionTo("alarms", GOOD), end: "2020-01-01T00:00:00Z" }, /Subscription\.end/],
];
