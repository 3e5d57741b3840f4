/** What is known of a device's clock, from when its deliveries came. Pure: times are handed in. */
export * from "./decide.ts";
export * from "./line.ts";
export * from "./recognise.ts";
export * from "./timeline.ts";
export * from "./track.ts";
export * from "./true-time.ts";
