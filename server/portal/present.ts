import type {
  AlarmBody,
  DeviceBody,
  LatestBody,
  LimitsBody,
  PatientBody,
  PersonBody,
  QuarantinedBody,
  Session,
  StandbyBody,
  StreamInfo,
} from "@openward/api";
import {
  type AgeGroup,
  type Alarm,
  ageGroupOf,
  type ClockState,
  type DeviceLabel,
  type Expectation,
  type Limits,
  type Person,
  type Standby,
} from "@openward/model";
import { isElsewhere, misfit, serviceState } from "./device-registration.ts";
import type { Names } from "./names.ts";
import type {
  Authenticated,
  DeviceRecord,
  PatientRecord,
  QuarantineRecord,
  Reading,
  StreamSummary,
} from "./ports/index.ts";

/**
 * @param now ms UTC: the age is today's
 * @param limitsProfile whose default limits are watched
 */
export function patientBody(
  { patient, stay }: PatientRecord,
  now: number,
  limitsProfile: AgeGroup | null,
): PatientBody {
  const ageGroup = ageGroupOf(patient, now);
  const told = ageGroupOf({ ...patient, ageGroup: null }, now);
  return {
    id: patient.id,
    name: patient.name,
    birthDate: patient.birthDate,
    sex: patient.sex,
    mrn: patient.mrn,
    isUnknown: patient.isUnknown,
    timeZone: patient.timeZone,
    ageGroup,
    ageGroupSource: told !== null ? "birth-date" : ageGroup !== null ? "chosen" : "unknown",
    limitsProfile,
    mergedInto: patient.mergedInto,
    stay:
      stay && stay.to === null
        ? { wardId: stay.wardId, wardName: stay.wardName, bed: stay.bed, from: stay.from }
        : null,
  };
}

export function latestBody({ stream, value, time, receivedAt, quality }: Reading): LatestBody {
  return {
    streamId: stream.id,
    signal: stream.signal,
    deviceId: stream.deviceId,
    value,
    unit: stream.unit,
    at: Math.round(time),
    receivedAt,
    quality,
  };
}

export function streamInfo(
  { stream, lastAt }: StreamSummary,
  latest: Reading | undefined,
  expectation: Expectation | undefined,
  deviceDisplay: string,
): StreamInfo {
  return {
    id: stream.id,
    signal: stream.signal,
    kind: stream.kind,
    unit: stream.unit,
    deviceId: stream.deviceId,
    deviceDisplay,
    // A waveform's last sample may lie between two milliseconds.
    lastAt: lastAt === null ? null : Math.round(lastAt),
    latest: latest ? latestBody(latest) : null,
    expectedIntervalMs: expectation?.intervalMs ?? null,
    expectationSource: expectation?.source ?? "on-demand",
  };
}

export function alarmBody(alarm: Alarm, names: Pick<Names, "ofMaybe">): AlarmBody {
  const { organisationId: _, ...body } = alarm;
  return { ...body, acknowledgedBy: names.ofMaybe(alarm.acknowledgedBy) };
}

export function standbyBody(standby: Standby, names: Pick<Names, "of">): StandbyBody {
  const { organisationId: _, ...body } = standby;
  return { ...body, startedBy: names.of(standby.startedBy) };
}

export function limitsBody(limits: Limits, names: Pick<Names, "of">): LimitsBody {
  return {
    ...limits,
    setBy: names.of(limits.setBy),
    isDefault: isDefaultLimits(limits),
    revision: limitsRevision(limits),
  };
}

const isDefaultLimits = ({ setBy }: Limits): boolean => setBy.startsWith("profile ");

/** A profile's limits are the same whenever they were made; a person's are those of that moment. */
export const limitsRevision = (limits: Limits): string =>
  isDefaultLimits(limits) ? limits.setBy : `set ${limits.setAt}`;

