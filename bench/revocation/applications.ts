import { ASSERTION_TYPE, applicationKeys } from "../../server/access/oauth/testing/server.ts";
import type { Measured } from "./measured.ts";

/** A program of another maker: its access token revoked, and the program ended. It reads /fhir and nothing else. */
export async function revokeApplications({ ward, admin, cut }: Measured, times: number): Promise<void> {
  const keys = await applicationKeys("ES384");
  const tokenUrl = `${ward.url}/oauth/token`;
  const assert = async (clientId: string) => ({
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: await keys.assertion(clientId, tokenUrl),
  });
  const post = async (path: string, form: Record<string, string>) => {
    const answer = await fetch(`${ward.url}${path}`, { method: "POST", body: new URLSearchParams(form) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  for (let n = 0; n < times; n++) {
    const scope = "system/Observation.rs system/Patient.rs";
    const body = { name: `Registry ${n}`, kind: "backend", scope, jwks: keys.jwks };
    const { application } = await admin<{ application: { id: string } }>("POST", "/api/applications", body);
    const { id } = application;
    const token = async () => {
      const form = { grant_type: "client_credentials", scope, ...(await assert(id)) };
      return ((await (await post("/oauth/token", form)).json()) as { access_token: string }).access_token;
    };
    const first = await token();
    const revoke = { token: first, ...(await assert(id)) };
    const ways = ["read", "search"] as const;
    await cut("application's token revoked", bearer(first), ways, () => post("/oauth/revoke", revoke));
    const second = bearer(await token());
    await cut("application ended", second, ways, () => admin("POST", `/api/applications/${id}/disable`));
  }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
