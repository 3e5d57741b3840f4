import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./support/ward.ts";

const text = readFileSync(join(root, "docs/security/asvs.md"), "utf8");
const rows = [...text.matchAll(/^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+?) \| (.+) \|$/gm)].map(
  ([, id = "", level = "", what = "", how = "", why = ""]) => ({ id, level, what, how, why }),
);
/** Requirements of levels 1 and 2 in each chapter of ASVS 5.0.0. */
const OF_CHAPTER = {
  "1": 27,
  "2": 11,
  "3": 19,
  "4": 10,
  "5": 9,
  "6": 35,
  "7": 18,
  "8": 7,
  "9": 7,
  "10": 29,
  "11": 14,
  "12": 9,
  "13": 13,
  "14": 9,
  "15": 13,
  "16": 16,
  "17": 7,
};

test("every requirement of levels 1 and 2 is there, once, in the order of the standard", () => {
  const counts: Record<string, number> = {};
  for (const { id } of rows) {
    const chapter = id.split(".")[0] ?? "";
    counts[chapter] = (counts[chapter] ?? 0) + 1;
  }
  assert.deepEqual(counts, OF_CHAPTER);
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
  const numbers = rows.map(({ id }) => id.split(".").reduce((sum, part) => sum * 100 + Number(part), 0));
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => a - b),
  );
});

test("whatever is called tested names a test, and each file that is named is there", () => {
  for (const { id, how, why } of rows) {
    assert.ok(["tested", "argued", "does not apply", "**not met**"].includes(how), `${id}: ${how}`);
    const files = [...why.matchAll(/`((?:server|web|test|packages|docs)\/[^`]+\.\w+)`/g)].map(([, file]) => file ?? "");
    if (how === "tested")
      assert.ok(
        files.some((file) => file.endsWith(".test.ts")),
        `${id} names no test`,
      );
    for (const file of files) assert.ok(existsSync(join(root, file)), `${id}: there is no ${file}`);
    assert.ok(why.trim().length > 5, `${id} says why`);
  }
});

test("the sum at its head is that of its rows", () => {
  const count = (wanted: string) => rows.filter(({ how }) => how === wanted).length;
  const said = `Of ${rows.length}: ${count("tested")} tested, ${count("argued")} argued, ${count("does not apply")} do not apply, ${count("**not met**")} not met.`;
  assert.ok(text.includes(said), said);
});
