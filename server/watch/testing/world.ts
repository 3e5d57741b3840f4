import { OutsideTrouble } from "@openward/errors";
import type {
  AgeGroup,
  Alarm,
  Association,
  DeviceEvent,
  JournalEntry,
  Limits,
  PatientView,
  Readings,
  Standby,
  Stream,
} from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { createWatch, type NewLimits, type Watch } from "../index.ts";
import type { ChosenProfile } from "../ports.ts";

export const ORGANISATION = "11111111-1111-4111-8111-111111111111";
export const START = Date.UTC(2026, 10, 22, 6);

export interface World {
  readonly runtime: ManualRuntime;
  /** Replaced by `restart`. */
  watch: Watch;
  readonly patients: Map<string, { isAdmitted: boolean; ageGroup: AgeGroup | null }>;
  readonly associations: Map<string, Association>;
  /** Of each gateway. */
  readonly inCharge: Map<string, ReadonlySet<string>>;
  readonly deviceTypes: Map<string, string>;
  readonly journal: JournalEntry[];
  /** What devices told of their clocks, as it is in the database. */
  readonly clocks: Map<string, { deviceId: string; clock: number; receivedAt: number }>;
  /** What ingest made durable and acknowledged. */
  readonly events: DeviceEvent[];
  /** Every revision that screens were shown, in order. */
  readonly shown: Alarm[];
  readonly standbys: Standby[];
  readonly reports: unknown[];
  journalDown: boolean;
  databaseDown: boolean;
  view: PatientView;
  put(deviceId: string, patientId: string, type?: string): Association;
  take(deviceId: string): void;
  /** A reading as ingest hands it over, at its device time (default: now). */
  read(signal: string, value: number, more?: { deviceId?: string; time?: number; unit?: string }): void;
  readBatch(signal: string, times: readonly number[], values: readonly number[], deviceId?: string): Readings;
  stream(signal: string, deviceId?: string, unit?: string): Stream;
  set(limits: Partial<NewLimits> & { signal: string }, patientId?: string): Promise<void>;
  open(rule?: string): Alarm[];
  /** Stops without a word, as a crash does, and starts again from what is in the journal. */
  restart(): Promise<void>;
  /** The same, but what streams said before is not known until `readBack`. */
  restartUnread(): Promise<void>;
  readBack(): void;
  /** Lets promises settle. */
  settle(): Promise<void>;
}

export const PATIENT = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
export const OTHER = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";

