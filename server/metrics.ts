import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

interface Sources {
  readonly mqtt: () => { connections: number; waiting: number };
  readonly mllp: () => { connections: number; waiting: number };
  readonly live: () => { screens: number };
  readonly storage: () => "ok" | "damaged" | "low" | "recovering" | "spooling" | "full" | "failed";
  readonly disks: () => readonly { readonly name: string; readonly freeBytes: number | null }[];
  readonly archive: { readonly state: "off" | "ok" | "failing" | "damaged"; readonly damagedFiles: number };
  readonly damagedBlocks: () => number;
  readonly unsavedAlarms: () => number;
  readonly tails: () => { bytes: number; bytesMax: number; waitingBytes: number };
  readonly counted: { readonly accepted: number; readonly quarantined: number; readonly ignored: number };
}

/** Counts and times for Prometheus; nothing of a patient. */
export function createMetrics(sources: Sources): Registry {
  const { counted } = sources;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("openward_mqtt_connections", "Connected devices and gateways", () => sources.mqtt().connections);
  gauge("openward_mqtt_waiting", "Messages that wait for their commit", () => sources.mqtt().waiting);
  gauge("openward_mllp_connections", "Connected senders of HL7 v2", () => sources.mllp().connections);
  gauge("openward_mllp_waiting", "Messages of HL7 v2 that wait for their commit", () => sources.mllp().waiting);
  gauge("openward_live_screens", "Open live views", () => sources.live().screens);
  gauge("openward_alarms_unsaved", "Alarm records that are not durable yet", sources.unsavedAlarms);
  gauge(
    "openward_storage_state",
    "0 ok, 1 readings go to the local spool, 2 nothing can be made durable, 3 the disk fills up, 4 it is full: no acks, 5 stored rows are damaged, 6 the journal is being read after a start",
    () => ["ok", "spooling", "failed", "low", "full", "damaged", "recovering"].indexOf(sources.storage()),
  );
  gauge("openward_tail_bytes", "Memory of recent readings", () => sources.tails().bytes);
  gauge("openward_tail_bytes_max", "What recent readings may take", () => sources.tails().bytesMax);
  gauge(
    "openward_tail_waiting_bytes",
    "What waits unacknowledged until recent readings have room, by what it will take there",
    () => sources.tails().waitingBytes,
  );
  new Gauge({
    name: "openward_disk_free_bytes",
    help: "Room on the disks that are written to",
    labelNames: ["place"],
    registers: [registry],
    collect() {
      for (const { name, freeBytes } of sources.disks())
        if (freeBytes === null) this.remove({ place: name });
        else this.set({ place: name }, freeBytes);
    },
  });
  gauge("openward_archive_state", "0 off, 1 ok, 2 it does not answer or cannot be written, 3 a file is damaged", () =>
    ["off", "ok", "failing", "damaged"].indexOf(sources.archive.state),
  );
  gauge(
    "openward_archive_damaged_files",
    "Archive files that are missing or not what was written",
    () => sources.archive.damagedFiles,
  );
  gauge("openward_blocks_damaged", "Times that a block could not be read since the start", sources.damagedBlocks);
  // Counted in plain numbers on the way of a reading, and handed over when somebody asks.
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  counter(
    "openward_readings_accepted_total",
    "Readings, waveform pieces and events that are durable",
    () => counted.accepted,
  );
  counter("openward_quarantined_total", "Problems that sent input to quarantine", () => counted.quarantined);
  counter("openward_raw_ignored_total", "Parts of raw bytes that their codec did not take", () => counted.ignored);
  return registry;
}
