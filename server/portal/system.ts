import { RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { RelyingParty, SystemState, Wards } from "./ports/index.ts";

export function systemHandlers(deps: {
  relyingParty: () => RelyingParty | null;
  hasMail: boolean;
  externalName: string | null;
  system: SystemState;
  wards: Wards;
  clock: Clock;
}): Pick<Handlers, "about" | "system" | "wards" | "addWard"> {
  const { system, wards, clock } = deps;
  return {
    about: async () => ({
      isDemo: system.isDemo,
      passkeysAt: deps.relyingParty()?.origins[0] ?? null,
      external: deps.externalName,
    }),
    system: async () => ({
      version: system.version,
      publicUrl: system.publicUrl(),
      mqtt: { ...system.mqtt() },
      storage: system.storage(),
      disks: system.disks().map((disk) => ({ ...disk })),
      archive: system.archive(),
      mail: deps.hasMail,
      serverTime: clock.now(),
    }),
    async wards({ signedIn }) {
      const list = await wards.list(signedIn.organisation.id);
      return list.map(({ id, name, timeZone }) => ({ id, name, timeZone }));
    },
    async addWard({ signedIn, body }) {
      checkTimeZone(body.timeZone);
      const by = signedIn.principal.id;
      const { id, name, timeZone } = await wards.create(signedIn.organisation.id, body.name, body.timeZone, by);
      return { id, name, timeZone };
    },
  };
}

/** @throws RefusedInput FIELD_INVALID when the machine's time zone table does not have it */
export function checkTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch (cause) {
    throw new RefusedInput(
      "FIELD_INVALID",
      { at: "timeZone", expected: "an IANA time zone such as Europe/Oslo" },
      { cause },
    );
  }
}
