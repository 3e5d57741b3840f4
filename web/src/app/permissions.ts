import type { Session } from "@openward/api";

export type Role = Session["principal"]["role"];

/** Groups of the contract's routes; the server decides, this only keeps from showing what it would refuse. */
const groups = {
  clinical: ["nurse", "administrator"],
  technical: ["clinical-engineer", "administrator", "nurse"],
  fleet: ["clinical-engineer", "administrator"],
  admin: ["administrator"],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof groups;

export function may(role: Role, permission: Permission): boolean {
  return (groups[permission] as readonly Role[]).includes(role);
}

export const roleWord: Readonly<Record<Role, string>> = {
  nurse: "Nurse",
  "clinical-engineer": "Clinical engineer",
  administrator: "Administrator",
  integration: "Integration",
};
