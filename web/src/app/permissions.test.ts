import assert from "node:assert/strict";
import { test } from "node:test";
import { type RouteName, routes } from "@openward/api";
import { may, type Permission, type Role, roleWord } from "./permissions.ts";

const roles = Object.keys(roleWord) as Role[];
const uses: Readonly<Record<Permission, readonly RouteName[]>> = {
  ward: ["wards", "patients", "patient", "streams", "alarms", "devices", "system"],
  clinical: [
    "admit",
    "changePatient",
    "transfer",
    "discharge",
    "merge",
    "acknowledge",
    "setLimits",
    "chooseProfile",
    "startStandby",
    "endStandby",
    "claim",
    "relations",
    "stateFact",
    "endFact",
  ],
  technical: ["assign", "release", "quarantine", "dismiss", "confirmExpectation"],
  fleet: ["addDevice", "rotateToken", "revokeDevice"],
  admin: ["addPerson", "changePerson", "disablePerson", "enablePerson", "newLink", "addWard", "relate", "endRelation"],
  identities: ["people"],
};

for (const [permission, names] of Object.entries(uses)) {
  test(`what screens offer to "${permission}" is what the server allows`, () => {
    for (const name of names) {
      const allowed = routes[name].allow as readonly Role[];
      for (const role of roles)
        assert.equal(may(role, permission as Permission), allowed.includes(role), `${name} ${role}`);
    }
  });
}
