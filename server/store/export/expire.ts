import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { Pool } from "pg";
import { ended } from "./export.ts";
import { MANIFEST, readManifest } from "./manifest.ts";

export interface ExpiredExport {
  readonly id: string;
  readonly folder: string;
  readonly purpose: string;
  /** missing: the folder or its manifest is not there; whoever moved it must remove it. */
  readonly outcome: "removed" | "missing" | "another export is there";
}

/**
 * Removes the files of exports that are past their day, and nothing else that may lie in their folders. An export that
 * holds somebody who was erased is past it since then.
 */
export async function expireExports(
  which: {
    readonly organisationId: string;
    /** Count those that are not where they were written as removed. */
    readonly isGone?: boolean;
    /** Only exports that hold one of these. */
    readonly patientIds?: readonly string[];
  },
  deps: { readonly runtime: Runtime; readonly worker: Pool },
): Promise<ExpiredExport[]> {
  const { organisationId, isGone = false, patientIds = null } = which;
  const { rows } = await deps.worker.query(
    `SELECT id, folder, purpose FROM data_export WHERE organisation_id = $1 AND removed_at IS NULL AND expires_at <= $2
       AND ($3::uuid[] IS NULL OR patient_ids && $3) ORDER BY expires_at`,
    [organisationId, deps.runtime.clock.now(), patientIds],
  );
  const done: ExpiredExport[] = [];
  for (const { id, folder, purpose } of rows as { id: string; folder: string; purpose: string }[]) {
    const outcome = await remove(id, folder);
    if (outcome === "removed" || isGone) await ended(id, organisationId, "export.removed", { outcome }, deps);
    done.push({ id, folder, purpose, outcome });
  }
  return done;
}

async function remove(id: string, folder: string): Promise<ExpiredExport["outcome"]> {
  let manifest: Awaited<ReturnType<typeof readManifest>>;
  try {
    manifest = await readManifest(folder);
  } catch (error) {
    if (error instanceof RefusedInput && error.code === "FILE_FORMAT") return "another export is there";
    throw error;
  }
  if (!manifest) return "missing";
  if (manifest.id !== id) return "another export is there";
  // The manifest last: what is interrupted here is found again.
  for (const { name } of manifest.files) await rm(join(folder, name), { force: true });
  await rm(join(folder, MANIFEST), { force: true });
  await rmdir(folder).catch(() => {});
  return "removed";
}
