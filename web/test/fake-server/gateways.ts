import { GATEWAY_DEFAULTS, type GatewayBody, type GatewaySettings } from "@openward/api";
import { type Answers, type Call, Refusal } from "./call.ts";
import { devices } from "./devices.ts";

/** What gateways work by. */
export const gatewayAnswers = {
  gateway: (c) => gatewayBody(c.params.deviceId ?? ""),
  configureGateway(c) {
    const { seen, ...settings } = c.body;
    return setGateway(c, settings, seen, null);
  },
  restoreGateway: (c) => {
    const { revision, seen } = c.body;
    const version = gatewayVersions.find((one) => one.revision === revision);
    return setGateway(c, version?.settings ?? GATEWAY_DEFAULTS, seen, revision);
  },
} satisfies Answers;

const gatewayVersions: GatewayBody["versions"] = [];

function setGateway(c: Call, settings: GatewaySettings, seen: number, restores: number | null): GatewayBody {
  if (seen !== (gatewayVersions[0]?.revision ?? 0))
    throw new Refusal(409, "CONFLICT", "Somebody has set it meanwhile.");
  const at = Date.now();
  const setBy = "Kim Aalto";
  gatewayVersions.unshift({ revision: seen + 1, settings, setAt: at, setBy, restores, takenUpAt: null, refused: [] });
  return gatewayBody(c.params.deviceId ?? "");
}

/** The first device has told of itself as a gateway; any other device never has. */
function gatewayBody(id: string): GatewayBody {
  const now = Date.now();
  const [newest] = gatewayVersions;
  const none: GatewayBody = {
    settings: newest?.settings ?? GATEWAY_DEFAULTS,
    revision: newest?.revision ?? 0,
    setAt: newest?.setAt ?? null,
    setBy: newest?.setBy ?? null,
    configuration: `${newest?.revision ?? 0}-1f`,
    inCharge: devices.slice(1, 4).map((one) => one.id),
    versions: gatewayVersions,
    report: null,
  };
  if (id !== devices[0]?.id) return none;
  const report = {
    version: "0.1.0",
    startedAt: now - 86_400_000,
    clock: now - 90_000,
    configuration: "0-1f",
    link: { isUp: true, since: now - 7_200_000, confirmedAt: now - 91_000 },
    kept: {
      messages: 412,
      bytes: 120_000,
      bytesMax: 1e9,
      oldestAt: now - 9_000_000,
      refused: 0,
      damaged: 0,
      aside: {},
    },
    disk: { freeBytes: 12e9 },
    sources: { mqtt: { isOn: true, connected: 2, fault: null } },
    devices: { "bed-1": now - 95_000 },
    alarms: [],
    takenUpAt: now - 3_600_000,
    refused: [{ at: "bluetooth", reason: "the box has no Bluetooth (OPENWARD_GATEWAY_BLUETOOTH is off)" }],
    sound: { by: "command" as const, fault: "aplay ended with 1: no such device", since: now - 300_000 },
    receivedAt: now - 90_000,
  };
  return { ...none, report };
}
