import type { CodeableConcept, Coding, Observation, Parameters, ParametersParameter } from "@medplum/fhirtypes";
import { RefusedInput } from "@openward/errors";
import type { Stream } from "@openward/model";
import { findSignal } from "@openward/signals";
import { checkUnit } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import type { StreamSummary } from "../ports.ts";
import { within } from "../reach.ts";
import { metaOf } from "../resources/meta.ts";
import { bloodPressureKind, observationKind } from "../resources/observation-kind.ts";
import { fhirTime } from "../resources/time.ts";
import { instantsOf, parseDates } from "../search/date.ts";
import { EARLIEST, type Interval } from "../search/intervals.ts";
import { timeZonesOf } from "../search/patient-zone.ts";
import { parseReferences } from "../search/reference.ts";
import { type Token, tokenMatches } from "../search/token.ts";
import { mergePage } from "../sources/merge.ts";
import { createReadingSource } from "../sources/readings.ts";
import { type Operation, type OperationRequest, positive, takeOne } from "./operation.ts";
import { componentsOf, isStatistic, statistics } from "./statistics.ts";
import { distributionOf, type WrittenValue, writtenValues } from "./stats-texts.ts";

const CODES_MAX = 50;
const SOURCES_DEFAULT = 100;
const SOURCES_MAX = 1_000;
const HOUR_MS = 3_600_000;

/** R4's Observation-stats: numbers over a span, from what is kept of whole days and from the readings of the rest. */
export const stats: Operation = {
  name: "stats",
  definition: "http://hl7.org/fhir/OperationDefinition/Observation-stats",
  types: ["Observation"],
  async answer(context, _place, request) {
    return {
      status: 200,
      resource: await answerOf(within(context, "Observation", "s"), askedOf(request, context.base)),
    };
  },
};

interface Asked {
  readonly patientId: string;
  readonly codes: readonly Token[];
  readonly statistics: readonly string[];
  readonly period: { readonly start: string | undefined; readonly end: string | undefined } | undefined;
  readonly durationMs: number | undefined;
  /** How many of the readings themselves; 0: none. */
  readonly sources: number;
}

async function answerOf(context: RecordContext, asked: Asked): Promise<Parameters> {
  const { view, telemetry } = context;
  const isSeen = view.has(asked.patientId);
  const streams = isSeen ? await telemetry.streams(view, asked.patientId) : [];
  const span = await spanOf(context, asked, isSeen);
  const parameter: ParametersParameter[] = [];
  for (const token of asked.codes) {
    const mine = streams.filter(({ stream }) => isOf(stream, token));
    parameter.push({ name: "statistics", resource: await statisticsOf(context, asked, token, mine, span) });
    if (asked.sources > 0)
      for (const source of await sourcesOf(context, asked, mine, span))
        parameter.push({ name: "source", resource: source });
  }
  return { resourceType: "Parameters", parameter };
}

const isOf = (stream: Stream, token: Token): boolean =>
  stream.kind === "numeric" &&
  (observationKind(stream).code.coding ?? []).some((coding) => tokenMatches(token, coding));

async function statisticsOf(
  context: RecordContext,
  asked: Asked,
  token: Token,
  streams: readonly StreamSummary[],
  span: Interval,
): Promise<Observation> {
  const { organisation, clock, telemetry, view } = context;
  const written = await writtenValues(context, asked.patientId, token, span, streams.length > 0);
  const unit = unitOf(
    streams.map(({ stream }) => stream),
    written,
  );
  const { distribution: all, leftOut } = distributionOf(written, unit);
  for (const { stream } of streams) {
    const { scale, offset } = conversionOf(stream, unit);
    all.merge((await telemetry.distribution(view, stream.id, span)).converted(scale, offset));
  }
  const notes =
    leftOut === 0 ? [] : [{ text: `Not counted: ${leftOut} written under this code, in other units or as bounds.` }];
  const inexact = all.error > 0 ? asked.statistics.filter((code) => statistics[code]?.isQuantile) : [];
  if (inexact.length > 0)
    notes.push({
      text: `${inexact.join(", ")}: within ${Number(all.error.toPrecision(3))} ${unit}. All others are exact.`,
    });
  const digits = streams.every(({ stream }) => stream.unit === unit) ? 15 : 12;
  const now = fhirTime(clock.now());
  return {
    resourceType: "Observation",
    meta: metaOf(organisation, { versionId: "1", lastUpdated: now }),
    status: "final",
    code: codeOf(token, streams),
    subject: { reference: `Patient/${asked.patientId}` },
    effectivePeriod: {
      ...(span.from > EARLIEST ? { start: fhirTime(span.from) } : {}),
      // The end of a period is in it.
      end: fhirTime(span.to - 1),
    },
    issued: now,
    ...(notes.length === 0 ? {} : { note: notes }),
    component: asked.statistics.flatMap((code) => componentsOf(code, all, unit, { from: span.from, digits })),
  };
}

