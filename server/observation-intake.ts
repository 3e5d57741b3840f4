import { RefusedInput } from "@openward/errors";
import type { AmendmentDraft, Association, Device, PatientView, Problem, Stream } from "@openward/model";

const RAW = { kind: "raw", deliveryKey: null, isRedelivery: false } as const;
const FIRST = [0];

/** One reading, as columns of the codec are. */
interface Column {
  readonly signal: string;
  readonly unit: string;
  readonly utcOffsetMinutes: number | null;
  readonly times: number[];
  readonly values: number[];
  readonly items: number[];
}

interface Measured extends Pick<Column, "signal" | "unit" | "utcOffsetMinutes"> {
  readonly organisationId: string;
  readonly deviceId: string;
  /** ms UTC. */
  readonly time: number;
  /** In `unit`. */
  readonly value: number;
  /** The Observation that says it. */
  text(): string;
}

interface Deps {
  readonly directory: { associationAt(deviceId: string, at: number): Association | undefined };
  readonly devices: {
    find(
      asker: string,
      deviceId: string,
    ): Promise<{ readonly device: Device; readonly association: Association | null } | undefined>;
    create(
      organisationId: string,
      device: {
        readonly id: string;
        readonly type: string;
        readonly display: string;
        readonly manufacturer: null;
        readonly model: null;
        readonly serial: null;
      },
      by: string,
    ): Promise<unknown>;
    assign(organisationId: string, deviceId: string, patientId: string, from: number, by: string): Promise<unknown>;
  };
  readonly ingest: {
    accept(message: {
      readonly deviceId: string;
      readonly organisationId: string;
      readonly kind: "raw";
      readonly format: string;
      readonly body: Uint8Array;
      readonly receivedAt: number;
      readonly deliveryKey: null;
      readonly isRedelivery: false;
      readonly columns?: readonly Column[];
    }): Promise<{ readonly quarantined: readonly Problem[] }>;
  };
  readonly received: {
    written(organisationId: string, hash: Uint8Array): Promise<string | undefined>;
  };
  readonly amendments: {
    make(
      view: PatientView,
      draft: AmendmentDraft,
      author: { readonly id: string; readonly display: string },
    ): Promise<unknown>;
  };
  /** How ingest names streams. */
  readonly streamIdOf: (stream: Omit<Stream, "id">) => string;
  readonly now: () => number;
}

/** What another system knows of a patient may be from before they came here. */
const EARLIEST = Date.UTC(2000, 0, 1);

/** Introduces the record to ingest and the registry, for Observations that others write. */
export function createObservationIntake({ directory, devices, ingest, received, amendments, streamIdOf, now }: Deps) {
  return {
    ...received,
    streamIdOf,
    amend: amendments.make,

    wearerAt: (deviceId: string, at: number) => directory.associationAt(deviceId, at)?.patientId,

    async ensureDevice(wanted: {
      readonly organisationId: string;
      readonly deviceId: string;
      readonly display: string;
      readonly patientId: string;
      readonly by: string;
    }): Promise<void> {
      const { organisationId, deviceId, display, patientId, by } = wanted;
      const found = await devices.find(organisationId, deviceId);
      if (found?.association) return;
      // Somebody took it off the patient, or ended it: that is not undone by writing again.
      if (found)
        throw new RefusedInput("NOT_PERMITTED", {
          at: "device",
          expected: "a writer who was not taken off the patient",
        });
      const nothing = { manufacturer: null, model: null, serial: null };
      try {
        await devices.create(organisationId, { id: deviceId, type: "generic", display, ...nothing }, by);
        await devices.assign(organisationId, deviceId, patientId, EARLIEST, by);
      } catch (error) {
        // Two at once are the first: one of them makes it.
        if (!(error instanceof RefusedInput && error.code === "CONFLICT")) throw error;
        if (!(await devices.find(organisationId, deviceId))?.association) throw error;
      }
    },

    measured({ text, signal, unit, utcOffsetMinutes, time, value, ...device }: Measured) {
      const column = { signal, unit, utcOffsetMinutes, times: [time], values: [value], items: FIRST };
      return ingest.accept({
        ...RAW,
        ...device,
        format: "fhir/observation",
        receivedAt: now(),
        columns: [column],
        // Read by quarantine alone.
        get body() {
          return new TextEncoder().encode(text());
        },
      });
    },

    accept: (message: {
      readonly organisationId: string;
      readonly deviceId: string;
      readonly format: string;
      readonly body: Uint8Array;
    }) => ingest.accept({ ...RAW, ...message, receivedAt: now() }),
  };
}
