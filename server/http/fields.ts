import { RefusedInput } from "@openward/errors";
import { type ZodError, ZodObject, type ZodType, type z } from "zod";

/**
 * A value from outside in the form that a schema asks for. Fields that nobody knows are refused, not dropped: a
 * mistyped `birthDate` would otherwise pass as a patient without one.
 *
 * @param whole what to call the value as a whole where no field is at fault: "body", "query"
 * @throws RefusedInput BODY_SHAPE when the whole is of another kind, FIELD_INVALID naming the first field at fault
 */
export function parseFields<T extends ZodType>(schema: T, value: unknown, whole: string): z.output<T> {
  if (schema instanceof ZodObject && typeof value === "object" && value !== null && !Array.isArray(value)) {
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(schema.shape, key));
    if (unknown !== undefined) {
      throw new RefusedInput("FIELD_INVALID", {
        at: unknown.slice(0, 64),
        expected: `only ${Object.keys(schema.shape).join(", ")}`,
      });
    }
  }
  const result = schema.safeParse(value);
  if (!result.success) throw refusalOf(result.error, whole);
  return result.data;
}

/** The first thing that a schema finds wrong, as a refusal that names the field as its sender would. */
export function refusalOf(error: ZodError, whole: string): RefusedInput {
  const issue = error.issues[0];
  if (!issue) return new RefusedInput("BODY_SHAPE", { at: whole });
  const expected = issue.message
    .replace(/^(Invalid input|Invalid option|Invalid string|Too small|Too big): (expected )?/, "")
    .replace(/^Invalid (UUID|ISO date)$/, "a valid $1")
    .slice(0, 300);
  const isWhole = issue.path.length === 0 && issue.code === "invalid_type";
  return new RefusedInput(isWhole ? "BODY_SHAPE" : "FIELD_INVALID", { at: fieldName(issue.path) || whole, expected });
}

/** ["limits", 0, "low"] is `limits[0].low`. */
function fieldName(path: readonly PropertyKey[]): string {
  let name = "";
  for (const part of path) {
    if (typeof part === "number") name += `[${part}]`;
    else name += name === "" ? String(part) : `.${String(part)}`;
  }
  return name.slice(0, 200);
}