/** As received where all streams agree, and the signal's own else; of what was only written, the first one's. */
function unitOf(streams: readonly Stream[], written: readonly WrittenValue[]): string {
  const [first, ...others] = streams;
  if (!first) return written.find(({ isBound }) => !isBound)?.unit ?? "1";
  const { units, signal } = observationKind(first);
  const isSame = others.every(({ unit }) => unit === first.unit) && (!units || units.includes(first.unit));
  return isSame ? first.unit : (signal?.ucum ?? first.unit);
}

function conversionOf({ signal: key, unit }: Stream, to: string): { scale: number; offset: number } {
  if (unit === to) return { scale: 1, offset: 0 };
  const signal = findSignal(key);
  const verdict = signal && checkUnit(signal, unit);
  if (!verdict?.ok || signal?.ucum !== to)
    throw new RefusedInput("UNIT_MISMATCH", {
      at: "code",
      expected: "values that are of one unit: ask by a narrower code",
    });
  return verdict.conversion;
}

/** Of a code that nothing was measured under what was asked stands there alone. */
function codeOf({ system, code }: Token, streams: readonly StreamSummary[]): CodeableConcept {
  const [first] = streams;
  const found = first && observationKind(first.stream).code;
  const same = found?.coding?.find((coding) =>
    tokenMatches({ ...(system === undefined ? {} : { system }), ...(code === undefined ? {} : { code }) }, coding),
  );
  if (same) return { coding: [same], ...(found?.text === undefined ? {} : { text: found.text }) };
  return { coding: [{ ...(system === undefined ? {} : { system }), ...(code === undefined ? {} : { code }) }] };
}

async function sourcesOf(context: RecordContext, asked: Asked, streams: readonly StreamSummary[], span: Interval) {
  if (streams.length === 0) return [];
  const source = createReadingSource(
    context,
    {
      patientId: asked.patientId,
      streamIds: streams.map(({ stream }) => stream.id),
      spans: [span],
      direction: "descending",
      batch: asked.sources + 1,
      bound: Number.POSITIVE_INFINITY,
    },
    undefined,
  );
  const { items } = await mergePage([source], "descending", asked.sources, Number.POSITIVE_INFINITY);
  const made: Observation[] = [];
  for (const item of items) {
    await context.turn();
    if (item.isSeen()) made.push(item.map());
  }
  return made.filter(({ status }) => status !== "entered-in-error");
}

/** Dates without a zone are the patient's, as in a search. */
async function spanOf(
  context: RecordContext,
  { patientId, period, durationMs }: Asked,
  isSeen: boolean,
): Promise<Interval> {
  const now = context.clock.now();
  if (durationMs !== undefined) return { from: now - durationMs, to: now + 1 };
  if (!period) return { from: EARLIEST, to: now + 1 };
  const at = "Parameters.parameter.where(name = 'period')";
  const bounds = Object.entries(period).flatMap(([name, value]) =>
    value === undefined ? [] : [parseDates({ value: `${name === "start" ? "ge" : "le"}${value}`, modifier: null, at })],
  );
  const needsZone = bounds.some((dates) => dates.some(({ offsetMinutes }) => offsetMinutes === null));
  const zones = await timeZonesOf(context, needsZone && isSeen, [patientId]);
  const instants = instantsOf(bounds, zones.get(patientId) ?? "UTC");
  const [first, last] = [instants[0], instants.at(-1)];
  if (!first || !last) throw new RefusedInput("FIELD_INVALID", { at, expected: "a start before the end" });
  return { from: first.from, to: Math.min(last.to, now + 1) };
}

