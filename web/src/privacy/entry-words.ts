import { basisWord, rightWord } from "../access/words.ts";
import type { Answer } from "../app/api.ts";
import { type Role, roleWord } from "../app/permissions.ts";
import deeds from "./deeds.json" with { type: "json" };
import kinds from "./kinds.json" with { type: "json" };

export type AuditEntry = Answer<"audit">[number];
type Who = AuditEntry["who"];
/** The name of a person of this house; undefined where nobody is known by this id. */
export type NameOf = (personId: string) => string | undefined;

/** Kinds of things as the log has them, with their words. */
export const KINDS: readonly (readonly [string, string])[] = Object.entries(kinds);

const kindWords = new Map<string, string>(KINDS);
const deedWords = new Map<string, readonly string[]>(Object.entries(deeds));

/** "Consent" is "what patients share"; a kind that has no words yet is told by its own name. */
export const kindText = (entity: string): string => kindWords.get(entity) ?? entity;

const isRole = (text: string): text is Role => text in roleWord;
const roleText = (role: string): string => (isRole(role) ? roleWord[role] : role).toLowerCase();

const KIND_OF_WHO: Readonly<Record<string, string>> = {
  token: "A program",
  application: "An application",
  device: "A device",
  kiosk: "A screen on a wall",
  system: "The server",
  patient: "The patient",
  unknown: "Somebody who was not signed in",
};

/** "Nina Berg (nurse)"; of a change, which knows the id only, the name that is known now. */
export function whoText({ kind, id, display, role }: Who, nameOf: NameOf): string {
  const name = display === "" && kind === "person" && id !== null ? nameOf(id) : display;
  const called = name || (KIND_OF_WHO[kind] ?? "A person whose name is not known");
  return role === null ? called : `${called} (${roleText(role)})`;
}

const VERBS: Readonly<Record<AuditEntry["action"], readonly [string, string]>> = {
  C: ["added to", "add to"],
  R: ["looked at", "look at"],
  U: ["changed", "change"],
  D: ["removed something of", "remove something of"],
  E: ["worked on", "work on"],
};

/** "looked at measurements", "tried in vain to sign in" */
export function deedText({ action, code, entity, outcome }: AuditEntry): string {
  const generic = (code === "fhir.search" ? ["looked for", "look for"] : VERBS[action]).map(
    (verb) => `${verb} ${kindText(entity)}`,
  );
  const [done, wanted] = deedWords.get(code) ?? generic;
  return outcome === "allowed" ? (done ?? "") : `tried in vain to ${wanted ?? ""}`;
}

const PURPOSES: Readonly<Record<string, string>> = {
  TREAT: "Care",
  ETREAT: "Emergency care",
  BTG: "Emergency",
  HRESCH: "Research",
  FAMRQT: "Family",
  PATRQT: "The patient asked for it",
  HOPERAT: "Running the hospital",
};
const bases: ReadonlyMap<string, string> = new Map(Object.entries({ ...basisWord, ...rightWord }));

/** Why they could, or why they could not; undefined where the record does not say. */
export function reasonText({ outcome, refusal, purpose, basis }: AuditEntry): string | undefined {
  const because = refusal === null ? "" : ` (${refusal})`;
  if (outcome === "refused") return `Refused${because}: nothing was shown or done`;
  if (outcome === "failed") return `It did not work${because}`;
  const parts = (basis ?? "").split(" ").flatMap((one) => (one === "" ? [] : [bases.get(one) ?? one]));
  const what = purpose === null ? [] : [PURPOSES[purpose] ?? purpose];
  return [...what, ...(parts.length > 0 ? [parts.join("; ")] : [])].join(": ") || undefined;
}

const INTERFACES: readonly (readonly [RegExp, string])[] = [
  [/^change$/, "written with the change itself"],
  [/\/fhir(\/|$)/, "FHIR"],
  [/\/live/, "a live screen"],
  [/^[A-Z]+ \/api\/kiosk/, "a screen on a wall"],
  [/^[A-Z]+ \/api\//, "the portal"],
  [/^mqtt|^[A-Z]+ \/ingest/, "a device's connection"],
];

/** By which screen, application or interface. */
export function throughText({ via, who, onBehalfOf, through }: AuditEntry, nameOf: NameOf): string {
  const by = INTERFACES.find(([pattern]) => pattern.test(via))?.[1] ?? via;
  const isProgram = who.kind === "application" || who.kind === "token";
  return [
    // What a program does by the portal's routes is not the portal.
    by === "the portal" && isProgram ? "the API" : by,
    ...(through ? [`at the screen ${through.display || (through.id ?? "")}`] : []),
    ...(onBehalfOf ? [`for ${whoText(onBehalfOf, nameOf).replace(/^The/, "the")}`] : []),
  ].join(", ");
}

/** One sentence. */
export const entryText = (entry: AuditEntry, nameOf: NameOf): string =>
  `${whoText(entry.who, nameOf)} ${deedText(entry)}`;

export interface Agent {
  readonly id: string;
  readonly label: string;
}

/** Who can be searched for: people of the house, and what else stands in these entries; each once, by name. */
export function agentsOf(
  people: readonly { readonly id: string; readonly display: string; readonly role: string }[],
  entries: readonly AuditEntry[],
): Agent[] {
  const found = new Map(people.map(({ id, display, role }) => [id, `${display}, ${roleText(role)}`]));
  for (const { kind, id, display } of entries.flatMap(({ who, onBehalfOf }) => [
    who,
    ...(onBehalfOf ? [onBehalfOf] : []),
  ]))
    if (id !== null && kind !== "patient" && !found.has(id))
      found.set(id, display === "" || display === id ? id : `${display}, ${kind}`);
  const labels = [...found.values()];
  // Two of the same name are told apart by their ids.
  const isTwice = (label: string) => labels.indexOf(label) !== labels.lastIndexOf(label);
  return [...found]
    .map(([id, label]) => ({ id, label: isTwice(label) ? `${label} (${id})` : label }))
    .sort((a, b) => a.label.localeCompare(b.label));
}

/** What was typed: one of those, or the id itself of whom the list does not have. */
export const agentId = (typed: string, agents: readonly Agent[]): string | undefined =>
  agents.find(({ label }) => label === typed.trim())?.id ?? (typed.trim() || undefined);
