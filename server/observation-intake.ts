import { RefusedInput } from "@openward/errors";
import type { AmendmentDraft, Association, Device, PatientView, Problem, Stream } from "@openward/model";

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

    accept: (message: {
      readonly organisationId: string;
      readonly deviceId: string;
      readonly format: string;
      readonly body: Uint8Array;
    }) => ingest.accept({ ...message, kind: "raw", receivedAt: now(), deliveryKey: null, isRedelivery: false }),
  };
}
