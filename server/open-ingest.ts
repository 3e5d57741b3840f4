import { gatewayReport } from "@openward/api";
import { keepClocks } from "./clock-keeping.ts";
import { keepFleet } from "./fleet/index.ts";
import type { Ground } from "./ground.ts";
import { createIngest, sentOf } from "./ingest/index.ts";
import type { Live } from "./live/index.ts";
import type { Storage } from "./open-storage.ts";
import type { OpenWatch } from "./open-watch.ts";
import { createQuarantineRuns, createReprocess, quarantinedRows } from "./reprocess/index.ts";
import { createSightings } from "./sightings.ts";
import { rowsBetween } from "./store/raw/index.ts";
import { refuseWhenFull } from "./store/space/index.ts";

export type OpenIngest = ReturnType<typeof openIngest>;

/**
 * The way of what devices send, who of them is here, and looking again at what came before.
 *
 * @param live asked when there is something to show, never before
 */
export function openIngest(
  { runtime, foundation, keys, recordedDevices, report, now, onStop }: Ground,
  { store, space, amendments, screened }: Storage,
  { watch, readingBack }: OpenWatch,
  live: () => Live,
) {
  const { directory } = foundation;
  const { worker } = foundation.database;
  const { journal, telemetry } = store;
  const counted = { accepted: 0, quarantined: 0, ignored: 0 };
  const ingest = createIngest({
    runtime,
    journal: refuseWhenFull(journal, space),
    watch: screened.feed(watch),
    directory: {
      ...directory,
      knowsStream: telemetry.knowsStream,
      addStream(stream) {
        telemetry.addStream(stream);
        // Screens that are open get a tile that has the new stream in it, a waveform above all.
        live().patientChanged(stream.patientId, stream.organisationId);
      },
    },
    deliveries: telemetry.deliveries,
    live: screened.feed(readingBack.live),
    report,
    onDecided: (state) => clocks.decided(state),
    onHeard: (deviceId, at) => sightings.saw(deviceId, at),
    onReceipt(receipt) {
      counted.accepted += receipt.accepted;
      counted.quarantined += receipt.quarantined.length;
      counted.ignored += receipt.ignored?.length ?? 0;
    },
  });
  const fleetKeeper = keepFleet({
    runtime,
    keeping: foundation.fleetKeeping,
    reportOf: (detail) => gatewayReport.safeParse(detail).data,
    report,
  });
  onStop(fleetKeeper.stop);
  const connected = new Set<string>();
  const twinned = new Set<string>();
  const sightings = createSightings(runtime.clock, telemetry.lastHeard());
  const connection =
    (via?: "mllp") =>
    (deviceId: string, organisationId: string, isConnected: boolean): void => {
      sightings.saw(deviceId);
      recordedDevices.connection(deviceId, organisationId, isConnected, via);
      fleetKeeper.connection(deviceId, organisationId, isConnected);
      if (isConnected) connected.add(deviceId);
      else connected.delete(deviceId);
      ingest.connection(deviceId, organisationId, isConnected);
    };
  const door = {
    accept: ingest.accept,
    connection: connection(),
    twin(deviceId: string, _organisationId: string, hasTwin: boolean) {
      if (hasTwin) twinned.add(deviceId);
      else twinned.delete(deviceId);
      watch.twin(deviceId, hasTwin, now());
    },
  };
  const mllpDoor = { ...door, connection: connection("mllp") };

  const { quarantine, reprocessing } = foundation;
  const reprocess = createReprocess({
    runtime,
    kept: (span) => rowsBetween(worker, keys, span),
    quarantined: (organisationId, ids) =>
      quarantinedRows(ids, (some) => foundation.quarantineRuns.entries(organisationId, some)),
    ingest: { rerunner: ingest.rerunner, take: ingest.take, sentOf },
    telemetry: telemetry.queries,
    records: {
      ...reprocessing,
      async claimed(organisationId, quarantineId, patientId, by, reason, runId) {
        const told = { patientId, reason, ...(runId === null ? {} : { runId }) };
        await quarantine.resolve(organisationId, quarantineId, "claimed", by, told);
      },
    },
    amendments: amendments.reprocessed,
    wearerAt: (deviceId, at) => directory.associationAt(deviceId, at)?.patientId,
  });

  const quarantineRuns = createQuarantineRuns({
    runtime,
    reprocess,
    runs: foundation.quarantineRuns,
    telemetry: telemetry.queries,
    amendments: amendments.reprocessed,
    report,
  });

  const clocks = keepClocks({
    timers: runtime.timers,
    learnt: ingest.clocksLearnt,
    save: foundation.clocks.save,
    reprocess,
    whole: () => telemetry.whole(),
    report,
  });
  onStop(clocks.stop);
  return { ingest, counted, connected, twinned, sightings, door, mllpDoor, reprocess, quarantineRuns, clocks };
}
