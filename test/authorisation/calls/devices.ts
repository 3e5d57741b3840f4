import type { World } from "../world.ts";
import { about, bed, type Calls, house, NOBODY, ofPatient, plain, type Request } from "./call.ts";

const description = {
  type: "generic",
  display: "Described",
  manufacturer: null,
  model: null,
  serial: null,
  label: null,
  owner: "organisation",
  ownerName: null,
  location: null,
  service: { isOut: false, dueOn: null, note: null },
};

const spareDevice =
  (more: Request = {}) =>
  async (world: World) => {
    const { deviceId } = await world.spareDevice();
    return { params: { deviceId }, shows: [deviceId], ...more };
  };

/** Devices, gateways, and how all of them do. */
export const deviceCalls = {
  deviceTypes: plain(),
  devices: plain(),
  device: about(({ deviceId }) => ({ params: { deviceId } })),
  addDevice: plain({}, async () => ({ body: { id: bed(), type: "generic" } })),
  rotateToken: about(({ deviceId }) => ({ params: { deviceId } }), spareDevice()),
  describeDevice: about(
    ({ deviceId }) => ({ params: { deviceId }, body: description }),
    spareDevice({ body: description }),
  ),
  // No clock of this world is in doubt.
  decideClock: {
    ...about(({ deviceId }) => ({ params: { deviceId }, body: { seen: 1, leadsTo: "kept", reason: "looked at it" } })),
    isRefusedHere: true,
  },
  revokeDevice: about(({ deviceId }) => ({ params: { deviceId } }), spareDevice()),
  deviceCredentials: about(({ deviceId }) => ({ params: { deviceId } })),
  revokeCredential: about(
    ({ deviceId }) => ({ params: { deviceId, id: NOBODY } }),
    async (world) => {
      const { deviceId } = await world.spareDevice();
      const { credentials } = await house<{ credentials: { id: string }[] }>(
        world,
        "GET",
        `/devices/${deviceId}/credentials`,
      );
      return { params: { deviceId, id: credentials[0]?.id ?? "" }, shows: [] };
    },
  ),
  issueCertificate: about(({ deviceId }) => ({ params: { deviceId }, body: {} }), spareDevice({ body: {} })),
  newClaimCode: about(({ deviceId }) => ({ params: { deviceId }, body: {} }), spareDevice({ body: {}, shows: [] })),
  setCharge: about(
    ({ deviceId }) => ({ params: { deviceId }, body: { deviceId: "gateway-zq", isInCharge: true } }),
    async (world) => {
      const [gateway, device] = [await world.spareDevice(), await world.spareDevice()];
      const body = { deviceId: device.deviceId, isInCharge: true };
      return { params: { deviceId: gateway.deviceId }, body, shows: [device.deviceId] };
    },
  ),
  gateway: about(({ deviceId }) => ({ params: { deviceId } })),
  configureGateway: about(
    ({ deviceId }) => ({ params: { deviceId }, body: { seen: 0 } }),
    spareDevice({ body: { seen: 0 }, shows: [] }),
  ),
  restoreGateway: about(
    ({ deviceId }) => ({ params: { deviceId }, body: { seen: 0, revision: 0 } }),
    spareDevice({ body: { seen: 0, revision: 0 }, shows: [] }),
  ),
  assign: about(
    ({ id }) => ({ params: { deviceId: "gateway-zq" }, body: { patientId: id } }),
    async (world, _subject, { id }) => spareDevice({ body: { patientId: id } })(world),
  ),
  release: about(
    ({ deviceId }) => ({ params: { deviceId } }),
    async (world, _subject, { id }) => {
      const { deviceId } = await world.spareDevice();
      await house(world, "POST", `/devices/${deviceId}/assign`, { patientId: id });
      return { params: { deviceId }, shows: [deviceId] };
    },
  ),

  fleet: plain(),
  completeness: plain({ query: { by: "patient", days: 2 } }),
  patientCompleteness: ofPatient({ query: { day: new Date().toISOString().slice(0, 10) } }),
  deviceCompleteness: about(({ deviceId }) => ({
    params: { deviceId },
    query: { day: new Date().toISOString().slice(0, 10) },
  })),
  endings: plain(),
} satisfies Calls;
