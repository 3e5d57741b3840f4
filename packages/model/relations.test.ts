import assert from "node:assert/strict";
import { test } from "node:test";
import { RELATIONS, standingOf } from "./relations.ts";

const NOW = Date.UTC(2026, 10, 22);
const running = { from: NOW - 1000, to: null };
const fact = (fact: "incapacity" | "deceased", from = NOW - 1, to: number | null = null) => ({ fact, from, to });

test("the patient and a guardian decide, family sees", () => {
  const may = RELATIONS.map((relation) => standingOf({ relation, ...running }, [], NOW));
  assert.deepEqual(
    may.map(({ maySee, mayDecide }) => [maySee, mayDecide]),
    [
      [true, true],
      [true, false],
      [true, true],
    ],
  );
});

test("a relation holds from its first moment and not at its last", () => {
  const relation = { relation: "family", from: NOW, to: NOW + 10 } as const;
  assert.deepEqual(
    [NOW - 1, NOW, NOW + 9, NOW + 10].map((at) => standingOf(relation, [], at).maySee),
    [false, true, true, false],
  );
  assert.equal(standingOf(relation, [], NOW + 10).because, "ended");
});

test("who is unable to decide still sees, and the guardian decides", () => {
  const facts = [fact("incapacity")];
  assert.deepEqual(standingOf({ relation: "self", ...running }, facts, NOW), {
    maySee: true,
    mayDecide: false,
    because: "incapacity",
  });
  assert.equal(standingOf({ relation: "guardian", ...running }, facts, NOW).mayDecide, true);
  assert.equal(standingOf({ relation: "self", ...running }, [fact("incapacity", 0, NOW)], NOW).mayDecide, true);
});

test("a death ends them all, and one recorded in error does not once it is ended", () => {
  for (const relation of RELATIONS) {
    const died = standingOf({ relation, ...running }, [fact("deceased")], NOW);
    assert.deepEqual(died, { maySee: false, mayDecide: false, because: "deceased" });
    assert.equal(standingOf({ relation, ...running }, [fact("deceased", 0, NOW)], NOW).maySee, true);
  }
});
