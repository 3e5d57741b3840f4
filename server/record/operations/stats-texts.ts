import type { Observation, ObservationComponent } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { FoundResource } from "@openward/fhir/store";
import { toBaseUnits } from "@openward/signals/units";
import { Distribution } from "@openward/timeseries";
import type { RecordContext } from "../context.ts";
import type { Interval } from "../search/intervals.ts";
import { type Token, tokenMatches } from "../search/token.ts";
import { reachOfTexts } from "../write/reach.ts";
import { TYPE, textsOf } from "../write/texts.ts";
import { resourceOf } from "../written/present.ts";
import { readQuery } from "../written/query.ts";
import { isReached } from "../written/reach.ts";

const AT_ONCE = 500;
const TEXTS_MAX = 10_000;
/** A value that was taken back, or never was one. */
const NO_VALUES: ReadonlySet<string> = new Set(["entered-in-error", "cancelled"]);

/** One value that somebody wrote and no stream has. */
export interface WrittenValue {
  readonly time: number;
  readonly value: number;
  readonly unit: string;
  /** Only that it is less, or more. */
  readonly isBound: boolean;
}

/**
 * What somebody wrote under a code and telemetry does not count.
 *
 * @param hasStreams whether there are readings under this code: they are counted already, and their texts are left out
 * @throws RefusedInput SEARCH_TOO_COSTLY
 */
export async function writtenValues(
  context: RecordContext,
  patientId: string,
  token: Token,
  span: Interval,
  hasStreams: boolean,
): Promise<readonly WrittenValue[]> {
  const { written, view } = context;
  if (!written || written.overlays.hasNone(patientId)) return [];
  const reach = reachOfTexts(context, "s");
  if (!reach || reach.whose.isWithoutPatients) return [];
  const { conditions } = readQuery({ ...context, strict: true }, TYPE, [
    ["patient", patientId],
    ["combo-code", tokenText(token)],
  ]);
  const inSpan = { kind: "spans" as const, anyOf: [{ key: "date", lowFrom: span.from, lowBelow: span.to }] };
  const values: WrittenValue[] = [];
  let after: FoundResource["place"] | undefined;
  for (let looked = 0; ; looked += AT_ONCE) {
    if (looked >= TEXTS_MAX)
      throw new RefusedInput("SEARCH_TOO_COSTLY", {
        at: "http.period",
        expected: `a period in which at most ${TEXTS_MAX} values were written that no device measured`,
      });
    const found = await textsOf(context).search(view.principal, {
      type: TYPE,
      conditions: [...conditions, inSpan, ...reach.conditions],
      sort: [{ by: "span", key: "date", isDescending: false }],
      limit: AT_ONCE,
      whose: reach.whose,
      withoutReadings: hasStreams,
      ...(after && { after }),
    });
    for (const stored of found) {
      await context.turn();
      if (!isReached(view, reach.whose, stored.patientIds)) continue;
      values.push(...valuesIn(resourceOf(stored) as unknown as Observation, token, Number(stored.place[0]))); // it was held against R4
    }
    if (found.length < AT_ONCE) return values;
    after = found.at(-1)?.place;
  }
}

function valuesIn(observation: Observation, token: Token, time: number): WrittenValue[] {
  if (NO_VALUES.has(observation.status)) return [];
  return [observation, ...(observation.component ?? [])].flatMap((one: Observation | ObservationComponent) => {
    if (!one.code?.coding?.some((coding) => tokenMatches(token, coding))) return [];
    const { value, code, unit = "1", comparator } = one.valueQuantity ?? {};
    if (value !== undefined)
      return [{ time, value: Number(value), unit: code ?? unit, isBound: comparator !== undefined }];
    return one.valueInteger === undefined ? [] : [{ time, value: Number(one.valueInteger), unit: "1", isBound: false }];
  });
}

const tokenText = ({ system, code = "" }: Token): string => {
  const of = (text: string) => text.replaceAll(/[\\,|$]/g, "\\$&");
  return system === undefined ? of(code) : `${of(system)}|${of(code)}`;
};

/** How these values are distributed in one unit, and how many are in none that converts to it, or say only less or more. */
export function distributionOf(
  values: readonly WrittenValue[],
  unit: string,
): { readonly distribution: Distribution; readonly leftOut: number } {
  const counted = values.flatMap(({ time, value, unit: own, isBound }) => {
    const converted = isBound ? undefined : inUnit(value, own, unit);
    return converted === undefined ? [] : [{ time, value: converted }];
  });
  const distribution = new Distribution();
  distribution.add(
    Float64Array.from(counted, ({ time }) => time),
    Float64Array.from(counted, ({ value }) => value),
  );
  return { distribution, leftOut: values.length - counted.length };
}

/** Every unit of UCUM is affine to those of its kind. */
function inUnit(value: number, from: string, to: string): number | undefined {
  if (from === to) return value;
  const [own, zero, one] = [toBaseUnits(value, from), toBaseUnits(0, to), toBaseUnits(1, to)];
  if (!own || !zero || !one || own.unit !== one.unit) return undefined;
  return Number(((own.value - zero.value) / (one.value - zero.value)).toPrecision(12));
}
