import type { Driver } from "./driver.ts";

/** One row of the table of docs/guides/device-types.md, which a test holds against the drivers. */
export function coverageRow({ key, display, kind, codecs, clock, tested, transports }: Driver): string {
  const facts = /^gatt\/(?:2a19|2a2[4-9])$/;
  const main = codecs.filter((name) => !facts.test(name)).map((name) => `\`${name}\``);
  return `| ${[`\`${key}\``, display, key === kind ? "" : `\`${kind}\``, transports.join(", "), main.join(", "), clock, tested.by].join(" | ")} |`;
}
