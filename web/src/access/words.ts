import type { GrantBody } from "@openward/api";
import { type Role, roleWord } from "../app/permissions.ts";

/** What somebody may see a patient for, as people say it. */
export const purposeWord: Readonly<Record<GrantBody["purpose"], string>> = {
  care: "Care",
  monitoring: "Watching over them",
  technical: "Looking after devices",
  integration: "Another system",
  research: "Research",
  family: "Family",
  emergency: "Emergency",
};

/** Rights that no grant gives. */
export const rightWord = {
  self: "it is about themselves",
  guardian: "decides for the patient",
  "subject-right": "everything was asked for, by right",
} as const;

/** Why they may. */
export const basisWord: Readonly<Record<GrantBody["basis"], string>> = {
  "care-team": "belongs to the care team",
  "ward-assignment": "is assigned to the ward",
  invitation: "was invited by the patient",
  consent: "the patient has agreed",
  incident: "answers an incident",
  "break-glass": "without a permission that was there before",
  "research-cohort": "takes part in a study",
  "organisation-token": "a program's token",
};

const isRole = (text: string): text is Role => text in roleWord;

/** Who it is: a name, or everybody of a role. */
export function granteeText({ grantee, display }: Pick<GrantBody, "grantee" | "display">): string {
  if (grantee.kind === "role")
    return `Every ${(isRole(grantee.role) ? roleWord[grantee.role] : grantee.role).toLowerCase()}`;
  // A program whose name nobody knows any more stands there by its id.
  if (grantee.kind === "token") return display === null || display === grantee.id ? "A program" : display;
  if (grantee.kind === "kiosk") return display === null || display === grantee.id ? "A screen on a wall" : display;
  return display ?? "Somebody";
}

/** "running" from its beginning until it is ended or its time is over. */
export function stateOf(
  { from, to, endedAt }: Pick<GrantBody, "from" | "to" | "endedAt">,
  now: number,
): "later" | "running" | "over" {
  if (endedAt !== null || (to !== null && to <= now)) return "over";
  return from > now ? "later" : "running";
}

/** Whom it shows. A patient whom the reader may not see has no name here. */
export function reachText(
  reach: GrantBody["reach"],
  wards: readonly { readonly id: string; readonly name: string }[],
  nameOf: (patientId: string) => string | undefined,
): string {
  if (reach.kind === "organisation") return "everybody";
  if (reach.kind === "patient") return nameOf(reach.patientId) ?? "a patient whom you may not see";
  return `who lies on ${wards.find(({ id }) => id === reach.wardId)?.name ?? "a ward"}`;
}
