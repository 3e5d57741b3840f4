import { randomBytes, randomUUID } from "node:crypto";
import type { PersonBody } from "@openward/api";
import { wards } from "../people.ts";
import { type Answers, found, Refusal } from "./call.ts";
import { isDemo, port, role, state } from "./state.ts";

const staff: PersonBody[] = [
  { id: randomUUID(), display: "Nina Berg", role: "nurse", createdAt: Date.now() - 86_400_000, disabledAt: null },
  {
    id: randomUUID(),
    display: "Erik Dahl",
    role: "clinical-engineer",
    createdAt: Date.now() - 86_400_000,
    disabledAt: null,
  },
  {
    id: randomUUID(),
    display: "Ada Moen",
    role: "administrator",
    createdAt: Date.now() - 86_400_000,
    disabledAt: null,
  },
];

const session = () => ({
  principal: { kind: "person", id: staff[2]!.id, display: "Ada Moen", role },
  organisation: { id: wards[0]!.id, name: "Fjord Hospital", isDemo },
  serverTime: Date.now(),
  expiresAt: Date.now() + 36_000_000,
  lockAfterMs: null,
});

const links = new Set<string>(["fake-link-token-0123456789"]);

/** Who signs in, with links that are good once. */
export const staffAnswers = {
  session: () => session(),
  signIn: ({ body }) => {
    if (!links.delete(body.token))
      throw new Refusal(401, "LINK_EXPIRED", "The sign-in link has been used or has expired.");
    state.isSignedIn = true;
    return session();
  },
  signOut: () => {
    state.isSignedIn = false;
    return null;
  },
  people: () => staff,
  addPerson: ({ body }) => {
    const person: PersonBody = {
      id: randomUUID(),
      display: body.display,
      role: body.role,
      createdAt: Date.now(),
      disabledAt: null,
    };
    staff.push(person);
    return linkFor(person);
  },
  newLink: (c) => linkFor(found(staff.find((p) => p.id === c.params.id))),
} satisfies Answers;

function linkFor(person: PersonBody) {
  const token = randomBytes(24).toString("base64url");
  links.add(token);
  return { person, link: `http://127.0.0.1:${port}/sign-in#token=${token}`, expiresAt: Date.now() + 86_400_000 };
}