export async function world(ageGroup: AgeGroup | null = "adult", type = "bedside-monitor"): Promise<World> {
  const runtime = manualRuntime(START);
  const saved = new Map<string, { profile: ChosenProfile; limits: Map<string, Limits> }>();
  const heard = new Map<string, { stream: Stream; receivedAt: number }>();
  const spoken = new Map<string, { time: number; value: number; receivedAt: number }[]>();
  let made = 0;
  let run = 0;
  let isRead = true;

  const self: World = {
    runtime,
    watch: undefined as never,
    patients: new Map([
      [PATIENT, { isAdmitted: true, ageGroup }],
      [OTHER, { isAdmitted: true, ageGroup: "adult" as const }],
    ]),
    associations: new Map(),
    deviceTypes: new Map(),
    inCharge: new Map(),
    journal: [],
    events: [],
    clocks: new Map(),
    shown: [],
    standbys: [],
    reports: [],
    journalDown: false,
    databaseDown: false,
    view: viewOf("nurse-1"),
    put(deviceId, patientId, deviceType = type) {
      const association = {
        id: `association-${++made}`,
        organisationId: ORGANISATION,
        deviceId,
        patientId,
        from: runtime.clock.now() - 1_000,
        to: null,
      };
      self.associations.set(deviceId, association);
      self.deviceTypes.set(deviceId, deviceType);
      self.watch?.associationChanged(deviceId);
      return association;
    },
    take(deviceId) {
      self.associations.delete(deviceId);
      self.watch.associationChanged(deviceId);
    },
    stream(signal, deviceId = "mon", unit = UNITS[signal] ?? "/min") {
      const patientId = self.associations.get(deviceId)?.patientId ?? PATIENT;
      const kind = signal.startsWith("ecg") ? "waveform" : "numeric";
      const id = `${patientId} ${deviceId} ${signal} ${unit}`;
      return { id, organisationId: ORGANISATION, patientId, deviceId, signal, kind, unit };
    },
    read(signal, value, { deviceId = "mon", time = runtime.clock.now(), unit } = {}) {
      deliver(batch(self.stream(signal, deviceId, unit), [time], [value]));
    },
    readBatch(signal, times, values, deviceId = "mon") {
      return deliver(batch(self.stream(signal, deviceId), times, values));
    },
    async set(limits, patientId = PATIENT) {
      await self.watch.setLimits(self.view, patientId, [{ ...NO_LIMITS, ...limits }]);
    },
    open: (rule) => self.watch.active(self.view).filter((alarm) => rule === undefined || alarm.rule === rule),
    async restart() {
      self.watch = make();
      await self.watch.start();
    },
    restartUnread() {
      isRead = false;
      return self.restart();
    },
    readBack() {
      isRead = true;
      self.watch.recovered();
    },
    async settle() {
      for (let i = 0; i < 20; i++) await Promise.resolve();
    },
  };

  function batch(stream: Stream, times: readonly number[], values: readonly number[]): Readings {
    return {
      stream,
      associationId: self.associations.get(stream.deviceId)?.id ?? "none",
      times: Float64Array.from(times),
      values: Float64Array.from(values),
      quality: new Uint8Array(times.length),
      utcOffsetMinutes: null,
      receivedAt: runtime.clock.now(),
    };
  }

  function deliver(readings: Readings): Readings {
    const { stream, times, values, receivedAt } = readings;
    const rows = spoken.get(stream.id) ?? [];
    spoken.set(stream.id, rows);
    times.forEach((time, i) => void rows.push({ time, value: values[i] as number, receivedAt }));
    heard.set(readings.stream.id, { stream: readings.stream, receivedAt: readings.receivedAt });
    self.watch.readings(readings);
    return readings;
  }

  function latest<T>(pick: (entry: JournalEntry) => { id: string; value: T } | undefined): T[] {
    const found = new Map<string, T>();
    for (const entry of self.journal) {
      const picked = pick(entry);
      if (picked) found.set(picked.id, picked.value);
    }
    return [...found.values()];
  }

  function make(): Watch {
    // A process that has crashed shows and writes nothing more, whatever its timers would.
    const mine = ++run;
    return createWatch({
      runtime,
      journal: {
        async append(entries) {
          if (self.journalDown || mine !== run) throw new OutsideTrouble("STORE_UNAVAILABLE", true);
          self.journal.push(...entries);
        },
      },
      screens: {
        alarm: (alarm) => void (mine === run && self.shown.push(alarm)),
        standby: (standby) => void (mine === run && self.standbys.push(standby)),
      },
      patients: {
        watched(patientId) {
          const patient = self.patients.get(patientId);
          return patient && { patientId, organisationId: ORGANISATION, ...patient };
        },
      },
      devices: {
        deviceType: (deviceId) => self.deviceTypes.get(deviceId),
        currentAssociation: (deviceId) => self.associations.get(deviceId),
        runningAssociations: () => self.associations.values(),
        inCharge: (gatewayId) => self.inCharge.get(gatewayId) ?? new Set(),
      },
      memory: {
        openAlarms: async () =>
          latest((e) => (e.kind === "alarm" ? { id: e.alarm.id, value: e.alarm } : undefined)).filter(
            (alarm) => alarm.state !== "resolved",
          ),
        resolvedAlarms: async () =>
          latest((e) => (e.kind === "alarm" ? { id: e.alarm.id, value: e.alarm } : undefined)).filter(
            (alarm) => alarm.state === "resolved",
          ),
        recentEvents: async (kinds, since) =>
          self.events.filter(({ event, receivedAt }) => kinds.includes(event) && receivedAt >= since),
        runningStandby: async () =>
          latest((e) => (e.kind === "standby" ? { id: e.standby.id, value: e.standby } : undefined)).filter(
            (standby) => standby.endedAt === null,
          ),
        expectations: async () =>
          latest((e) => (e.kind === "expectation" ? { id: e.expectation.streamId, value: e.expectation } : undefined)),
        limits: async () =>
          [...saved].map(([patientId, { profile, limits }]) => ({ patientId, profile, limits: [...limits.values()] })),
        async saveLimits(_organisationId, patientId, profile, limits) {
          if (self.databaseDown) throw new OutsideTrouble("DATABASE_UNREACHABLE", true);
          const entry = saved.get(patientId) ?? { profile, limits: new Map<string, Limits>() };
          entry.profile = profile;
          for (const l of limits) entry.limits.set(l.signal, l);
          saved.set(patientId, entry);
        },
        deviceClocks: async () => [...self.clocks.values()],
        recent(streamId, from, windowMs) {
          const rows = (spoken.get(streamId) ?? []).filter(({ time }) => time >= from);
          const newest = Math.max(...rows.map(({ time }) => time));
          const kept = rows.filter(({ time }) => time >= newest - windowMs);
          return {
            times: Float64Array.from(kept, ({ time }) => time),
            values: Float64Array.from(kept, ({ value }) => value),
            receivedAt: Float64Array.from(kept, ({ receivedAt }) => receivedAt),
          };
        },
        lastHeard: () =>
          [...heard.values()].filter(
            ({ stream }) => isRead && self.associations.get(stream.deviceId)?.patientId === stream.patientId,
          ),
      },
      report: (error) => void self.reports.push(error),
    });
  }

  self.put("mon", PATIENT);
  self.watch = make();
  await self.watch.start();
  return self;
}

export const NO_LIMITS: Omit<NewLimits, "signal"> = {
  low: null,
  high: null,
  criticalLow: null,
  criticalHigh: null,
  priority: "medium",
  delayMs: 0,
  hysteresis: 0,
  latching: false,
  enabled: true,
};

const UNITS: Readonly<Record<string, string>> = {
  spo2: "%",
  "body-temperature": "Cel",
  "nibp-systolic": "mm[Hg]",
  "glucose-interstitial": "mg/dL",
  "ecg-lead-ii": "mV",
};

export function viewOf(person: string, patients: readonly string[] = [PATIENT, OTHER]): PatientView {
  return {
    principal: { kind: "person", id: person, display: person, organisationId: ORGANISATION, role: "nurse" },
    has: (patientId) => patients.includes(patientId),
    patientIds: () => patients,
    recordsOf: (id) => [id],
    hiddenOf: () => undefined,
  };
}
