import { createHash } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import type { StoredResource } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { searchObservations } from "../search/observation.ts";
import { observationReach, reachOfTexts } from "./reach.ts";
import { standingOf } from "./texts.ts";

/**
 * The one Observation that a search finds, written or measured.
 *
 * @param interaction what will be done with it: who may not do it is told nothing of what there is
 * @throws RefusedInput SEVERAL_MATCH, NOT_PERMITTED, FIELD_INVALID
 */
export async function onlyObservation(
  context: RecordContext,
  search: string,
  at: string,
  interaction: "c" | "u" | "d",
): Promise<StoredResource | undefined> {
  const reach = observationReach(context, interaction);
  const pairs = [...new URLSearchParams(search.replace(/^[^?]*\?/, ""))];
  // With nothing asked, everything would match.
  if (pairs.length === 0) throw new RefusedInput("FIELD_INVALID", { at, expected: "search parameters" });
  const bundle = await searchObservations({ ...context, strict: true }, [...pairs, ["_count", "2"]]);
  const found = (bundle.entry ?? []).flatMap(({ resource, search: how }) =>
    resource && how?.mode === "match" ? [resource.id ?? ""] : [],
  );
  if (found.length > 1) throw new RefusedInput("SEVERAL_MATCH", { at });
  const id = found[0] ?? (await writtenBefore(context, pairs));
  if (id === undefined) return undefined;
  try {
    // What is answered is what may be read.
    const told = interaction === "c" ? (reachOfTexts(context, "r") ?? reach) : reach;
    return (await standingOf(context, told, id)).stored;
  } catch (error) {
    // It is there, and not for who asks: to write it again would be wrong, and to show it too.
    if (error instanceof RefusedInput && error.code === "NOT_FOUND")
      throw new RefusedInput("CONFLICT", { at, expected: "the name of what you may read" });
    throw error;
  }
}

/** What was written before its text was kept has no identifier of its own: a hash of it was kept. */
async function writtenBefore(
  { intake, organisation }: RecordContext,
  pairs: readonly (readonly [string, string])[],
): Promise<string | undefined> {
  const [pair] = pairs;
  const cut = pair?.[1].indexOf("|") ?? -1;
  if (!pair || pairs.length > 1 || pair[0] !== "identifier" || cut < 1) return undefined;
  const name = JSON.stringify([organisation.id, pair[1].slice(0, cut), pair[1].slice(cut + 1)]);
  return intake?.written(organisation.id, createHash("sha256").update(name).digest());
}
