/** How much of what was expected came, where it did not, and why: pure. docs/adr/0060. */
export { BATTERY_EMPTY_PERCENT, type Explained, explain } from "./causes.ts";
export { cutTo, type Day, daysOf, mainCause, type ZoneSince } from "./days.ts";
export * from "./evidence.ts";
export * from "./gaps.ts";
export { lengthOf, overlap, type Span, united, without } from "./spans.ts";
