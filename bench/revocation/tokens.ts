import { systemRuntime } from "@openward/runtime/system";
import { readConfig } from "../../server/config.ts";
import { openFoundation } from "../../server/foundation.ts";
import { createLog } from "../../server/log.ts";
import type { Measured } from "./measured.ts";

const HOUR_MS = 3_600_000;

/** A bearer token, revoked by what `openward token revoke` does in its own process; the start of a process is left out. */
export async function revokeTokens({ ward, cut }: Measured, times: number): Promise<void> {
  const foundation = await openFoundation({
    config: readConfig({ OPENWARD_DATA_DIR: ward.dataDir }),
    mode: "command",
    runtime: systemRuntime,
    log: createLog("silent"),
  });
  const { access, wards } = foundation;
  try {
    const [organisation] = await wards.organisations();
    if (!organisation) throw new Error("a ward without an organisation");
    const revoked = async (role: "integration" | "privacy-officer", ways: Parameters<typeof cut>[2]) => {
      const { id, token } = await access.issueToken(organisation.id, role, "measured", HOUR_MS, "bench");
      const authorization = `Bearer ${token}`;
      await cut("bearer token revoked", { authorization }, ways, () =>
        access.revokeToken(organisation.id, id, "bench"),
      );
    };
    for (let n = 0; n < times; n++) {
      await revoked("integration", ["REST", "search", "live", "export"]);
      await revoked("privacy-officer", ["archive"]);
    }
  } finally {
    await foundation.close();
  }
}
