import { type Fhir, type FhirObject, isObject, parseResource, printFhir, type Resource } from "@openward/fhir/json";
import type { Change, StoredResource } from "@openward/fhir/store";
import type { Amendment, ReadingVersion } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { fhirTime } from "../resources/time.ts";
import { placesOf } from "./identity.ts";
import { keptOf } from "./observation.ts";
import { partsOf } from "./settle.ts";
import { TYPE, textsOf } from "./texts.ts";

const NOTHING = { terms: [], strings: [], spans: [], words: "" };

/**
 * Tells in the text what was said of its readings in a portal, as its next version: another value, that it was entered in
 * error, that it is another patient's, or that all this holds no more. Done again it changes nothing.
 */
export async function tellInText(context: RecordContext, id: string): Promise<void> {
  const { view, telemetry } = context;
  const stored = await textsOf(context).read(view.principal, TYPE, id);
  const places = (await placesOf(context, id)).filter(({ ordinal }) => ordinal !== null);
  if (!stored || places.length === 0) return;
  const states: State[] = [];
  for (const { streamId, from, ordinal } of places) {
    const last = (await telemetry.history(view, streamId, from, ordinal ?? 0))?.versions.at(-1);
    // It was never amended, or never came to be: nothing is said of it.
    if (!last) return;
    states.push({ streamId, from, last });
  }
  const amendment = states.map(({ last }) => last.amendment).find((one) => one !== null) ?? undefined;
  if (!amendment) return;
  const isError = states.every(({ last }) => last.status === "entered-in-error");
  const isOfAnother = isError && amendment.kind === "re-attributed";
  if (isOfAnother) return void (stored.content !== null && (await write(context, stored, null, amendment)));
  if (isError) {
    const now = stored.content === null ? undefined : parseResource(stored.content);
    if (now && now.status !== "entered-in-error")
      await write(context, stored, withNote({ ...now, status: "entered-in-error" }, amendment), amendment);
    return;
  }
  // As it was told when this was so, with everything else that its writer said then.
  const before = await saidBefore(context, stored, places, states);
  if (before.same) {
    if (printFhir(before.same) !== stored.content) await write(context, stored, before.same, amendment);
    return;
  }
  if (!before.newest) return;
  const parts = await partsOf(context, printFhir(before.newest), stored.patientIds, places);
  let told: Resource = { ...before.newest, status: "corrected" };
  for (const { streamId, from, last } of states) {
    const part = parts.find((one) => one.streamId === streamId && one.from === from);
    if (part && last.value !== null && last.value !== part.value) told = withValue(told, part.value, last.value);
  }
  await write(context, stored, withNote(told, amendment), amendment);
}

interface State {
  readonly streamId: string;
  readonly from: number;
  readonly last: ReadingVersion;
}

/** The newest version that was not in error, and the newest that says what its readings say now. */
async function saidBefore(
  context: RecordContext,
  stored: StoredResource,
  places: Parameters<typeof partsOf>[3],
  states: readonly State[],
): Promise<{ readonly newest: Resource | undefined; readonly same: Resource | undefined }> {
  let newest: Resource | undefined;
  for (let version = stored.version, content = stored.content; version > 0; version--) {
    if (version < stored.version)
      content = (await textsOf(context).version(context.view.principal, TYPE, stored.id, version))?.content ?? null;
    const resource = content === null ? undefined : parseResource(content);
    if (!resource || resource.status === "entered-in-error") continue;
    newest ??= resource;
    const parts = await partsOf(context, printFhir(resource), stored.patientIds, places);
    const isSame = states.every(({ streamId, from, last }) =>
      parts.some((part) => part.streamId === streamId && part.from === from && part.value === last.value),
    );
    if (isSame) return { newest, same: resource };
  }
  return { newest, same: undefined };
}

/** Who amended it, when and why, beside what its writer noted. */
function withNote(resource: Resource, { byDisplay, at, reason }: Amendment): Resource {
  const notes = Array.isArray(resource.note) ? resource.note : [];
  const note: Fhir = { authorString: byDisplay, time: fhirTime(at), text: reason };
  return { ...resource, note: [...notes, note] };
}

/** The value where it stands, in the resource or in a component: everything about it stays. */
function withValue(resource: Resource, before: number | undefined, value: number): Resource {
  const inOne = (one: FhirObject): FhirObject => {
    const { valueQuantity, valueInteger } = one;
    if (isObject(valueQuantity) && Number(valueQuantity.value) === before)
      return { ...one, valueQuantity: { ...valueQuantity, value } };
    return valueInteger !== undefined && Number(valueInteger) === before ? { ...one, valueInteger: value } : one;
  };
  const { component } = resource;
  if (!Array.isArray(component)) return inOne(resource) as Resource;
  return { ...resource, component: component.map((one) => (isObject(one) ? inOne(one) : one)) };
}

async function write(
  context: RecordContext,
  { id, version, patientIds }: StoredResource,
  resource: Resource | null,
  { by }: Amendment,
): Promise<void> {
  const change: Change = resource
    ? { type: TYPE, id, after: version, method: "PUT", ...keptOf(context, resource) }
    : { type: TYPE, id, after: version, method: "DELETE", content: null, patientIds, findable: NOTHING };
  await textsOf(context).write(context.view.principal, [change], by);
}
