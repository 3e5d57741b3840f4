import { RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Access, Authenticated } from "./ports/index.ts";
import { sessionBody } from "./present.ts";

type ExternalRoutes =
  | "beginExternal"
  | "signInExternal"
  | "externalIdentities"
  | "linkExternal"
  | "linkedExternal"
  | "removeExternal";

/** Sign-in at an identity provider outside, and whose account there is whose. */
export function externalHandlers(deps: {
  access: Pick<Access, "external" | "signInOutside">;
  clock: Clock;
  /** The page that the provider sends the browser back to. */
  redirect: () => string;
}): Pick<Handlers, ExternalRoutes> {
  const { access, clock, redirect } = deps;
  const { external } = access;

  return {
    async beginExternal({ setCookie }) {
      const { url, cookie } = await external.begin(redirect());
      setCookie(cookie);
      return { url };
    },
    async signInExternal({ body: { answer }, cookie: given, userAgent, setCookie }) {
      const { authenticated, cookie } = await access.signInOutside(answer, given, userAgent);
      setCookie(cookie);
      return sessionBody(authenticated, clock.now());
    },
    externalIdentities: async ({ signedIn }) => external.list(person(signedIn)),
    async linkExternal({ signedIn, setCookie }) {
      const { url, cookie } = await external.begin(redirect(), person(signedIn));
      setCookie(cookie);
      return { url };
    },
    linkedExternal: async ({ signedIn, body, cookie }) => external.link(person(signedIn), body.answer, cookie),
    async removeExternal({ signedIn, params }) {
      await external.remove(person(signedIn), params.id);
      return null;
    },
  };
}

function person(signedIn: Authenticated): Authenticated {
  if (signedIn.via !== "session")
    throw new RefusedInput("CONFLICT", { at: "http.Authorization", expected: "a person's session" });
  return signedIn;
}
