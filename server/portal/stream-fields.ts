import { RefusedInput } from "@openward/errors";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Ids separated by commas, each once. @throws RefusedInput FIELD_INVALID naming the one at fault */
export function idList(text: string, field: string, most: number): string[] {
  const ids = text.split(",", most + 1);
  if (ids.length > most) throw new RefusedInput("FIELD_INVALID", { at: field, expected: `at most ${most} ids` });
  ids.forEach((id, i) => {
    if (!UUID.test(id)) throw new RefusedInput("FIELD_INVALID", { at: `${field}[${i}]`, expected: "a valid UUID" });
  });
  const unique = new Set(ids);
  if (unique.size < ids.length) throw new RefusedInput("FIELD_INVALID", { at: field, expected: "each id once" });
  return ids;
}

/** @throws RefusedInput FIELD_INVALID */
export function checkSpan({ from, to }: { from: number; to: number }, mostMs: number, told: string): void {
  if (!(from < to)) throw new RefusedInput("FIELD_INVALID", { at: "to", expected: "a time after `from`" });
  if (to - from > mostMs) {
    throw new RefusedInput("FIELD_INVALID", { at: "to", expected: `at most ${told} after \`from\`` });
  }
}

/** Where the next page begins: behind this reading. */
export interface Cursor {
  readonly streamId: string;
  readonly time: number;
  readonly ordinal: number;
}

export function cursorText({ streamId, time, ordinal }: Cursor): string {
  return Buffer.from(`${streamId} ${time} ${ordinal}`).toString("base64url");
}

/** @throws RefusedInput FIELD_INVALID where it is not the `next` of an answer about these streams */
export function parseCursor(text: string, streamIds: readonly string[]): Cursor {
  const [streamId = "", time = "", ordinal = "", ...rest] = Buffer.from(text, "base64url")
    .toString("latin1")
    .split(" ");
  const cursor = { streamId, time: Number(time), ordinal: Number(ordinal) };
  const isOurs =
    streamIds.includes(streamId) &&
    rest.length === 0 &&
    Number.isFinite(cursor.time) &&
    Number.isInteger(cursor.ordinal) &&
    cursorText(cursor) === text;
  if (!isOurs)
    throw new RefusedInput("FIELD_INVALID", { at: "after", expected: "the `next` of an answer to the same question" });
  return cursor;
}
