import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RefusedInput } from "@openward/errors";
import type { Use } from "./agreed.ts";
import type { WrittenFile } from "./parquet-parts.ts";
import type { WrittenTrack } from "./recordings.ts";

export const MANIFEST = "manifest.json";
const FORMAT = "openward-export";
const VERSION = 2;
/** Before it said which amendments are in it: all of those are as received. */
const VERSIONS: readonly number[] = [1, VERSION];

/** What stands beside the files: what they are for, and until when. */
export interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly id: string;
  readonly organisation: string;
  readonly use: Use;
  readonly purpose: string;
  readonly createdAt: string;
  readonly createdBy: string;
  /** To be removed then, with every copy. */
  readonly expiresAt: string;
  /** Are patients and devices named by their ids? Otherwise by names that hold in this export alone. */
  readonly isIdentified: boolean;
  readonly patients: number;
  /** Patients who are left out, whole, as they did not agree to research. */
  readonly notAgreed: number;
  /** Values are what counted then; null: as they were received, and no amendment is applied. */
  readonly amendedUntil: string | null;
  /** How many amendments concern these patients. */
  readonly amendments: number;
  readonly from: string | null;
  readonly to: string;
  readonly signals: readonly string[];
  readonly files: readonly WrittenFile[];
  /** Of EDF+ and WFDB: what each file holds. */
  readonly tracks?: readonly WrittenTrack[];
}

export function newManifest(facts: Omit<Manifest, "format" | "version">): Manifest {
  return { format: FORMAT, version: VERSION, ...facts };
}

/**
 * @returns undefined where there is none
 * @throws RefusedInput FILE_FORMAT when it is not one of ours, or names what an export does not write
 */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  let bytes: string;
  try {
    bytes = await readFile(join(folder, MANIFEST), "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw new RefusedInput("FILE_UNREADABLE", { at: join(folder, MANIFEST) }, { cause: error });
  }
  const manifest = parse(bytes);
  if (manifest?.format !== FORMAT || !VERSIONS.includes(manifest.version) || !Array.isArray(manifest.files))
    throw new RefusedInput("FILE_FORMAT", {
      at: join(folder, MANIFEST),
      expected: `${FORMAT} ${VERSIONS.join(" or ")}`,
    });
  for (const { name } of manifest.files) {
    if (!/^(?:(?:readings|waveforms)-\d{4,}\.parquet|[a-z0-9-]{1,60}-\d{4,}\.(?:edf|hea|dat|gap))$/.test(name))
      throw new RefusedInput("FILE_FORMAT", { at: join(folder, MANIFEST), expected: "names of its own files" });
  }
  return manifest;
}

function parse(text: string): Manifest | undefined {
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    return undefined;
  }
}
