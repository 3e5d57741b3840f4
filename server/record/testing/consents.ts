import type { Consent, ConsentActor } from "@openward/model";
import { categories } from "@openward/signals/categories";
import { organisation } from "./ward.ts";

const id = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;

export const aConsent: Consent = {
  ...{ id: id(1), version: 1, organisationId: organisation.id, patientId: id(2), status: "active" },
  ...{ decision: "deny", categories: ["glucose"], purpose: "care", actors: [{ kind: "role", role: "nurse" }] },
  ...{ from: 0, to: 86_400_000, isSilent: false, saidAt: 0, saidBy: id(3), saidAs: "self", note: null },
};

/** Whatever a statement can be, each with each. */
export function everyConsent(): Consent[] {
  const named: ConsentActor[] = [
    { kind: "role", role: "nurse" },
    { kind: "person", id: id(4) },
    { kind: "token", id: id(5) },
  ];
  const axes = {
    decision: ["permit", "deny"],
    categories: [["glucose"], ["heart", "breathing"], categories.map(({ key }) => key)],
    purpose: ["care", "research", null],
    actors: [[{ kind: "everybody" }], named, [...named, { kind: "everybody" }]],
    to: [86_400_000, null],
    saidAs: ["self", "guardian", "staff"],
    status: ["active", "inactive"],
  } satisfies { [K in keyof Consent]?: Consent[K][] };
  let all = [aConsent];
  for (const [field, values] of Object.entries(axes))
    all = all.flatMap((consent) => values.map((value) => ({ ...consent, [field]: value })));
  return all;
}
