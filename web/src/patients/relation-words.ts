import type { FactBody, RelationBody } from "@openward/api";

export const relationWord: Readonly<Record<RelationBody["relation"], string>> = {
  self: "The patient",
  family: "Family or carer",
  guardian: "Guardian: decides for the patient",
};

export const factWord: Readonly<Record<FactBody["fact"], string>> = {
  incapacity: "Not able to decide",
  deceased: "Deceased",
};

/** What somebody may do now, in a few words. */
export function standingText({ maySee, mayDecide, because }: Pick<RelationBody, "maySee" | "mayDecide" | "because">) {
  const reason = because === "ended" ? " (ended)" : because ? ` (${factWord[because].toLowerCase()})` : "";
  return `${mayDecide ? "sees and decides" : maySee ? "sees" : "sees nothing"}${reason}`;
}
