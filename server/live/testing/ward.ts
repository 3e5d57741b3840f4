import { type LiveMessage, liveMessage, type Tile } from "@openward/api";
import type { Alarm, PatientView, Principal, Readings, Role, Standby, Stream, Waveform } from "@openward/model";
import { type ManualRuntime, manualRuntime } from "@openward/runtime/manual";
import { isHidden } from "@openward/signals/categories";
import { createLive, type Live, type LiveDeps } from "../live.ts";
import type { Filter, ScreenSocket, Viewer } from "../ports.ts";

export const ORGANISATION = "00000000-0000-7000-8000-00000000000a";
export const WARD = "00000000-0000-7000-8000-00000000000b";
export const patientId = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
export const streamIdOf = (n: number, signal = "spo2") =>
  `00000000-0000-7000-9000-${String(n).padStart(8, "0")}${signal.length.toString(16).padStart(4, "0")}`;

/** A socket that keeps what it is sent, and can be made slow. */
export interface FakeSocket extends ScreenSocket {
  bufferedAmount: number;
  readonly sent: string[];
  closed: { code: number } | "terminated" | undefined;
  /** Messages since the last call, parsed and checked against the contract, heartbeats left out. */
  take(): Exclude<LiveMessage, { type: "heartbeat" }>[];
  say(message: unknown): void;
  emit(event: "close" | "pong"): void;
}

export function fakeSocket(): FakeSocket {
  const listeners = new Map<string, ((...args: never[]) => void)[]>();
  const emit = (event: string, ...args: unknown[]) => {
    for (const listener of listeners.get(event) ?? []) (listener as (...all: unknown[]) => void)(...args);
  };
  const socket: FakeSocket = {
    bufferedAmount: 0,
    sent: [],
    closed: undefined,
    send: (text) => void socket.sent.push(text),
    ping() {
      if (socket.closed === undefined && socket.bufferedAmount === 0) emit("pong");
    },
    close(code) {
      socket.closed = { code };
      emit("close");
    },
    terminate() {
      socket.closed = "terminated";
      emit("close");
    },
    on(event: string, listener: (...args: never[]) => void) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener]);
    },
    take() {
      const messages = socket.sent.splice(0).map((text) => liveMessage.parse(JSON.parse(text)));
      return messages.filter((message) => message.type !== "heartbeat");
    },
    say: (message) =>
      emit("message", { toString: () => (typeof message === "string" ? message : JSON.stringify(message)) }, false),
    emit,
  };
  return socket;
}

/** A ward of fake tiles behind a live hub whose time stands still until told. */
export interface FakeWard {
  readonly runtime: ManualRuntime;
  readonly live: Live;
  readonly tiles: Map<string, Tile>;
  /** Patients that nobody may see (yet, or any more). */
  readonly hidden: Set<string>;
  readonly reported: string[];
  /** While set, composing waits for it; where it rejects, composing fails. */
  gate: Promise<void>;
  addPatient(n: number, wardId?: string): Tile;
  viewer(more?: Partial<Viewer> & { role?: Role }): Viewer;
  /** A screen that watches, with its snapshot taken off. */
  screen(watch?: object, viewer?: Viewer): Promise<FakeSocket>;
  reading(n: number, value: number, more?: { at?: number; receivedAt?: number; signal?: string }): Readings;
  waveform(n: number, start: number, samples: number[]): Waveform;
  alarm(n: number, more?: Partial<Alarm>): Alarm;
  standby(n: number): Standby;
}

/** Lets promises that are ready run on. */
export const settled = async () => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

