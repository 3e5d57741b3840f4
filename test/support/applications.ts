import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { RunningWard } from "./ward.ts";

const BACK = "https://app.example/back";
const VERIFIER = "v".repeat(64);

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly scope: string;
  readonly patient?: string;
}

/** An application without a secret, as its makers register it. */
export async function addApplication(ward: RunningWard, name: string, scope: string): Promise<string> {
  const options = ["--name", name, "--kind", "public", "--scope", scope, "--redirect", BACK];
  return (await ward.json<{ id: string }>("client", "add", ...options)).id;
}

/** What a browser keeps between pages. */
function browser(ward: Pick<RunningWard, "url">, session: string) {
  const jar = new Map<string, string>();
  const cookie = () => [session, ...[...jar].map(([name, value]) => `${name}=${value}`)].join("; ");
  return async (path: string, form?: [string, string][]): Promise<Response> => {
    const answer = await fetch(new URL(path, ward.url), {
      redirect: "manual",
      headers: { cookie: cookie(), ...(form ? { origin: ward.url } : {}) },
      ...(form ? { method: "POST", body: new URLSearchParams(form) } : {}),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  };
}

/**
 * Authorisation code with PKCE, as a person in a browser goes through it.
 *
 * @param session the person's cookie
 * @param patient whom they choose; left out: nobody is chosen
 */
export async function allow(
  ward: RunningWard,
  client: string,
  { session, scope, patient }: { session: string; scope: string; patient?: string },
): Promise<Tokens> {
  const ask = browser(ward, session);
  const asked = new URLSearchParams({
    response_type: "code",
    client_id: client,
    redirect_uri: BACK,
    scope,
    state: "s",
    aud: `${ward.url}/fhir`,
    code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
    code_challenge_method: "S256",
  });
  const begun = await ask(`/oauth/authorize?${asked}`);
  const interaction = begun.headers.get("location") ?? "";
  assert.match(interaction, /^\/oauth\/interaction\//, `${begun.status} ${interaction} ${await begun.text()}`);
  const decided = await ask(interaction, [
    ["decision", "allow"],
    ...(patient === undefined ? [] : [["patient", patient] as [string, string]]),
    ...scope.split(" ").map((one): [string, string] => ["scope", one]),
  ]);
  assert.equal(decided.status, 303, await decided.text());
  const back = await ask(decided.headers.get("location") ?? "");
  const location = back.headers.get("location") ?? "";
  assert.ok(location.startsWith(BACK), `${back.status} ${location} ${await back.text()}`);
  const code = new URL(location).searchParams.get("code") ?? "";
  return tokensOf(
    await post(ward, "/oauth/token", {
      grant_type: "authorization_code",
      ...{ client_id: client, code, redirect_uri: BACK, code_verifier: VERIFIER },
    }),
  );
}

export const revoke = (ward: RunningWard, client: string, token: string): Promise<Response> =>
  post(ward, "/oauth/revoke", { client_id: client, token });

/** A program with keys of its own, which acts for nobody. */
export async function addBackend(ward: RunningWard, name: string, scope: string, jwksFile: (jwks: string) => string) {
  const { publicKey, privateKey } = await generateKeyPair("ES384", { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: "k", alg: "ES384", use: "sig" };
  const file = jwksFile(JSON.stringify({ keys: [jwk] }));
  const options = ["--name", name, "--kind", "backend", "--scope", scope, "--jwks", file];
  const { id } = await ward.json<{ id: string }>("client", "add", ...options);
  let n = 0;
  return {
    id,
    async token(): Promise<string> {
      const audience = `${ward.url}/oauth/token`;
      const assertion = await new SignJWT({ jti: `${id} ${n++}` })
        .setProtectedHeader({ alg: "ES384", kid: "k", typ: "JWT" })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime("4m")
        .sign(privateKey);
      const answer = await post(ward, "/oauth/token", {
        grant_type: "client_credentials",
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: assertion,
        scope,
      });
      return (await tokensOf(answer)).access_token;
    },
  };
}

const post = (ward: RunningWard, path: string, form: Record<string, string>) =>
  fetch(`${ward.url}${path}`, { method: "POST", body: new URLSearchParams(form) });

async function tokensOf(answer: Response): Promise<Tokens> {
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return JSON.parse(text) as Tokens;
}
