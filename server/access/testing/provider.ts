import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";

export interface TestProvider {
  readonly issuer: string;
  /** Who is signed in there. */
  subject: string;
  close(): Promise<void>;
}

/** A real identity provider that asks nobody for a password: it says that whoever comes is `subject`. */
export async function startProvider(redirect: string): Promise<TestProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "openward",
        client_secret: "shared",
        redirect_uris: [redirect],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    pkce: { required: () => true },
    findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, email: "nina@ward.example" }) }),
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    cookies: { keys: ["test"] },
  });
  const answer = provider.callback();
  const running: TestProvider = {
    issuer,
    subject: "",
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on("request", async (request, response) => {
    if (!request.url?.startsWith("/interaction/")) return answer(request, response);
    const grant = new provider.Grant({ accountId: running.subject, clientId: "openward" });
    grant.addOIDCScope("openid");
    const grantId = await grant.save();
    await provider.interactionFinished(request, response, {
      login: { accountId: running.subject },
      consent: { grantId },
    });
  });
  return running;
}
