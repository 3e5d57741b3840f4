import type { Resource } from "@medplum/fhirtypes";
import type { RecordContext } from "../context.ts";
import { glucoseOf } from "../glucose/source.ts";
import { mapAuditEvent } from "../resources/audit-event.ts";
import { mapConsent } from "../resources/consent.ts";
import { mapPart, partsOf, specializationOf } from "../resources/containment.ts";
import { mapDevice } from "../resources/device.ts";
import { mapStream } from "../resources/device-metric.ts";
import { mapUse } from "../resources/device-use.ts";
import { mapGateway } from "../resources/gateway.ts";
import { isPanelMember } from "../resources/observation-kind.ts";
import { mapPatient } from "../resources/patient.ts";
import { mapProvenance } from "../resources/provenance.ts";
import { ALWAYS, EARLIEST } from "../search/intervals.ts";
import { createPanelSource } from "../sources/panels.ts";
import { createReadingSource } from "../sources/readings.ts";
import type { Source } from "../sources/source.ts";
import { createWaveformSource } from "../sources/waveforms.ts";
import { textIfAny } from "../written/read.ts";

/** Resources of one type, made while they are read. */
export interface Part {
  readonly type: string;
  resources(): AsyncGenerator<Resource>;
}

/** What one question about everything is answered from. */
export type EverythingContext = RecordContext;

const READINGS_AT_ONCE = 1_000;
const AUDIT_AT_ONCE = 500;
/** How far the newest time that a stream says it has may lag behind what it has. */
const LAST_AT_SLACK_MS = 600_000;

/**
 * Everything that FHIR has words for about one patient, type by type, as it is read today: with amendments, and with what
 * was entered in error, without its value. Nothing is kept but the piece that is being read.
 *
 * @param context its view is of this patient
 */
export function everythingOf(context: EverythingContext, patientId: string): Part[] {
  const { view, telemetry, organisation, devices, uses, patients, typeOf } = context;
  const streams = () => telemetry.streams(view, patientId);
  return [
    {
      type: "Patient",
      async *resources() {
        const record = await patients.find(view.principal, patientId);
        const made = record && mapPatient(record.patient, organisation, view.recordsOf(patientId).slice(1));
        // As it was written, where it was.
        if (made) yield (await textIfAny(context, "Patient", patientId)) ?? made;
      },
    },
    {
      type: "Device",
      async *resources() {
        const measured = new Set((await streams()).map(({ stream }) => stream.deviceId));
        if ([...measured].some((id) => specializationOf(typeOf(id)))) yield mapGateway(organisation);
        for (const record of await devices.list(view.principal)) {
          const isWorn = record.association !== null && view.has(record.association.patientId);
          if (!isWorn && !measured.has(record.device.id)) continue;
          const whole = mapDevice(record, organisation, view);
          yield whole;
          for (const part of partsOf(record.device.id, record.device.type)) yield mapPart(part, whole);
        }
      },
    },
    {
      type: "DeviceMetric",
      async *resources() {
        for (const { stream } of await streams()) yield mapStream(stream, organisation, typeOf(stream.deviceId));
      },
    },
    {
      type: "DeviceUseStatement",
      async *resources() {
        for (const use of await uses.ofPatients(view.principal, view.recordsOf(patientId)))
          yield mapUse(use, organisation);
      },
    },
    {
      type: "Observation",
      async *resources() {
        for (const source of await sourcesOf(context, patientId, await streams())) {
          for (let item = await source.next(); item; item = await source.next()) yield item.map();
        }
      },
    },
    {
      type: "Consent",
      async *resources() {
        for (const consent of await context.consents.ofPatients(view.principal, view.recordsOf(patientId)))
          yield mapConsent(consent, organisation);
      },
    },
    {
      type: "Provenance",
      async *resources() {
        for (const record of context.amendments.ofPatient(view, patientId))
          yield mapProvenance(record, view, organisation);
      },
    },
    {
      type: "AuditEvent",
      async *resources() {
        const patientIds = view.recordsOf(patientId);
        for (let before: string | undefined; ; ) {
          const page = await context.audit.search(organisation.id, { patientIds, before, limit: AUDIT_AT_ONCE });
          for (const record of page) {
            // One answer may have shown several: of the others nothing is told here.
            const own = { ...record, patients: record.patients.filter((id) => view.has(id)) };
            yield mapAuditEvent(
              isOfAnother(record.entityId, record.patients, own.patients) ? without(own) : own,
              organisation,
            );
          }
          if (page.length < AUDIT_AT_ONCE) return;
          before = page.at(-1)?.id;
        }
      },
    },
  ];
}

const isOfAnother = (entityId: string | undefined, all: readonly string[], own: readonly string[]): boolean =>
  entityId !== undefined && all.includes(entityId) && !own.includes(entityId);

function without<T extends { readonly entityId?: string | undefined }>({
  entityId: _,
  ...rest
}: T): Omit<T, "entityId"> {
  return rest;
}

type Summaries = Awaited<ReturnType<RecordContext["telemetry"]["streams"]>>;

/** One stream of readings after the other, then blood pressure panels, then one waveform after the other; then what glucose comes to. */
async function sourcesOf(context: RecordContext, patientId: string, summaries: Summaries): Promise<Source[]> {
  const numeric = summaries.filter(({ stream }) => stream.kind === "numeric");
  const of = (streams: Summaries) => ({
    patientId,
    streamIds: streams.map(({ stream }) => stream.id),
    spans: ALWAYS,
    direction: "ascending" as const,
    batch: READINGS_AT_ONCE,
    bound: Number.NEGATIVE_INFINITY,
  });
  const single = numeric.filter(({ stream }) => !isPanelMember(stream.signal));
  const panels = numeric.filter(({ stream }) => isPanelMember(stream.signal));
  return [
    // Each by itself: a page of many dense streams decodes an hour of each, and takes some minutes of it.
    ...single.map((each) => createReadingSource(context, of([each]), undefined)),
    ...(panels.length > 0 ? [createPanelSource(context, of(panels), undefined, () => true)] : []),
    ...summaries.flatMap(({ stream, lastAt }) => {
      if (stream.kind !== "waveform") return [];
      const span = { from: EARLIEST, to: (lastAt ?? context.clock.now()) + LAST_AT_SLACK_MS };
      const options = { stream, span, direction: "ascending" as const, bound: Number.NEGATIVE_INFINITY };
      return [createWaveformSource(context, { ...options, accepts: () => true }, undefined)];
    }),
    ...(await glucoseOf(context, patientId, summaries, ALWAYS, undefined)),
  ];
}
