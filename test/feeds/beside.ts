import type { Api, RunningWard } from "../support/ward.ts";

export type Call = <T = unknown>(method: string, path: string, body?: unknown) => Promise<{ status: number; body: T }>;

/** Somebody who stands beside this patient, signed in. */
export async function beside(
  ward: () => RunningWard,
  admin: Api,
  patientId: string,
  role: "patient" | "family",
  relation: string,
): Promise<{ call: Call; personId: string }> {
  const { person, link } = await admin<{ person: { id: string }; link: string }>("POST", "/api/people", {
    display: `${role} of ${patientId.slice(-4)}`,
    role,
  });
  const reason = "identity card seen";
  await admin("POST", `/api/patients/${patientId}/relations`, { personId: person.id, relation, reason });
  const { url } = ward();
  const signedIn = await fetch(`${url}/api/session`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify({ token: link.slice(link.indexOf("#token=") + 7) }),
  });
  const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  // The port is another one after a restart.
  const call: Call = async (method, path, body) => {
    const at = ward().url;
    const answered = await fetch(`${at}${path}`, {
      method,
      headers: { cookie, origin: at, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answered.text();
    return { status: answered.status, body: (text === "" ? null : JSON.parse(text)) as never };
  };
  return { call, personId: person.id };
}
