import { cookieOf, signInAs } from "../../test/support/people.ts";
import type { Measured } from "./measured.ts";

const WAYS = ["REST", "search", "live", "export"] as const;

/** What lets somebody who takes care see a patient, taken away: a grant, a role, a session, a consent. */
export async function revokeSeeing({ ward, admin, looked, cut }: Measured, times: number): Promise<void> {
  const { patientId } = looked;
  const nurse = await signInAs(ward, admin, "Nina Berg", "nurse");
  const invited = await signInAs(ward, admin, "Nora Lund", "nurse");
  const self = await signInAs(ward, admin, "Kari Abara", "patient");
  const relation = { personId: self.id, relation: "self", reason: "measured" };
  const { id: relationId } = await admin<{ id: string }>("POST", `/api/patients/${patientId}/relations`, relation);
  const said = async <T>(path: string, body: object): Promise<T> => {
    const answer = await fetch(`${ward.url}/api/me/patients/${patientId}/consents${path}`, {
      method: "POST",
      headers: { cookie: self.cookie, origin: ward.url, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`a consent: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const grantOf = async (id: string) =>
    (await admin<{ id: string }[]>("GET", `/api/grants?principal=${id}`))[0]?.id ?? "";
  const endGrant = (id: string) => admin("POST", `/api/grants/${id}/end`, { reason: "measured" });
  await endGrant(await grantOf(invited.id));

  for (let n = 0; n < times; n++) {
    const assigned = await grantOf(nurse.id);
    await cut("grant ended", nurse, WAYS, () => endGrant(assigned));
    const grantee = { kind: "person", id: nurse.id };
    const reach = { kind: "patient", patientId };
    const grant = { grantee, reach, purpose: "monitoring", basis: "care-team", reason: "measured" };
    await admin("POST", "/api/grants", grant);

    await cut("role removed", nurse, WAYS, () => admin("PATCH", `/api/people/${nurse.id}`, { role: "researcher" }));
    await admin("PATCH", `/api/people/${nurse.id}`, { role: "nurse" });

    const { link } = await admin<{ link: string }>("POST", `/api/people/${nurse.id}/link`);
    const cookie = await cookieOf(ward, link);
    await cut("session signed out", { cookie }, WAYS, () => signOut(ward.url, cookie));

    const permit = { decision: "permit", categories: ["heart"], purpose: "care" };
    const shared = await said<{ id: string }>("", { ...permit, actors: [{ kind: "person", id: invited.id }] });
    await cut("consent withdrawn", invited, WAYS, () => said(`/${shared.id}/withdraw`, {}));

    const deny = { decision: "deny", categories: ["heart"], purpose: null, actors: [{ kind: "everybody" }] };
    let denied = { id: "" };
    await cut("kind of data denied", nurse, WAYS, async () => {
      denied = await said<{ id: string }>("", { ...deny, confirm: true });
    });
    await said(`/${denied.id}/withdraw`, {});
  }
  await admin("POST", `/api/patients/${patientId}/relations/${relationId}/end`);
}

/** An archive of everything, on its way to the patient whose right to it ends. */
export async function revokePatient({ ward, admin, looked, cut }: Measured, times: number): Promise<void> {
  const relations = `/api/patients/${looked.patientId}/relations`;
  const self = await signInAs(ward, admin, "Kari Abara-Berg", "patient");
  const acts = {
    "relation ended": (_: string, relationId: string) => admin("POST", `${relations}/${relationId}/end`),
    "session signed out": (cookie: string) => signOut(ward.url, cookie),
    "person let in no more": () => admin("POST", `/api/people/${self.id}/disable`),
  };
  for (let n = 0; n < times; n++) {
    for (const [act, doIt] of Object.entries(acts)) {
      const body = { personId: self.id, relation: "self", reason: "measured" };
      const { id } = await admin<{ id: string }>("POST", relations, body);
      const { link } = await admin<{ link: string }>("POST", `/api/people/${self.id}/link`);
      const cookie = await cookieOf(ward, link);
      await cut(act, { cookie }, ["archive"], () => doIt(cookie, id));
      if (act === "person let in no more") await admin("POST", `/api/people/${self.id}/enable`);
      if (act !== "relation ended") await admin("POST", `${relations}/${id}/end`);
    }
  }
}

function signOut(url: string, cookie: string): Promise<Response> {
  return fetch(`${url}/api/session`, { method: "DELETE", headers: { cookie, origin: url } });
}
