import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { convertUcum, divideUcum, isUcum, multiplyUcum, type UcumQuantity, ucumDisplay } from "./ucum.ts";

type Case = Readonly<Record<string, string>>;

const folder = new URL("../../../shared/data/suites/ucum/", import.meta.url);

/** The cases of each part of the suite, comments left out. */
function casesOf(file: string): Map<string, Case[]> {
  const text = readFileSync(new URL(file, folder), "utf8").replace(/<!--[\s\S]*?-->/g, "");
  const plain = (value: string) =>
    value
      .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&apos;", "'")
      .replaceAll("&amp;", "&");
  const parts = new Map<string, Case[]>();
  for (const part of ["validation", "displayNameGeneration", "conversion", "multiplication", "division"]) {
    const [, inner = ""] = new RegExp(`<${part}>([\\s\\S]*?)</${part}>`).exec(text) ?? [];
    parts.set(
      part,
      [...inner.matchAll(/<case\s([\s\S]*?)\/?>/g)].map(([, attributes = ""]) =>
        Object.fromEntries(
          [...attributes.matchAll(/([\w]+)\s*=\s*"([^"]*)"/g)].map(([, name, value]) => [name, plain(value ?? "")]),
        ),
      ),
    );
  }
  return parts;
}

/** The same at as many digits as the case tells. */
function same(value: number | undefined, expected: string): boolean {
  if (value === undefined) return false;
  const [mantissa = ""] = expected.toLowerCase().split("e");
  const digits = mantissa.replace(/^[-+]?0*\.?0*/, "").replace(".", "").length;
  return Number(value.toPrecision(Math.min(Math.max(digits, 1), 15))) === Number(Number(expected).toPrecision(15));
}

const product = (quantity: UcumQuantity | undefined, { vRes = "", uRes = "" }: Case): boolean =>
  same(quantity && convertUcum(quantity, uRes), vRes);

const passes: Readonly<Record<string, (one: Case) => boolean>> = {
  validation: ({ unit = "", valid }) => isUcum(unit) === (valid === "true"),
  displayNameGeneration({ unit = "", display }) {
    const words = ucumDisplay(unit === "" ? "1" : unit) ?? "";
    return (/[*/]/.test(words) ? words : `(${words})`) === display;
  },
  conversion: ({ value, srcUnit: unit = "", dstUnit = "", outcome = "" }) =>
    same(convertUcum({ value: Number(value), unit }, dstUnit), outcome),
  multiplication: (one) =>
    product(
      multiplyUcum({ value: Number(one.v1), unit: one.u1 ?? "" }, { value: Number(one.v2), unit: one.u2 ?? "" }),
      one,
    ),
  division: (one) =>
    product(
      divideUcum({ value: Number(one.v1), unit: one.u1 ?? "" }, { value: Number(one.v2), unit: one.u2 ?? "" }),
      one,
    ),
};

test("the functional tests of UCUM pass, but for those of docs/fhir/ucum.md", (t) => {
  if (!existsSync(folder)) return t.skip("../shared/data is not there");
  const page = readFileSync(new URL("../../docs/fhir/ucum.md", import.meta.url), "utf8");
  const failed: string[] = [];
  const counts: string[] = [];
  const editions = { "": "UcumFunctionalTests.xml", "second edition: ": "UcumFunctionalTests.2.xml" };
  const parts = Object.entries(editions).flatMap(([edition, file]) =>
    [...casesOf(file)].map(([part, cases]) => ({ part, label: `${edition}${part}`, cases })),
  );
  for (const { part, label, cases } of parts) {
    // The second has no divisions.
    if (cases.length === 0 && label === "second edition: division") continue;
    assert.ok(cases.length > 0, label);
    const wrong = cases.filter((one) => !passes[part]?.(one));
    failed.push(...wrong.map(({ id }) => `${label}/${id}`));
    counts.push(`${label} ${cases.length - wrong.length} of ${cases.length}`);
  }
  console.log(`UCUM: ${counts.join(", ")}`);
  assert.deepEqual(failed.sort(), [...page.matchAll(/^\| `([^`]+)` +\| \S/gm)].map(([, id]) => id).sort());
  for (const count of counts) assert.ok(page.includes(count), count);
});

test("an unknown code has no words, and what cannot be converted is not", () => {
  assert.deepEqual(["mm[Hg]", "/min", "%", "1"].map(ucumDisplay), [
    "millimeter of mercury",
    "per minute",
    "%",
    "unity",
  ]);
  assert.equal(ucumDisplay("mg/(kg.h)"), "(milligram) / ((kilogram) * (hour))");
  for (const wrong of ["", "bpm", "MM[HG]", "m".repeat(65), "(".repeat(60)]) {
    assert.equal(ucumDisplay(wrong), undefined, wrong);
    assert.equal(isUcum(wrong), false, wrong);
  }
  assert.equal(convertUcum({ value: 37, unit: "Cel" }, "[degF]")?.toFixed(1), "98.6");
  assert.equal(convertUcum({ value: 1, unit: "kg" }, "m"), undefined);
  assert.equal(convertUcum({ value: 1, unit: "bpm" }, "/min"), undefined);
  assert.equal(multiplyUcum({ value: 1, unit: "bpm" }, { value: 1, unit: "m" }), undefined);
});
