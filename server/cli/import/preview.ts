import type { Decoded } from "@openward/codecs/raw";

const SHOWN = 20;

/** The first readings and events of a file, as they would be kept. */
export function createPreview() {
  const lines: string[] = [];
  const left = () => SHOWN - lines.length;
  return {
    lines: lines as readonly string[],
    add({ readings, events }: Decoded): void {
      const found = [
        ...readings.flatMap(({ signal, unit, times, values }) =>
          Array.from(values.slice(0, left()), (value, i) => ({
            at: times[i] as number,
            what: `${signal}  ${value} ${unit ?? ""}`.trimEnd(),
          })),
        ),
        ...events
          .slice(0, left())
          .map(({ event, at, detail }) => ({ at, what: `${event}  ${JSON.stringify(detail)}` })),
      ];
      found.sort((a, b) => a.at - b.at);
      for (const { at, what } of found.slice(0, left())) lines.push(`  ${new Date(at).toISOString()}  ${inert(what)}`);
    },
  };
}

/** A file's words do not steer the terminal. */
function inert(text: string): string {
  return text.replaceAll(/\p{C}+/gu, "?").slice(0, 300);
}
