import { json } from "../server.ts";
import { about, type Calls, NOBODY, ofPatient, plain, WISH } from "./call.ts";

const ofOwnConsent = (body: unknown) =>
  about(
    ({ id }) => ({ params: { patientId: id, consentId: NOBODY }, body }),
    async ({ server }, { headers }, { id }) => {
      const path = `/api/me/patients/${id}/consents`;
      const { id: consentId } = await json<{ id: string }>(server, { method: "POST", path, headers, body: WISH });
      return { params: { patientId: id, consentId }, body };
    },
  );

const NIGHTSCOUT_KEY = { name: "Follower", uploads: false };
const OWN_DEVICE = {
  browserId: "any",
  name: null,
  services: ["180d"],
  says: { manufacturer: null, model: null, systemId: null },
  isShared: true,
};
const ownCapture = () => ({
  key: "00000000-0000-4000-8000-000000000001",
  sentAt: Date.now(),
  values: [{ codec: "gatt/2a19", at: Date.now(), hex: "50" }],
});

/** What patients see and decide of themselves, and the devices that they bring. */
export const ownCalls = {
  session: plain(),
  me: plain(),
  myDevices: plain(),
  sharing: about(({ id }) => ({ params: { patientId: id } })),
  share: about(({ id }) => ({ params: { patientId: id }, body: WISH })),
  changeSharing: ofOwnConsent(WISH),
  stopSharing: ofOwnConsent({}),
  myAccessHistory: ofPatient(),
  nightscoutKeys: about(({ id }) => ({ params: { patientId: id } })),
  addNightscoutKey: about(({ id }) => ({ params: { patientId: id }, body: NIGHTSCOUT_KEY })),
  endNightscoutKey: about(
    ({ id }) => ({ params: { patientId: id, keyId: NOBODY } }),
    async ({ server }, { headers }, { id }) => {
      const path = `/api/me/patients/${id}/nightscout`;
      const made = await json<{ key: { id: string } }>(server, { method: "POST", path, headers, body: NIGHTSCOUT_KEY });
      return { params: { patientId: id, keyId: made.key.id } };
    },
  ),
  addOwnDevice: about(({ id }) => ({ params: { patientId: id }, body: OWN_DEVICE })),
  sendOwnCapture: about(
    ({ id }) => ({ params: { patientId: id, deviceId: "own-none" }, body: ownCapture() }),
    async ({ server }, { headers }, { id }) => {
      const path = `/api/me/patients/${id}/devices`;
      const made = await json<{ deviceId: string }>(server, { method: "POST", path, headers, body: OWN_DEVICE });
      return { params: { patientId: id, deviceId: made.deviceId }, body: ownCapture() };
    },
  ),
  exportMine: ofPatient(),
} satisfies Calls;
