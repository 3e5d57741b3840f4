import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Configuration } from "openid-client";
import type { ProviderSettings } from "./ports.ts";

/** What has to fit together between the way there and the way back. */
export interface Checks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

const TIMEOUT_S = 10;
const FORGET_MS = 3_600_000;

/** The provider, found by its issuer with the first sign-in and again each hour; `openid-client` does the protocol. */
export function createProviderClient(settings: ProviderSettings, { monotonic }: { monotonic(): number }) {
  let found: { readonly at: number; readonly configuration: Promise<Configuration> } | undefined;

  const configurationOf = async (): Promise<Configuration> => {
    const now = monotonic();
    if (found === undefined || now - found.at > FORGET_MS) {
      const mine = { at: now, configuration: discover(settings) };
      found = mine;
      mine.configuration.catch(() => {
        if (found === mine) found = undefined;
      });
    }
    return found.configuration;
  };

  return {
    /** @throws OutsideTrouble SERVER_UNREACHABLE */
    async addressOf(redirect: string, { state, nonce, verifier }: Checks): Promise<string> {
      const client = await import("openid-client");
      const address = client.buildAuthorizationUrl(await configurationOf(), {
        redirect_uri: redirect,
        // The subject and nothing else: neither mail nor groups are asked for.
        scope: "openid",
        response_type: "code",
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return address.href;
    },

    /**
     * @param answer the query with which the provider sent the browser back
     * @throws RefusedInput SIGN_IN_REFUSED
     */
    async subjectOf(redirect: string, answer: string, { state, nonce, verifier }: Checks): Promise<string> {
      const client = await import("openid-client");
      const configuration = await configurationOf();
      const back = new URL(redirect);
      back.search = answer;
      try {
        const tokens = await client.authorizationCodeGrant(configuration, back, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        });
        const subject = tokens.claims()?.sub;
        if (subject !== undefined && subject !== "" && subject.length <= 255) return subject;
      } catch (cause) {
        throw new RefusedInput("SIGN_IN_REFUSED", {}, { cause });
      }
      throw new RefusedInput("SIGN_IN_REFUSED");
    },
  };
}

async function discover({ issuer, clientId, secret }: ProviderSettings): Promise<Configuration> {
  const client = await import("openid-client");
  const url = new URL(issuer);
  const isHere = url.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  try {
    return await client.discovery(url, clientId, {}, client.ClientSecretBasic(secret), {
      timeout: TIMEOUT_S,
      ...(isHere ? { execute: [client.allowInsecureRequests] } : {}),
    });
  } catch (cause) {
    throw new OutsideTrouble("SERVER_UNREACHABLE", true, { at: "OPENWARD_OIDC_ISSUER" }, { cause });
  }
}
