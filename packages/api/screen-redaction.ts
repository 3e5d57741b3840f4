import { type KioskShows, type PrincipalRole, withheldFrom } from "@openward/model";
import type { z } from "zod";
import { type LiveMessage, liveMessage, type Tile } from "./live.ts";
import { redacted } from "./redaction.ts";

/** Messages that say more than what was measured. */
const SAYS_MORE = /^\{"type":"(?:snapshot|patient|alarm|standby)"/;

/**
 * What this role is shown of a message of /live; undefined: all of it.
 *
 * @param shows what stands in the place of a name on a screen that anybody can read
 */
export function screenRedactor(role: PrincipalRole, shows?: KioskShows): ((text: string) => string) | undefined {
  if (withheldFrom(role).size === 0) return undefined;
  return (text) => {
    if (!SAYS_MORE.test(text)) return text;
    const message = JSON.parse(text) as LiveMessage; // our own, on its way out
    const told = redacted(schemaOf(message), message, role);
    return JSON.stringify(shows === "initials" ? withInitials(told, message) : told);
  };
}

/** By its type alone: what is otherwise not as the schema has it is withheld all the same. */
function schemaOf({ type }: LiveMessage): z.ZodType {
  return liveMessage.options.find(({ shape }) => shape.type.value === type) ?? liveMessage;
}

/** "Hansen, Kari" is "H. K.": enough to tell two beds apart for who knows them. */
export function initialsOf(name: string): string {
  const words = name.match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}'’]*/gu) ?? [];
  return words.map((word) => `${[...word][0]?.toUpperCase()}.`).join(" ");
}

function withInitials(told: LiveMessage, before: LiveMessage): LiveMessage {
  if (told.type === "snapshot" && before.type === "snapshot")
    return { ...told, tiles: told.tiles.map((tile, i) => named(tile, before.tiles[i])) };
  if (told.type === "patient" && before.type === "patient" && told.tile)
    return { ...told, tile: named(told.tile, before.tile) };
  return told;
}

function named(tile: Tile, before: Tile | null | undefined): Tile {
  if (!before) return tile;
  return { ...tile, patient: { ...tile.patient, name: initialsOf(before.patient.name) } };
}
