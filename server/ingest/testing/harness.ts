import { OutsideTrouble } from "@openward/errors";
import type {
  Association,
  ClockState,
  DeviceEvent,
  DeviceStatus,
  JournalEntry,
  Problem,
  QuarantineEntry,
  Readings,
  Stream,
  Waveform,
} from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { createIngest, type DeviceMessage, type Ingest } from "../index.ts";
import type { Directory, FirstDelivery } from "../ports.ts";

export const ORGANISATION = "11111111-1111-4111-8111-111111111111";
export const ALICE = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
export const BOB = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
export const START = Date.UTC(2026, 10, 22, 6);

export interface Harness {
  readonly runtime: ManualRuntime;
  readonly ingest: Ingest;
  readonly associations: Association[];
  readonly journal: JournalEntry[];
  readonly watched: (Readings | Waveform | DeviceEvent | DeviceStatus)[];
  /** Of each event and status that was watched: was it a will? */
  readonly wills: boolean[];
  /** What the watch was told of clocks. */
  readonly clocks: ClockState[];
  readonly live: (Readings | Waveform)[];
  /** When each message was said, as it is told. */
  readonly heard: number[];
  readonly reports: unknown[];
  readonly knownStreams: Map<string, Stream>;
  readonly oldDeliveries: Map<string, FirstDelivery>;
  /** Until the deliveries of before a start are known. */
  pendingDeliveries: Promise<void> | undefined;
  journalDown: boolean;
  /** Of the patient on whom the device is. */
  timeZone: string | undefined;
  /** Of patients, by their id. */
  readonly recordNumbers: Map<string, readonly string[]>;
  /** Called inside append, before it resolves. */
  onAppend: (() => void) | undefined;
  send(kind: DeviceMessage["kind"], body: unknown, more?: Partial<DeviceMessage>): ReturnType<Ingest["accept"]>;
  of<K extends JournalEntry["kind"]>(kind: K): Extract<JournalEntry, { kind: K }>[];
  quarantined(): QuarantineEntry[];
  problems(): readonly Problem[];
  /** signal=value@seconds since START of everything that is in the journal. */
  placed(patientId?: string): string[];
}

/**
 * Ingest with neighbours that live in arrays. Device "mon" is on ALICE from an hour before START.
 *
 * @param wearers who wears what, in place of `associations`
 */
export function harness(wearers?: Pick<Directory, "associationAt" | "associations">): Harness {
  const runtime = manualRuntime(START);
  const associations: Association[] = [association("a1", ALICE, START - 3_600_000, null)];
  const journal: JournalEntry[] = [];
  const watched: Harness["watched"] = [];
  const wills: boolean[] = [];
  const clocks: ClockState[] = [];
  const live: Harness["live"] = [];
  const heard: number[] = [];
  const reports: unknown[] = [];
  const knownStreams = new Map<string, Stream>();
  const oldDeliveries = new Map<string, FirstDelivery>();
  const self: Harness = {
    runtime,
    associations,
    journal,
    watched,
    wills,
    clocks,
    live,
    heard,
    reports,
    knownStreams,
    oldDeliveries,
    pendingDeliveries: undefined,
    journalDown: false,
    timeZone: undefined,
    recordNumbers: new Map(),
    onAppend: undefined,
    ingest: createIngest({
      runtime,
      directory: {
        associationAt: (deviceId, at) =>
          associations.find((a) => a.deviceId === deviceId && at >= a.from && (a.to === null || at < a.to)),
        associations: (deviceId) => associations.filter((a) => a.deviceId === deviceId),
        knowsStream: (id) => knownStreams.has(id),
        addStream: (stream) => void knownStreams.set(stream.id, stream),
        timeZoneAt: () => self.timeZone,
        recordNumbersOf: (patientId) => self.recordNumbers.get(patientId) ?? [],
        deviceType: () => "bedside-monitor",
        ...wearers,
      },
      deliveries: {
        first: (deviceId, key) => oldDeliveries.get(`${deviceId} ${key}`),
        get pending() {
          return self.pendingDeliveries;
        },
      },
      journal: {
        async append(entries) {
          self.onAppend?.();
          if (self.journalDown) throw new OutsideTrouble("STORE_UNAVAILABLE", true);
          journal.push(...entries);
        },
      },
      watch: {
        readings: (r) => void watched.push(r),
        waveform: (w) => void watched.push(w),
        event(event, isWill) {
          watched.push(event);
          wills.push(isWill);
        },
        status(status, isWill) {
          watched.push(status);
          wills.push(isWill);
        },
        clock: (state) => void clocks.push(state),
        connection: () => {},
      },
      live: { readings: (r) => void live.push(r), waveform: (w) => void live.push(w) },
      report: (error) => void reports.push(error),
      onHeard: (_, at) => void heard.push(at),
    }),
    send(kind, body, more = {}) {
      const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(textOf(body));
      return self.ingest.accept({
        deviceId: "mon",
        organisationId: ORGANISATION,
        kind,
        format: "json",
        body: bytes,
        receivedAt: runtime.clock.now(),
        deliveryKey: null,
        isRedelivery: false,
        ...more,
      });
    },
    of: (kind) => journal.filter((entry) => entry.kind === kind) as never,
    quarantined: () => self.of("quarantine").map(({ entry }) => entry),
    problems: () => self.quarantined().flatMap(({ problems }) => problems),
    placed: (patientId) =>
      self
        .of("readings")
        .filter(({ readings }) => patientId === undefined || readings.stream.patientId === patientId)
        .flatMap(({ readings: { stream, times, values } }) =>
          Array.from(times, (time, i) => `${stream.signal}=${values[i]}@${(time - START) / 1000}`),
        ),
  };
  return self;
}

export function association(id: string, patientId: string, from: number, to: number | null): Association {
  return { id, organisationId: ORGANISATION, deviceId: "mon", patientId, from, to };
}

function textOf(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}
