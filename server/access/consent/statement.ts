import { RefusedInput } from "@openward/errors";
import type { ConsentActor, ConsentStatement, Role } from "@openward/model";
import { findCategory } from "@openward/signals/categories";

/** Of whom one can speak by their role. Family is named: nobody means everybody's family. */
const ROLES: Readonly<Record<ConsentStatement["decision"], ReadonlySet<Role>>> = {
  permit: new Set(["nurse", "physician", "researcher"]),
  deny: new Set(["nurse", "physician", "clinical-engineer", "researcher", "administrator", "integration", "family"]),
};

const ACTORS_MAX = 20;
const NOTE_MAX = 500;

/** What can be said at all. @throws RefusedInput FIELD_INVALID, naming the field */
export function checkStatement(said: ConsentStatement, now: number): void {
  const { decision, categories, purpose, actors, from, to, note } = said;
  const refuse = (at: string, expected: string): never => {
    throw new RefusedInput("FIELD_INVALID", { at, expected });
  };
  if (categories.length === 0) refuse("categories", "at least one kind of data");
  categories.forEach((key, i) => {
    const category = findCategory(key);
    if (!category) refuse(`categories[${i}]`, "a key of /api/consent/categories");
    if (category?.isSafety && decision === "deny" && purpose !== "research")
      refuse(`categories[${i}]`, "a kind of data that can be kept back: a call for help reaches whoever takes care");
  });
  if (actors.length === 0 || actors.length > ACTORS_MAX) refuse("actors", `1 to ${ACTORS_MAX}`);
  for (const [i, actor] of actors.entries()) checkActor(said, actor, `actors[${i}]`, refuse);
  if (decision === "permit" && purpose === null) refuse("purpose", "what for: care or research");
  if (to !== null && to <= Math.max(from, now)) refuse("to", "a time that is still to come, after `from`");
  if (note !== null && note.length > NOTE_MAX) refuse("note", `at most ${NOTE_MAX} characters`);
}

function checkActor(
  { decision, purpose }: ConsentStatement,
  actor: ConsentActor,
  at: string,
  refuse: (at: string, expected: string) => never,
): void {
  if (actor.kind === "everybody" && decision === "permit" && purpose !== "research")
    refuse(at, "people or a role: what is shared for care is shared with somebody");
  if (actor.kind !== "role") return;
  if (!ROLES[decision].has(actor.role)) refuse(`${at}.role`, `one of ${[...ROLES[decision]].join(", ")}`);
  if (decision === "permit" && (purpose === "research") !== (actor.role === "researcher"))
    refuse(`${at}.role`, purpose === "research" ? "researcher" : "nurse or physician");
}
