import assert from "node:assert/strict";
import type { Api, RunningWard } from "./ward.ts";

/** Somebody who has signed in with their link; `cookie` is what their browser sends. */
export async function signInAs(
  ward: RunningWard,
  admin: Api,
  display: string,
  role: string,
): Promise<{ id: string; cookie: string }> {
  const { person, link } = await admin<{ person: { id: string }; link: string }>("POST", "/api/people", {
    display,
    role,
  });
  return { id: person.id, cookie: await cookieOf(ward, link) };
}

/** The session that a one-time link begins. */
export async function cookieOf(ward: RunningWard, link: string): Promise<string> {
  const answer = await fetch(`${ward.url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: ward.url },
    body: JSON.stringify({ token: link.slice(link.indexOf("#token=") + 7) }),
  });
  assert.equal(answer.status, 200);
  return (answer.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}
