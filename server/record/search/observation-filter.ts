import type { OperationOutcomeIssue } from "@medplum/fhirtypes";
import type { Stream } from "@openward/model";
import { WINDOW_MS } from "../observation-id.ts";
import { type BloodPressurePanel, componentCodes } from "../resources/blood-pressure.ts";
import { COINCIDENT_TIME } from "../resources/coincident-time.ts";
import { fhirDeviceId } from "../resources/device-id.ts";
import { GATEWAY_ID } from "../resources/gateway.ts";
import {
  bloodPressureKind,
  codeOfSignal,
  isPanelMember,
  type ObservationKind,
  observationKind,
  PANEL_MEMBERS,
  type SummaryKind,
} from "../resources/observation-kind.ts";
import { endOf, type Segment } from "../resources/sampled-data.ts";
import { type DateValue, instantsOf, parseDates, periodMatches } from "./date.ts";
import type { Interval } from "./intervals.ts";
import type { ParameterDefinition, Query } from "./query.ts";
import { idsOfAll, parseReferences } from "./reference.ts";
import { matchesTokens, parseTokens, type Token } from "./token.ts";

export const observationParameters: readonly ParameterDefinition[] = [
  { name: "_id", type: "token", documentation: "One or more ids" },
  { name: "patient", type: "reference", documentation: "Whose it is", modifiers: ["Patient"] },
  {
    name: "subject",
    type: "reference",
    documentation: "The same as patient; or the device of which a clock was compared",
    modifiers: ["Patient"],
  },
  { name: "code", type: "token", documentation: "What was measured: LOINC, 11073 (MDC) or our own code" },
  { name: "component-code", type: "token", documentation: "A component of a panel: 8480-6, 8462-4, 8478-0" },
  { name: "combo-code", type: "token", documentation: "code or component-code" },
  { name: "category", type: "token", documentation: "vital-signs, activity, laboratory, procedure, survey, therapy" },
  {
    name: "date",
    type: "date",
    documentation: "Prefixes eq ne gt lt ge le sa eb; without a zone, the patient's own time zone counts",
  },
  {
    name: "device",
    type: "reference",
    documentation: "The device that measured, or its metric",
    modifiers: ["Device", "DeviceMetric"],
  },
];

/** What a search wants, asked of streams first, so that nothing is read that cannot match. */
export interface ObservationFilter {
  /** undefined: every patient of the view. */
  readonly patientIds: ReadonlySet<string> | undefined;
  /** Some date has no zone, and means the patient's. */
  readonly needsTimeZone: boolean;
  acceptsStream(stream: Stream): boolean;
  acceptsPanel(panel: BloodPressurePanel): boolean;
  /** Times of readings that match. */
  instants(timeZone: string): readonly Interval[];
  /** Windows that can hold pieces that match. */
  windows(timeZone: string): Interval | undefined;
  acceptsPeriod(segment: Segment, timeZone: string): boolean;
  /** May what a device's clock showed be wanted at all? */
  readonly acceptsClocks: boolean;
  /** ... of this device. @param id of Device/{id} */
  acceptsClock(id: string): boolean;
  /** Of what sums up readings: whose it is was asked before. */
  acceptsSummary(kind: SummaryKind): boolean;
  /** ... and its days; `to` exclusive. */
  acceptsSpan(span: Interval, timeZone: string): boolean;
  readonly remarks: readonly OperationOutcomeIssue[];
}

