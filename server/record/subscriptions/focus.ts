import type { Resource } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { RecordContext } from "../context.ts";
import { happeningIn } from "../happenings/ids.ts";
import { readHappening } from "../happenings/read.ts";
import { within } from "../reach.ts";
import { readResource } from "../read.ts";
import { redactedResource } from "../redaction.ts";
import { readWritten } from "../written/read.ts";
import { isWrittenType } from "../written/types.ts";

/** What an event is about, as it would be read now. */
export type Focus = { readonly resource: Resource } | "gone" | undefined;

/**
 * As who asked would read it now.
 *
 * @param reference "Observation/1"
 * @returns undefined: it is not for them, or not there; "gone": it was deleted
 */
export async function readFocus(context: RecordContext, reference: string): Promise<Focus> {
  const [type = "", id = ""] = reference.split("/");
  const { role } = context.view.principal;
  try {
    const name = happeningIn(reference);
    const inner = within(context, type, "r", id);
    const resource = name
      ? await readHappening(inner, name)
      : isWrittenType(type)
        ? ((await readWritten(context, type, id)) as unknown as Resource)
        : await readResource(inner, type, id);
    return resource && { resource: redactedResource(resource, role) };
  } catch (error) {
    if (!(error instanceof RefusedInput)) throw error;
    if (error.code === "GONE") return "gone";
    if (error.code === "NOT_FOUND" || error.code === "NOT_PERMITTED") return undefined;
    throw error;
  }
}