export function fakeWard(deps: Partial<LiveDeps> = {}): FakeWard {
  const runtime = manualRuntime(Date.UTC(2026, 5, 10, 12));
  const now = () => runtime.clock.now();
  const tiles = new Map<string, Tile>();
  const hidden = new Set<string>();
  const reported: string[] = [];
  const matching = (view: PatientView, { wardId, patients }: Filter) =>
    [...tiles.values()].filter(
      ({ patient }) =>
        view.has(patient.id) &&
        (patients ? patients.includes(patient.id) : patient.stay && (!wardId || patient.stay.wardId === wardId)),
    );
  const stream = (n: number, signal: string, kind: Stream["kind"], unit: string): Stream => ({
    id: streamIdOf(n, signal),
    organisationId: ORGANISATION,
    patientId: patientId(n),
    deviceId: `device-${n}`,
    signal,
    kind,
    unit,
  });

  const ward: FakeWard = {
    runtime,
    live: createLive({
      runtime,
      tiles: {
        async patientIds(view, filter) {
          return matching(view, filter).map(({ patient }) => patient.id);
        },
        async tilesOf(view, filter) {
          const found = structuredClone(matching(view, filter));
          await ward.gate;
          return found;
        },
        async tileOf(view, id) {
          const found = view.has(id) ? structuredClone(tiles.get(id) ?? null) : null;
          // As the portal's: through the view.
          if (found) found.latest = found.latest.filter(({ signal }) => !isHidden(view, id, signal));
          await ward.gate;
          return found;
        },
      },
      bodies: {
        alarmBody({ organisationId: _, ...body }) {
          return body;
        },
        standbyBody({ organisationId: _, ...body }) {
          return body;
        },
      },
      report: (_error, doing) => reported.push(doing),
      ...deps,
    }),
    tiles,
    hidden,
    reported,
    gate: Promise.resolve(),
    addPatient(n, wardId = WARD) {
      const tile: Tile = {
        patient: {
          id: patientId(n),
          name: `Patient ${n}`,
          birthDate: "1951-05-17",
          sex: "female",
          mrn: `mrn-${n}`,
          isUnknown: false,
          timeZone: "Europe/Oslo",
          ageGroup: "adult",
          ageGroupSource: "birth-date",
          limitsProfile: "adult",
          mergedInto: null,
          stay: { wardId, wardName: "Ward", bed: String(n), from: now() },
        },
        latest: [],
        streams: [],
        alarms: [],
        standby: [],
      };
      tiles.set(patientId(n), tile);
      return tile;
    },
    viewer({ role = "nurse", ...more } = {}) {
      const principal: Principal = {
        kind: "person",
        id: "nurse-1",
        display: "Nina",
        organisationId: ORGANISATION,
        role,
      };
      const view: PatientView = {
        principal,
        has: (id) => tiles.has(id) && !hidden.has(id),
        patientIds: () => [...tiles.keys()].filter((id) => !hidden.has(id)),
        recordsOf: (id) => (tiles.has(id) && !hidden.has(id) ? [id] : []),
        hiddenOf: () => undefined,
      };
      return {
        principal,
        expiresAt: now() + 86_400_000,
        view: () => view,
        recheck: async () => now() + 86_400_000,
        ...more,
      };
    },
    async screen(watch = { type: "watch", wardId: WARD }, viewer = ward.viewer()) {
      const socket = fakeSocket();
      ward.live.connect(socket, viewer);
      socket.say(watch);
      await settled();
      socket.sent.length = 0;
      return socket;
    },
    reading: (n, value, { at = now(), receivedAt = now(), signal = "spo2" } = {}) => ({
      stream: stream(n, signal, "numeric", "%"),
      associationId: "a",
      times: Float64Array.of(at),
      values: Float64Array.of(value),
      quality: Uint8Array.of(0),
      utcOffsetMinutes: null,
      receivedAt,
    }),
    waveform: (n, start, samples) => ({
      stream: stream(n, "ecg-lead-ii", "waveform", "mV"),
      associationId: "a",
      start,
      rateHz: 250,
      scale: 0.005,
      origin: 0,
      samples: Int32Array.from(samples),
      quality: 0,
      utcOffsetMinutes: null,
      receivedAt: start,
    }),
    alarm: (n, more = {}) => ({
      id: `alarm-${n}`,
      revision: 1,
      organisationId: ORGANISATION,
      patientId: patientId(n),
      deviceId: `device-${n}`,
      streamId: streamIdOf(n),
      signal: "spo2",
      rule: "limit-low",
      priority: "high",
      state: "raised",
      latched: false,
      onsetAt: now(),
      raisedAt: now(),
      conditionEndedAt: null,
      acknowledgedAt: null,
      acknowledgedBy: null,
      resolvedAt: null,
      value: 80,
      limit: 90,
      unit: "%",
      ...more,
    }),
    standby: (n) => ({
      id: "00000000-0000-7000-8000-0000000000cc",
      organisationId: ORGANISATION,
      patientId: patientId(n),
      streamId: null,
      reason: "bath",
      from: now(),
      until: now() + 60_000,
      startedBy: "nurse-1",
      endedAt: null,
    }),
  };
  return ward;
}
