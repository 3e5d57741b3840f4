import type { ConsentBody, SharingBody } from "@openward/api";
import type { Body } from "../../app/api.ts";

export type Decision = ConsentBody["decision"];
export type Purpose = "care" | "research" | "any";
type Actor = Body<"share">["actors"][number];
type ActorRole = Extract<Actor, { kind: "role" }>["role"];

/** Whom one can choose: a value that a select can hold, and what is said. */
export interface Whom {
  readonly value: string;
  readonly label: string;
}

const ROLE: Readonly<Record<string, string>> = {
  nurse: "Nurse",
  physician: "Physician",
  researcher: "Researcher",
  family: "Family",
};

/** Shared is with somebody; kept back from anybody too. */
export function whomToChoose(sharing: SharingBody, decision: Decision, purpose: Purpose): Whom[] {
  const isResearch = purpose === "research";
  const people = sharing.people
    .filter(({ role }) => purpose === "any" || (role === "researcher") === isResearch)
    .map(({ id, display, role }) => ({ value: `person ${id}`, label: `${display} (${ROLE[role] ?? role})` }));
  const roles = isResearch
    ? [{ value: "role researcher", label: "All researchers" }]
    : [
        { value: "role nurse", label: "All nurses" },
        { value: "role physician", label: "All physicians" },
      ];
  if (decision === "permit") return [...people, ...roles];
  return [
    { value: "everybody", label: "Anybody here" },
    ...people,
    ...roles,
    ...(purpose === "any" ? [{ value: "role researcher", label: "All researchers" }] : []),
    ...(isResearch ? [] : [{ value: "role integration", label: "All programs" }]),
  ];
}

export function actorOf(value: string): Actor {
  const [kind, rest = ""] = value.split(" ");
  if (kind === "person") return { kind, id: rest };
  // The values above are the only ones.
  return kind === "role" ? { kind, role: rest as ActorRole } : { kind: "everybody" };
}

const DAY_MS = 86_400_000;
export const SPANS = [
  { value: "", label: "Until I take it back" },
  { value: String(7 * DAY_MS), label: "For a week" },
  { value: String(30 * DAY_MS), label: "For a month" },
  { value: String(365 * DAY_MS), label: "For a year" },
];

/** By what somebody sees a patient, as one would say it. */
export const BASIS: Readonly<Record<string, string>> = {
  "care-team": "takes care of you",
  "ward-assignment": "works on your ward",
  invitation: "was invited",
  consent: "you share with them",
  incident: "something happened that is looked into",
  "break-glass": "an emergency",
  "research-cohort": "research, with your yes only",
  "organisation-token": "a program of the hospital",
};
