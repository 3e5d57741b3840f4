import type { Consent, ConsentActor } from "@openward/model";
import { findCategory } from "@openward/signals/categories";
import type { Names } from "./names.ts";

const ROLES: Readonly<Record<string, string>> = {
  family: "family and carers",
  nurse: "nurses",
  physician: "physicians",
  "clinical-engineer": "clinical engineers",
  researcher: "researchers",
  administrator: "administrators",
  integration: "programs",
};

const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

const whom = (actor: ConsentActor, names: Names): string => {
  if (actor.kind === "everybody") return "anybody here";
  return actor.kind === "role" ? (ROLES[actor.role] ?? actor.role) : names.of(actor.id);
};

const whatOf = (categories: readonly string[]): string =>
  listed(categories.map((key) => findCategory(key)?.display.toLowerCase() ?? key));

/** "shares glucose and insulin with nurses, for care" */
export function consentWords({ decision, categories, actors, purpose }: Consent, names: Names): string {
  const verb = decision === "permit" ? "shares" : "does not share";
  const why = purpose === null ? "" : `, for ${purpose}`;
  return `${verb} ${whatOf(categories)} with ${listed(actors.map((actor) => whom(actor, names)))}${why}`;
}

/** "Hidden because the patient does not share glucose and insulin with nurses" */
export function hiddenWords(category: string, consent: Consent | undefined, names: Names): string {
  const said = consent && consentWords({ ...consent, categories: [category] }, names);
  return said
    ? `Hidden because the patient ${said}`
    : `Hidden because ${whatOf([category])} is not among what the patient shares`;
}