const NAMES = ["subject", "code", "system", "coding", "duration", "period", "statistic", "include", "limit"];

function askedOf({ query, body }: OperationRequest, base: string): Asked {
  const texts: [string, string][] = [...query].filter(([name]) => name !== "_format" && name !== "_pretty");
  const codings: Coding[] = [];
  let period: Asked["period"];
  if (body !== undefined && body !== null) {
    const { resourceType, parameter } = body as Partial<Parameters>;
    if (resourceType !== "Parameters" || !Array.isArray(parameter))
      throw new RefusedInput("BODY_SHAPE", { at: "Parameters", expected: "Parameters" });
    for (const one of parameter as (ParametersParameter | null)[]) {
      const name = String(one?.name);
      if (one?.valueCoding) codings.push(one.valueCoding);
      else if (one?.valuePeriod) period = { start: one.valuePeriod.start, end: one.valuePeriod.end };
      else {
        const value = Object.entries(one ?? {}).find(([key]) => key.startsWith("value"))?.[1] as unknown;
        const reference = (value as { reference?: unknown } | undefined)?.reference;
        texts.push([name, String(reference ?? value)]);
      }
    }
  }
  const unknown = texts.find(([name]) => !NAMES.includes(name));
  if (unknown)
    throw new RefusedInput("PARAMETER_UNKNOWN", { at: `http.${unknown[0].slice(0, 64)}`, expected: NAMES.join(", ") });
  const all = (name: string) => texts.filter(([key]) => key === name).map(([, value]) => value);
  const subject = takeOne(texts, "subject");
  const [patientId, ...others] =
    subject === undefined
      ? []
      : parseReferences({ value: subject, modifier: null, at: "http.subject" }, "Patient", base);
  if (patientId === undefined || others.length > 0) throw wrong("subject", "one patient");
  const system = takeOne(texts, "system");
  const codes: Token[] = [
    ...all("code").map((code) => ({ ...(system === undefined ? {} : { system }), code })),
    ...codings.map(({ system: own, code }) => ({
      ...(own === undefined ? {} : { system: own }),
      ...(code === undefined ? {} : { code }),
    })),
  ];
  if (codes.length === 0 || codes.length > CODES_MAX || codes.some(({ code }) => code === undefined))
    throw wrong("code", `a code, at most ${CODES_MAX}`);
  if (codes.some((token) => bloodPressureKind.code.coding?.some((coding) => tokenMatches(token, coding))))
    throw wrong("code", "a code of what has one value: 8480-6, 8462-4 or 8478-0 of a blood pressure");
  const wanted = all("statistic").flatMap((value) => value.split(","));
  if (wanted.length === 0 || wanted.some((code) => !isStatistic(code)))
    throw wrong("statistic", `one of ${Object.keys(statistics).join(", ")}`);
  const duration = takeOne(texts, "duration");
  if (duration !== undefined && !(Number(duration) > 0 && Number(duration) < 1e6)) throw wrong("duration", "hours");
  if (duration !== undefined && period) throw wrong("duration", "either a duration or a period");
  const include = takeOne(texts, "include");
  if (include !== undefined && include !== "true" && include !== "false") throw wrong("include", "true or false");
  const limit = positive("limit", takeOne(texts, "limit"), SOURCES_MAX) ?? SOURCES_DEFAULT;
  return {
    patientId,
    codes,
    statistics: [...new Set(wanted)],
    period,
    durationMs: duration === undefined ? undefined : Number(duration) * HOUR_MS,
    sources: include === "true" ? limit : 0,
  };
}

const wrong = (name: string, expected: string) => new RefusedInput("FIELD_INVALID", { at: `http.${name}`, expected });