export function observationFilter(query: Query, base: string): ObservationFilter {
  const patients = idsOfAll([...query.all("patient"), ...query.all("subject")], "Patient", base);
  const subjects = query.all("subject").map((occurrence) => new Set(parseReferences(occurrence, "Device", base)));
  const devices = query.all("device").map((occurrence) => ({
    ids: new Set(parseReferences(occurrence, "Device", base)),
    metrics: new Set(parseReferences(occurrence, "DeviceMetric", base)),
  }));
  const codes = query.all("code").map(parseTokens);
  const componentTokens = query.all("component-code").map(parseTokens);
  const comboTokens = query.all("combo-code").map(parseTokens);
  const categories = query.all("category").map(parseTokens);
  const dates: DateValue[][] = query.all("date").map(parseDates);

  const acceptsKind = ({ code, category }: ObservationKind, isPanel: boolean): boolean =>
    matchesTokens(codes, [code]) &&
    matchesTokens(categories, category ?? []) &&
    (isPanel || (componentTokens.length === 0 && matchesTokens(comboTokens, [code])));

  return {
    patientIds: patients,
    needsTimeZone: dates.some((values) => values.some(({ offsetMinutes }) => offsetMinutes === null)),
    acceptsStream: (stream) =>
      devices.every(({ ids, metrics }) => ids.has(fhirDeviceId(stream.deviceId)) || metrics.has(stream.id)) &&
      (isPanelMember(stream.signal)
        ? acceptsKind(bloodPressureKind, true)
        : acceptsKind(observationKind(stream), false)),
    acceptsPanel: (panel) => {
      const components = componentCodes(panel);
      return (
        matchesTokens(componentTokens, components) &&
        matchesTokens(comboTokens, [bloodPressureKind.code, ...components])
      );
    },
    instants: (timeZone) => instantsOf(dates, timeZone),
    windows: (timeZone) => windowsOf(instantsOf(dates, timeZone), dates),
    acceptsPeriod: (segment, timeZone) => periodMatches(dates, timeZone, segment.start, endOf(segment)),
    acceptsClocks:
      query.all("patient").length === 0 &&
      subjects.every(({ size }) => size > 0) &&
      devices.every(({ ids }) => ids.has(GATEWAY_ID)) &&
      matchesTokens(codes, [COINCIDENT_TIME.code]) &&
      matchesTokens(comboTokens, [COINCIDENT_TIME.code]) &&
      categories.length === 0 &&
      componentTokens.length === 0,
    acceptsClock: (id) => subjects.every((ids) => ids.has(id)),
    // It names no device: what it comes of may be several.
    acceptsSummary: ({ code, category, components }) =>
      devices.length === 0 &&
      matchesTokens(codes, [code]) &&
      matchesTokens(categories, category) &&
      matchesTokens(componentTokens, components) &&
      matchesTokens(comboTokens, [code, ...components]),
    acceptsSpan: ({ from, to }, timeZone) => periodMatches(dates, timeZone, from, to - 1),
    remarks: componentRemark(codes),
  };
}

/** A piece may match by its end: the windows reach one further back and on than the instants. */
function windowsOf(instants: readonly Interval[], dates: readonly (readonly DateValue[])[]): Interval | undefined {
  const first = instants[0];
  const last = instants.at(-1);
  if (first && last) return { from: first.from - WINDOW_MS, to: last.to + WINDOW_MS };
  // No instant matches, but a period may: "after t" and "before t" are both true of a piece that spans t.
  const edges = dates.flat().flatMap(({ from, to }) => [from, to]);
  if (edges.length === 0) return undefined;
  const zones = 14 * 3_600_000;
  return { from: Math.min(...edges) - zones - WINDOW_MS, to: Math.max(...edges) + zones + WINDOW_MS };
}

/** Somebody who asks for 8480-6 alone would otherwise wonder why there is nothing. */
function componentRemark(codes: readonly (readonly Token[])[]): OperationOutcomeIssue[] {
  const members = PANEL_MEMBERS.map((member) => codeOfSignal(member, "mm[Hg]"));
  if (!codes.some((tokens) => matchesTokens([tokens], members))) return [];
  return [
    {
      severity: "information",
      code: "informational",
      details: {
        text: "Cuff pressures are components of the panel 85354-9: search by component-code or combo-code.",
      },
      expression: ["http.code"],
    },
  ];
}