/** @param worn the patient on whom the device is, where the caller may see them */
export function deviceBody(
  record: DeviceRecord,
  facts: {
    typeDisplay: string;
    isConnected: boolean;
    hasTwin: boolean;
    lastSeenAt: number | undefined;
    worn: PatientRecord | undefined;
    now: number;
  },
): DeviceBody {
  const { device, status, association, registration } = record;
  const { worn } = facts;
  const seen = [record.lastSeenAt, facts.lastSeenAt].filter((at) => at != null);
  return {
    id: device.id,
    type: device.type,
    typeDisplay: facts.typeDisplay,
    display: device.display,
    manufacturer: device.manufacturer,
    model: device.model,
    serial: device.serial,
    createdAt: device.createdAt,
    revokedAt: device.revokedAt,
    connected: facts.isConnected,
    hasTwin: facts.hasTwin,
    state: status?.state ?? null,
    battery: status?.battery ?? null,
    lastSeenAt: seen.length > 0 ? Math.max(...seen) : null,
    clockOffsetMs: record.clock ? Math.round(aheadAt(record.clock, facts.now)) : record.clockOffsetMs,
    clock: record.clock && clockBody(record.clock),
    patient:
      worn && association
        ? {
            id: worn.patient.id,
            name: worn.patient.name,
            mrn: worn.patient.mrn,
            bed: worn.stay && worn.stay.to === null ? worn.stay.bed : null,
            wardId: worn.stay && worn.stay.to === null ? worn.stay.wardId : null,
            since: association.from,
          }
        : null,
    openQuarantine: record.openQuarantine,
    certificateEndsAt: record.certificateEndsAt,
    label: registration.label && labelBody(registration.label),
    owner: registration.owner,
    ownerName: registration.ownerName,
    location: registration.location,
    wardId: registration.wardId,
    isElsewhere: isElsewhere(registration, worn?.stay ?? null),
    service: {
      state: serviceState(registration, facts.now),
      dueOn: registration.serviceDueOn,
      note: registration.serviceNote,
    },
    says: record.facts.map(({ fact, value, since }) => ({ fact, text: value, since })),
    commands: record.commands && {
      since: record.commands.since,
      list: record.commands.commands.map(({ name, about }) => ({ command: name, about })),
    },
    misfit: misfit(record),
  };
}

function aheadAt({ aheadMs, drift, at }: ClockState, now: number): number {
  return aheadMs + drift * (now - at);
}

/** Before the drift can be told. */
const DRIFT_UNKNOWN = 1e-3;

function clockBody(state: ClockState): DeviceBody["clock"] {
  const { sequence, decidedBy = null, because = null } = state;
  const { kind, leadsTo, isCertain, from, after, decidedAt, drift, driftBound, belowMs, aboveMs, sightings } = state;
  const isKnown = driftBound < DRIFT_UNKNOWN;
  return {
    kind,
    leadsTo,
    isCertain,
    since: from,
    notBefore: after,
    decidedAt,
    lessMs: Math.ceil(belowMs),
    moreMs: Math.ceil(aboveMs),
    driftPpm: isKnown ? Math.round(drift * 1e8) / 100 : null,
    driftBoundPpm: isKnown ? Math.round(driftBound * 1e8) / 100 : null,
    sightings,
    sequence,
    byPerson: decidedBy !== null,
    because,
  };
}

const labelBody = ({ hrf, aidc: _, ...label }: DeviceLabel): DeviceBody["label"] => ({ ...label, text: hrf });

/** @param isVisible may the caller know of this patient? */
export function quarantinedBody(
  { entry, state, resolvedBy, resolvedAt, patientId }: QuarantineRecord,
  isVisible: (patientId: string) => boolean,
  names: Pick<Names, "ofMaybe">,
): QuarantinedBody {
  return {
    id: entry.id,
    deviceId: entry.deviceId,
    receivedAt: entry.receivedAt,
    kind: entry.kind,
    contentType: entry.contentType,
    problems: [...entry.problems],
    state,
    size: entry.raw.byteLength,
    resolvedBy: names.ofMaybe(resolvedBy),
    resolvedAt,
    patientId: patientId !== null && isVisible(patientId) ? patientId : null,
  };
}

export function personBody({ id, display, role, createdAt, disabledAt }: Person): PersonBody {
  return { id, display, role, createdAt, disabledAt };
}

export function sessionBody({ principal, organisation, expiresAt, lockAfterMs }: Authenticated, now: number): Session {
  const { kind, id, display, role } = principal;
  if (kind === "kiosk" || role === "kiosk") throw new Error("a screen on a wall has no session");
  return {
    principal: { kind, id, display, role },
    organisation: { id: organisation.id, name: organisation.name, isDemo: organisation.isDemo },
    serverTime: now,
    expiresAt,
    lockAfterMs: lockAfterMs ?? null,
  };
}

const PRIORITY = { high: 0, medium: 1, low: 2 } as const;

/** Unanswered before answered, then by priority, then the newest first. */
export function byUrgency(a: Alarm, b: Alarm): number {
  const answered = Number(a.state !== "raised") - Number(b.state !== "raised");
  return answered || PRIORITY[a.priority] - PRIORITY[b.priority] || b.raisedAt - a.raisedAt || (a.id < b.id ? -1 : 1);
}
