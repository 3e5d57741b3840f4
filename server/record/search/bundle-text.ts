import type { Bundle } from "@medplum/fhirtypes";
import type { RecordContext } from "../context.ts";
import { redactedResource } from "../redaction.ts";
import type { Item } from "../sources/source.ts";
import { type SearchAnswer, searchBundle } from "./bundle.ts";

/** Of answers that were put together as text: what is sent. What stands in them as objects is the rest. */
const texts = new WeakMap<Bundle, string>();

/** What is sent for this answer as it stands; undefined: what is made of its objects. */
export const textOfAnswer = (answer: object): string | undefined => texts.get(answer as Bundle); // of any other there is none

/** An entry, before its place in the answer is known. */
export interface EntryText {
  readonly id: string;
  readonly json: string;
}

/** An Observation as it is told to who asks, as text. */
export function entryTextOf({ view }: RecordContext, item: Pick<Item, "map" | "text">): EntryText {
  // Nothing is withheld of what is plain: only notes of people are.
  const plain = item.text?.();
  if (plain) return plain;
  const told = redactedResource(item.map(), view.principal.role);
  return { id: told.id ?? "", json: JSON.stringify(told) };
}

/**
 * A searchset of which the matches are text: a page of a hundred as objects, and these as text again, took most of the time of
 * the search.
 *
 * @returns the Bundle without its matches; `textOfAnswer` has it whole
 */
export function searchBundleOfTexts(
  context: RecordContext,
  answer: Omit<SearchAnswer, "resources">,
  entries: readonly EntryText[],
): Bundle {
  const bundle = searchBundle(context, { ...answer, resources: [] });
  const { entry: others = [], ...head } = bundle;
  const start = `{"fullUrl":${JSON.stringify(`${context.base}/Observation/`).slice(0, -1)}`;
  const matches = entries.map(({ id, json }) => `${start}${id}","resource":${json},"search":{"mode":"match"}}`);
  const all = [...matches, ...others.map((one) => JSON.stringify(one))];
  const whole = JSON.stringify(head);
  texts.set(bundle, all.length === 0 ? whole : `${whole.slice(0, -1)},"entry":[${all.join(",")}]}`);
  return bundle;
}
