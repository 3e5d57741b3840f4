import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Access } from "./ports/index.ts";
import { sessionBody } from "./present.ts";

export function sessionHandlers(deps: {
  access: Pick<Access, "signIn" | "signOut">;
  clock: Clock;
}): Pick<Handlers, "session" | "signIn" | "signOut"> {
  const { access, clock } = deps;
  return {
    session: async ({ signedIn }) => sessionBody(signedIn, clock.now()),
    async signIn({ body, userAgent, setCookie }) {
      const { authenticated, cookie } = await access.signIn(body.token, userAgent);
      setCookie(cookie);
      return sessionBody(authenticated, clock.now());
    },
    async signOut({ signedIn, setCookie, leave }) {
      const { cookie } = await access.signOut(signedIn);
      setCookie(cookie);
      leave();
      return null;
    },
  };
}
