import type { CodeableConcept, Observation } from "@medplum/fhirtypes";
import type { Condition, FoundResource } from "@openward/fhir/store";
import type { RecordContext } from "../context.ts";
import { readObservationQuery } from "../search/observation-query.ts";
import type { Item } from "../sources/source.ts";
import { reachOfTexts } from "../write/reach.ts";
import { TYPE, textsOf } from "../write/texts.ts";
import { resourceOf } from "../written/present.ts";
import { readQuery } from "../written/query.ts";
import { isReached } from "../written/reach.ts";

/** What is asked for first: of most patients that is all that was written of the kind. */
const FIRST_TEXTS = 100;
/** Codes that only older texts have are looked for in so many rounds at most. */
const ROUNDS_MAX = 20;

/** An Observation that somebody wrote, and what it is of: "system|code", or "text|..." where there is none. */
export interface LastText {
  readonly item: Item;
  readonly codes: readonly string[];
}

/** What others wrote of a patient, from the newest on. */
export interface LastTexts {
  /** The first of them, newest first. */
  readonly newest: readonly LastText[];
  /** Behind `newest` there may be more. */
  readonly hasMore: boolean;
  /** With any of these codes, newest first, of all that was written. */
  withCodes(codes: ReadonlySet<string>, limit: number): Promise<readonly LastText[]>;
  /** Of what lies behind `newest`, at least the newest of each code that is not among these; undefined: too many to look at. */
  ofOtherCodes(codes: ReadonlySet<string>): Promise<readonly LastText[] | undefined>;
}

const NONE: LastTexts = {
  newest: [],
  hasMore: false,
  withCodes: async () => [],
  ofOtherCodes: async () => [],
};

/**
 * Texts that a `$lastn` has to look at, beside readings of devices.
 *
 * @param pairs the search that it is cut down to
 * @param timeZone of days in it
 */
export async function lastTexts(
  context: RecordContext,
  patientId: string,
  pairs: readonly (readonly [string, string])[],
  timeZone: string,
): Promise<LastTexts> {
  const { written, view } = context;
  if (!written || patientId === "" || written.overlays.hasNone(patientId)) return NONE;
  const reach = reachOfTexts(context, "s");
  if (!reach || reach.whose.isWithoutPatients) return NONE;
  const asked = pairs.filter(([name]) => !name.startsWith("_") || name === "_id");
  const query = await readObservationQuery({ ...context, strict: false }, asked);
  const conditions = [...query.all, ...query.datesIn(timeZone), ...reach.conditions];

  const search = async (more: readonly Condition[], limit: number, after?: FoundResource["place"]) => {
    const found = await textsOf(context).search(view.principal, {
      type: TYPE,
      conditions: [...conditions, ...more],
      sort: [{ by: "span", key: "date", isDescending: true }],
      limit,
      whose: reach.whose,
      ...(after && { after }),
    });
    const texts = found
      .filter(({ patientIds }) => isReached(view, reach.whose, patientIds))
      .map((stored): LastText => {
        const resource = resourceOf(stored) as unknown as Observation; // it was held against R4
        return {
          codes: codesOf(resource.code),
          item: {
            time: Number(stored.place[0]),
            key: [stored.place[1] ?? 0],
            weight: 1,
            map: () => resource,
            isSeen: () => isReached(view, reach.whose, stored.patientIds),
          },
        };
      });
    return { texts, end: found.at(-1)?.place, isWhole: found.length < limit };
  };
  const conditionsOf = (name: "code" | "code:not", codes: ReadonlySet<string>): readonly Condition[] => {
    const coded = [...codes].filter((code) => !code.startsWith("text|"));
    return coded.length === 0 ? [] : readQuery(context, TYPE, [[name, coded.map(escaped).join(",")]]).conditions;
  };

  const first = await search([], FIRST_TEXTS);
  return {
    newest: first.texts,
    hasMore: !first.isWhole,
    async withCodes(codes, limit) {
      const more = conditionsOf("code", codes);
      return more.length === 0 ? [] : (await search(more, limit)).texts;
    },
    async ofOtherCodes(codes) {
      const all: LastText[] = [];
      const known = new Set(codes);
      let { end } = first;
      for (let round = 0; round < ROUNDS_MAX; round++) {
        const next = await search(conditionsOf("code:not", known), FIRST_TEXTS, end);
        all.push(...next.texts);
        for (const code of next.texts.flatMap((text) => text.codes)) known.add(code);
        if (next.isWhole) return all;
        end = next.end;
      }
      return undefined;
    },
  };
}

/** Each by itself: R4 calls all codings of one concept translations of one another. */
export const codesOf = ({ coding = [], text }: CodeableConcept = {}): string[] =>
  coding.length > 0 ? coding.map(({ system = "", code = "" }) => `${system}|${code}`) : [`text|${text}`];

/** A token with its system, as a search reads it. */
function escaped(code: string): string {
  const at = code.lastIndexOf("|");
  const of = (text: string) => text.replaceAll(/[\\,|$]/g, "\\$&");
  return `${of(code.slice(0, at))}|${of(code.slice(at + 1))}`;
}
