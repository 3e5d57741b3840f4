import { join } from "node:path";
import { createMllpEndpoint } from "./connect/mllp/index.ts";
import { createMqttEndpoint } from "./connect/mqtt/index.ts";
import type { Ground } from "./ground.ts";
import { createGuesses, createSpending } from "./limits/index.ts";
import { openOperators } from "./open-certificates.ts";
import type { OpenIngest } from "./open-ingest.ts";
import type { OpenPortal } from "./open-portal.ts";
import { createVault } from "./store/keys/index.ts";
import { createKeptAuthority } from "./store/registry/index.ts";
import { keepAuthority } from "./tls/kept-authority.ts";

export type OpenDoors = Awaited<ReturnType<typeof openDoors>>;

/** Who a device is proven to be, how much it may send, and the protocols that are spoken with it; nothing listens yet. */
export async function openDoors(
  { config, runtime, log, foundation, keys, recordedDevices, onStop }: Ground,
  { door, mllpDoor }: OpenIngest,
  { feeds }: OpenPortal,
) {
  const { directory } = foundation;
  const { worker } = foundation.database;
  const guesses = createGuesses(runtime);
  const spending = createSpending(runtime);
  const allowance = { perSecond: config.rateLimit, atOnce: config.rateLimit * 10 };
  const pace = {
    spend: (deviceId: string, cost: number) => spending.spend(`device ${deviceId}`, cost, allowance),
    charge: (deviceId: string, cost: number) => spending.charge(`device ${deviceId}`, cost, allowance),
  };
  const kept = await keepAuthority({
    folder: join(config.dataDir, "tls"),
    vault: createVault(keys),
    rows: createKeptAuthority(worker),
    runtime,
    log,
  });
  onStop(() => kept.close());
  const operators = await openOperators({ config, runtime, log });
  onStop(() => operators?.chain.close());
  const deviceAccess = operators ? operators.admit(directory) : directory;
  const overHttp = recordedDevices.watched(deviceAccess, "http");
  const overMqtt = recordedDevices.watched(deviceAccess, "mqtt");
  const overMllp = recordedDevices.watched(deviceAccess, "mllp");
  const mqtt = createMqttEndpoint({ ingest: door, access: overMqtt, runtime, log, guesses, feeds });
  onStop(() => mqtt.stop());
  const mllp = createMllpEndpoint({ ingest: mllpDoor, access: overMllp, runtime, log });
  onStop(() => mllp.stop());
  return { guesses, spending, allowance, pace, kept, operators, deviceAccess, overHttp, mqtt, mllp };
}
