import { RefusedInput } from "@openward/errors";

/** Opaque to clients. It says where the page before ended, not how many came before: new data moves nothing. */
type Part = string | number;

export function encodeCursor(parts: readonly Part[]): string {
  // JSON has no word for what lies beyond all numbers.
  const named = parts.map((part) => (typeof part === "number" && !Number.isFinite(part) ? String(part) : part));
  return Buffer.from(JSON.stringify(named)).toString("base64url");
}

/** @throws RefusedInput FIELD_INVALID when it is not a cursor that this server gave */
export function decodeCursor(text: string, shape: readonly ("string" | "number" | "any")[]): Part[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    throw notACursor();
  }
  if (!Array.isArray(parts) || parts.length < shape.length || parts.length > 8) throw notACursor();
  parts.forEach((part, i) => {
    const wanted = shape[i] ?? "any";
    const fits = wanted === "any" ? typeof part === "string" || typeof part === "number" : typeof part === wanted;
    if (!fits || (typeof part === "number" && !Number.isFinite(part))) throw notACursor();
  });
  return parts as Part[]; // every element has just been looked at
}

function notACursor(): RefusedInput {
  return new RefusedInput("FIELD_INVALID", { at: "http._cursor", expected: "the cursor of a next link" });
}
