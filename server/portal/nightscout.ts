import type { NightscoutKeyBody, NightscoutKeysBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Authenticated, Devices, NightscoutKey, NightscoutKeys, Relations, SystemState } from "./ports/index.ts";
import { createStanding } from "./standing.ts";

type NightscoutRoutes = "nightscoutKeys" | "addNightscoutKey" | "endNightscoutKey";

const DAY_MS = 86_400_000;
const DEVICE_TYPE = "nightscout-app";

/** Keys of apps that speak Nightscout: made and ended by the patient, and by who stands beside them. */
export function nightscoutHandlers(deps: {
  readonly access: { readonly nightscout: NightscoutKeys };
  readonly devices: Pick<Devices, "create" | "assign" | "revoke">;
  readonly relations: Pick<Relations, "ofPerson">;
  readonly system: Pick<SystemState, "publicUrl">;
  readonly clock: Clock;
}): Pick<Handlers, NightscoutRoutes> {
  const { devices, system, clock } = deps;
  const keys = deps.access.nightscout;
  const standing = createStanding(deps);

  async function listed(signedIn: Authenticated, patientId: string): Promise<NightscoutKeysBody> {
    const { mayDecide } = await standing(signedIn, patientId);
    const all = await keys.list(signedIn.organisation.id, [patientId]);
    const me = signedIn.principal.id;
    // Who does not decide is told of their own.
    const told = all.filter(({ personId }) => mayDecide || personId === me);
    return { patientId, mayUpload: mayDecide, address: system.publicUrl(), keys: told.map((key) => bodyOf(key, me)) };
  }

  return {
    nightscoutKeys: ({ signedIn, params: { patientId } }) => listed(signedIn, patientId),

    async addNightscoutKey({ signedIn, params: { patientId }, body: { name, uploads, pastDays } }) {
      const { mayDecide } = await standing(signedIn, patientId);
      if (uploads && !mayDecide)
        throw new RefusedInput("NOT_PERMITTED", { at: "uploads", expected: "the patient, or who decides for them" });
      const { organisation, principal } = signedIn;
      let deviceId: string | null = null;
      if (uploads) {
        const nothing = { manufacturer: null, model: null, serial: null };
        const { device } = await devices.create(
          organisation.id,
          { type: DEVICE_TYPE, display: name, ...nothing },
          principal.id,
        );
        deviceId = device.id;
        await devices.assign(organisation.id, deviceId, patientId, clock.now() - pastDays * DAY_MS, principal.id);
      }
      const whose = { organisationId: organisation.id, patientId, personId: principal.id };
      const { key, secret } = await keys.create({ ...whose, name, deviceId });
      const address = system.publicUrl();
      const url = `${address.replace("://", `://${secret}@`)}/api/v1/`;
      return { patientId, key: bodyOf({ ...key, madeBy: principal.display }, principal.id), token: secret, url };
    },

    async endNightscoutKey({ signedIn, params: { patientId, keyId } }) {
      const { mayDecide } = await standing(signedIn, patientId);
      const { organisation, principal } = signedIn;
      const key = (await keys.list(organisation.id, [patientId])).find(({ id }) => id === keyId);
      if (!key || !(mayDecide || key.personId === principal.id)) throw new RefusedInput("NOT_FOUND", { at: "keyId" });
      await keys.end(organisation.id, keyId, principal.id);
      // What it uploaded as is of no use to anybody any more, and nobody is to wait for it.
      if (key.deviceId !== null) await devices.revoke(organisation.id, key.deviceId, principal.id);
      return listed(signedIn, patientId);
    },
  };
}

const bodyOf = (
  { id, name, deviceId, madeBy, personId, createdAt, usedAt }: NightscoutKey & { readonly madeBy: string },
  me: string,
): NightscoutKeyBody => ({ id, name, deviceId, madeBy, isMine: personId === me, createdAt, usedAt });
