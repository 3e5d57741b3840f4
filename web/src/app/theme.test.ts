import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("./theme.css", import.meta.url), "utf8");

/** The colour tokens of a scheme. */
function tokensOf(scheme: "light" | "dark"): ReadonlyMap<string, string> {
  const block = css.slice(css.indexOf(`[data-mantine-color-scheme="${scheme}"]`));
  const body = block.slice(block.indexOf("{") + 1, block.indexOf("}"));
  return new Map([...body.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6});/g)].map((m) => [m[1] ?? "", m[2] ?? ""]));
}

/** WCAG 2 relative luminance. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const onSurface = [
  "ow-ink",
  "ow-ink-soft",
  "ow-ink-faint",
  "ow-accent",
  "ow-high-text",
  "ow-medium-text",
  "ow-low-text",
];
const tones = ["heart", "oxygen", "breath", "pressure", "temperature", "glucose", "other"].map((t) => `tone-${t}`);
const pairs: readonly (readonly [string, string, number])[] = [
  ...[...onSurface, ...tones].map((name) => [name, "ow-surface", 4.5] as const),
  ["ow-ink", "ow-ground", 4.5],
  ["ow-ink-soft", "ow-ground", 4.5],
  ["ow-ink", "ow-raised", 4.5],
  ["ow-ink-soft", "ow-raised", 4.5],
  ["ow-accent", "ow-accent-soft", 4.5],
  ["ow-high-ink", "ow-high", 4.5],
  ["ow-high-ink", "ow-high-dim", 4.5],
  ["ow-medium-ink", "ow-medium", 4.5],
  ["ow-medium-ink", "ow-medium-dim", 4.5],
  ["ow-low-ink", "ow-low", 4.5],
  ["ow-demo-ink", "ow-demo", 4.5],
  // Grey on purpose, in large figures: AA for large text.
  ["ow-stale", "ow-surface", 3],
];

for (const scheme of ["light", "dark"] as const) {
  const tokens = tokensOf(scheme);
  for (const [ink, ground, least] of pairs) {
    test(`${scheme}: ${ink} on ${ground} can be read`, () => {
      const [a, b] = [tokens.get(`--${ink}`), tokens.get(`--${ground}`)];
      assert.ok(a && b, "both tokens are there");
      assert.ok(contrast(a, b) >= least, `${contrast(a, b).toFixed(2)} of ${least}`);
    });
  }
}

/** IEC 60601-1-8: flashes per second, and the part of the time that the signal is on. */
for (const [name, low, high] of [
  ["high", 1.4, 2.8],
  ["medium", 0.4, 0.8],
] as const) {
  test(`${name} priority flashes ${low} to ${high} times a second wherever it flashes`, () => {
    const files = ["../alarms/alarms.module.css", "../ward/tile.module.css"];
    const all = files.map((f) => readFileSync(new URL(f, import.meta.url), "utf8")).join("\n");
    const periods = [...all.matchAll(new RegExp(`flash-${name} (\\d+)ms`, "g"))].map((m) => Number(m[1]));
    assert.ok(periods.length >= 2);
    for (const ms of periods) assert.ok(1000 / ms >= low && 1000 / ms <= high, `${1000 / ms} Hz`);
  });
}

test("nothing flashes for people who asked for less motion", () => {
  for (const file of ["../alarms/alarms.module.css", "../ward/tile.module.css"]) {
    const text = readFileSync(new URL(file, import.meta.url), "utf8");
    const allowed = text.match(/@media \(prefers-reduced-motion: no-preference\) \{.*?\n\}/s)?.[0] ?? "";
    const flashes = (part: string) => part.match(/animation: flash-/g)?.length ?? 0;
    assert.ok(flashes(allowed) > 0, file);
    assert.equal(flashes(text), flashes(allowed), `${file} flashes only where motion is wanted`);
  }
});
