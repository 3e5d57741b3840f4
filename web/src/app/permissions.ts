import type { Session } from "@openward/api";

export type Role = Session["principal"]["role"];

/** Groups of the contract's routes; the server decides, this only keeps from showing what it would refuse. */
const groups = {
  ward: ["nurse", "physician", "clinical-engineer", "administrator", "integration"],
  clinical: ["nurse", "physician", "administrator"],
  technical: ["clinical-engineer", "administrator", "nurse", "physician"],
  fleet: ["clinical-engineer", "administrator"],
  admin: ["administrator"],
  identities: ["administrator", "privacy-officer"],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof groups;

export function may(role: Role, permission: Permission): boolean {
  return (groups[permission] as readonly Role[]).includes(role);
}

export const roleWord: Readonly<Record<Role, string>> = {
  patient: "Patient",
  family: "Family or carer",
  nurse: "Nurse",
  physician: "Physician",
  "clinical-engineer": "Clinical engineer",
  researcher: "Researcher",
  "privacy-officer": "Privacy officer",
  administrator: "Administrator",
  integration: "Integration",
};
