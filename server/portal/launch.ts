import { RefusedInput } from "@openward/errors";
import type { Handlers } from "./call.ts";
import type { Launches } from "./ports/index.ts";

/** Opens an application of another maker for the patient whose page is open. */
export function launchHandlers({ launches }: { launches: Launches }): Pick<Handlers, "launchApp"> {
  return {
    async launchApp({ signedIn, body: { clientId, patientId }, view }) {
      // Who opens it is who is asked for consent, in this browser: a program is neither.
      if (signedIn.via !== "session")
        throw new RefusedInput("NOT_PERMITTED", { expected: "a person who is signed in" });
      if (!(await view()).has(patientId)) throw new RefusedInput("NOT_FOUND", { at: "patientId" });
      const by = { organisationId: signedIn.organisation.id, personId: signedIn.principal.id };
      return launches.begin(by, clientId, patientId);
    },
  };
}
