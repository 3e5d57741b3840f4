import { RefusedInput } from "@openward/errors";
import type { Organisation } from "@openward/model";
import { systemRuntime } from "@openward/runtime/system";
import { readConfig } from "../config.ts";
import { type Foundation, openFoundation } from "../foundation.ts";
import { createLog } from "../log.ts";
import { recordCommand } from "./recorded.ts";

export type Registry = Foundation & { readonly organisation: Organisation };

/**
 * Does the work on the data directory's database, whether a server runs on it or not, in one organisation: the one
 * named, or the only one, or the only one that is not the demo's.
 *
 * @throws RefusedInput NOT_FOUND where the name is unknown or several could be meant
 */
export async function withRegistry(
  name: string | undefined,
  work: (registry: Registry) => Promise<void>,
): Promise<void> {
  const config = readConfig(process.env);
  const foundation = await openFoundation({
    config,
    mode: "command",
    runtime: systemRuntime,
    log: createLog("silent"),
  });
  try {
    const organisation = choose(await foundation.wards.organisations(), name);
    await recordCommand(organisation, { worker: foundation.database.worker, dataDir: config.dataDir });
    await work({ ...foundation, organisation });
  } finally {
    await foundation.close();
  }
}

function choose(all: readonly Organisation[], name: string | undefined): Organisation {
  const named = name === undefined ? all : all.filter((organisation) => organisation.name === name);
  const real = named.filter((organisation) => !organisation.isDemo);
  const [only, another] = named.length === 1 ? named : real;
  if (only && !another) return only;
  const expected = all.map((organisation) => `"${organisation.name}"`).join(", ");
  throw new RefusedInput("NOT_FOUND", {
    at: "--organisation",
    expected:
      all.length === 0 ? "a first start of `openward serve` or `openward demo`, which makes one" : `one of ${expected}`,
  });
}
