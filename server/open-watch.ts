import type { Alarm, Standby, Stream } from "@openward/model";
import type { ClockTrack } from "@openward/timeseries/clocks";
import { createForgetting } from "./forget.ts";
import type { Ground } from "./ground.ts";
import type { Live } from "./live/index.ts";
import type { OpenIngest } from "./open-ingest.ts";
import type { Storage } from "./open-storage.ts";
import { createReadingBack } from "./reading-back.ts";
import { eraseRows } from "./store/keys/index.ts";
import { createWatch } from "./watch/index.ts";

export type OpenWatch = ReturnType<typeof openWatch>;

/**
 * The watch, which is not started yet, and what screens show until everything is read back.
 *
 * @param live asked when there is something to show, never before
 */
export function openWatch({ runtime, foundation, report, now }: Ground, storage: Storage, live: () => Live) {
  const { directory } = foundation;
  const { amendments } = storage;
  const { journal, telemetry } = storage.store;
  const screens = {
    alarm: (alarm: Alarm) => live().alarm(amendments.screenAlarm(alarm)),
    standby: (standby: Standby, signal: string | null) => live().standby(standby, signal),
  };
  const watch = createWatch({
    runtime,
    journal,
    screens,
    patients: directory,
    devices: directory,
    memory: {
      ...foundation.watchMemory,
      lastHeard: telemetry.lastHeard,
      recent: (id, from, windowMs) => amendments.screenRecent(id, telemetry.recent(id, from, windowMs)),
    },
    report,
  });

  const readingBack = createReadingBack({
    startedAt: now(),
    memory: telemetry,
    whole: amendments.telemetry,
    live: {
      readings: (readings) => live().readings(readings),
      waveform: (waveform) => live().waveform(waveform),
    },
  });
  return { watch, readingBack };
}

/** Looking again at what is done is cheap; a server that was away for longer is looked after by people. */
const LATELY_MS = 86_400_000;

/** Tells watch and screens of every change, takes up what was known before the last stop, and begins to watch. */
export async function startWatch(
  { runtime, foundation, keys, access, report, now, onStop }: Ground,
  rooms: { readonly opened: Storage; readonly watching: OpenWatch; readonly intake: OpenIngest; readonly live: Live },
): Promise<void> {
  const { live } = rooms;
  const { watch, readingBack } = rooms.watching;
  const { ingest, clocks, sightings } = rooms.intake;
  const { store, space, faults, storage, amendments, screened } = rooms.opened;
  const { telemetry, journal } = store;
  const { directory, database } = foundation;
  const { worker } = database;
  const forgetting = createForgetting({
    refresh: keys.refresh,
    watch,
    telemetry: {
      ...telemetry,
      forget(patientId) {
        amendments.forget(patientId);
        return telemetry.forget(patientId);
      },
    },
    eraseRows: (erased, streamIds) => eraseRows(worker, erased, streamIds, now()),
    timers: runtime.timers,
    report,
  });
  onStop(forgetting.stop);
  const following = screened.follow({ watch, live, timers: runtime.timers, report });
  onStop(following.stop);
  directory.on((change) => {
    if (change.kind === "amendment") following.look();
    // Of any grant: changes were not heard for a while, and one of them may have been an erasure.
    if (change.kind === "patient" || (change.kind === "grant" && change.organisationId === null)) forgetting.look();
    if (change.kind === "patient") watch.patientChanged(change.patientId);
    if (change.kind === "association") watch.associationChanged(change.deviceId);
    if (change.kind === "patient" || change.kind === "association")
      live.patientChanged(change.patientId, change.organisationId);
  });
  access.onEnded(live.ended);
  access.onSeen((organisationId, patientIds) => {
    for (const patientId of patientIds) live.patientChanged(patientId, organisationId);
  });
  const tellStorage = () => live.storageState(storage());
  journal.onStateChange(tellStorage);
  space.onChange(tellStorage);
  faults.onChange(tellStorage);
  tellStorage();

  for (const told of await foundation.watchMemory.deviceClocks()) ingest.clockTold(told);
  await watch.start();
  const knownClocks = await foundation.clocks.known<ClockTrack>();
  ingest.clocksKnown(knownClocks);
  // What was decided shortly before the last stop may not have been looked at again.
  const lately = now() - LATELY_MS;
  for (const { states } of knownClocks) for (const state of states) if (state.decidedAt > lately) clocks.decided(state);
  const whenWhole = () => {
    watch.recovered();
    const heard = telemetry.lastHeard();
    sightings.recall(heard);
    readingBack.end();
    for (const { patientId, organisationId } of patientsOf(heard)) live.patientChanged(patientId, organisationId);
    tellStorage();
  };
  // Rejects when the server stops before: then nobody needs to hear of it.
  telemetry
    .whole()
    .then(whenWhole, () => {})
    .catch((error: unknown) => report(error, "looking at what was read back"));
  onStop(() => watch.stop());
}

/** Once each. */
function patientsOf(heard: readonly { readonly stream: Stream }[]): Iterable<Stream> {
  return new Map(heard.map(({ stream }) => [stream.patientId, stream])).values();
}
