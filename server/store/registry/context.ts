import type { Runtime } from "@openward/runtime";
import type { Pool } from "pg";
import type { RegistryChange } from "./ports.ts";
import type { Api } from "./transaction.ts";

/** What every registry is made of. */
export interface RegistryContext {
  /** Under row-level security: one organisation at a time, and what the asker's grants show of it. */
  readonly api: Api;
  /** For the few questions that span organisations. */
  readonly worker: Pool;
  readonly runtime: Runtime;
  /** Raw input as it was received; undefined when it has expired. */
  readonly openRaw: (entry: { id: string; organisationId: string; raw: Uint8Array }) => Uint8Array | undefined;
  /** Told after the commit; resolves when memory has caught up, so that who wrote reads what was written. */
  changed(change: RegistryChange): Promise<void>;
}
