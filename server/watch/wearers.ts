import type { Alarm, Readings, Stream } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import { findSignal } from "@openward/signals";
import { type Conversion, checkUnit, toCanonical } from "@openward/signals/units";
import {
  Agreement,
  type DenseRule,
  DenseWearer,
  type Doubt,
  denseRuleOf,
  SparseWearer,
  sparseRuleOf,
} from "@openward/timeseries/wearers";
import type { AlarmBook } from "./alarms.ts";
import type { Devices, Patients, RecentReadings } from "./ports.ts";
import { OLDEST_UNWATCHED_MS } from "./streams.ts";

/**
 * Is this the right patient? What a device measures is held against what the patient's own values were, and against what
 * another device of theirs says. A doubt is a technical alarm that a person answers, or that ends with the association.
 */
export interface WearerWatch {
  /** What counts now. */
  readings(readings: Readings): void;
  /** Known from before a restart: nothing is said of it, the next are held against it. */
  restore(stream: Stream, recall: (windowMs: number) => RecentReadings): void;
  /** A person has said that it is the right patient. */
  answered(alarm: Alarm): void;
  /** What was measured last was entered in error, is corrected, or is another patient's. */
  amended(streamId: string): void;
  associationChanged(deviceId: string): void;
  patientChanged(patientId: string): void;
}

interface Guarded {
  readonly stream: Stream;
  readonly conversion: Conversion;
  readonly sparse: SparseWearer | undefined;
  readonly dense: DenseWearer | undefined;
  readonly agreement: Agreement | undefined;
}

/** What is known of one patient, by signal or by signals that are the same thing. */
interface Known {
  readonly sparse: Map<string, SparseWearer>;
  readonly agreements: Map<string, { readonly agreement: Agreement; readonly streamOf: Map<string, string> }>;
}

const RULES = { jump: "wearer-jump", mixed: "wearer-mixed", apart: "wearer-apart" } as const;
const RECALL_SPARSE_MS = 90 * 86_400_000;
const RECALL_DENSE_MS = 30 * 60_000;

export function createWearerWatch({
  runtime,
  alarms,
  patients,
  devices,
}: {
  runtime: Runtime;
  alarms: AlarmBook;
  patients: Patients;
  devices: Devices;
}): WearerWatch {
  const streams = new Map<string, Guarded>();
  const byDevice = new Map<string, Set<Guarded>>();
  const known = new Map<string, Known>();

  function guard(stream: Stream): Guarded | undefined {
    const there = streams.get(stream.id);
    if (there) return there;
    const sparse = sparseRuleOf(stream.signal);
    const dense = denseRuleOf(stream.signal);
    // Asked for every message of such a signal: nothing dear stands before this.
    if ((!sparse && !dense) || stream.kind !== "numeric") return undefined;
    const signal = findSignal(stream.signal);
    const unit = signal && checkUnit(signal, stream.unit);
    if (!unit?.ok) return undefined;
    let of = known.get(stream.patientId);
    if (!of) {
      of = { sparse: new Map(), agreements: new Map() };
      known.set(stream.patientId, of);
    }
    let own = of.sparse.get(stream.signal);
    if (sparse && !own) {
      own = new SparseWearer(sparse);
      of.sparse.set(stream.signal, own);
    }
    const guarded: Guarded = {
      stream,
      conversion: unit.conversion,
      sparse: own,
      dense: dense && new DenseWearer(dense[1]),
      agreement: dense && agreementOf(of, stream, ...dense),
    };
    streams.set(stream.id, guarded);
    const all = byDevice.get(stream.deviceId);
    if (all) all.add(guarded);
    else byDevice.set(stream.deviceId, new Set([guarded]));
    return guarded;
  }

  /** One stream speaks for its device: heart and pulse of one monitor are not two places. */
  function agreementOf(of: Known, stream: Stream, group: string, rule: DenseRule): Agreement | undefined {
    if (!rule.apart) return undefined;
    let found = of.agreements.get(group);
    if (!found) {
      found = { agreement: new Agreement(rule.apart, rule.windowMs), streamOf: new Map() };
      of.agreements.set(group, found);
    }
    const speaks = found.streamOf.get(stream.deviceId) ?? stream.id;
    found.streamOf.set(stream.deviceId, speaks);
    return speaks === stream.id ? found.agreement : undefined;
  }

  function drop({ stream, agreement }: Guarded): void {
    streams.delete(stream.id);
    const all = byDevice.get(stream.deviceId);
    for (const one of all ?? []) if (one.stream.id === stream.id) all?.delete(one);
    if (all?.size === 0) byDevice.delete(stream.deviceId);
    agreement?.forget(stream.deviceId);
    for (const { streamOf } of known.get(stream.patientId)?.agreements.values() ?? []) {
      if (streamOf.get(stream.deviceId) === stream.id) streamOf.delete(stream.deviceId);
    }
  }

  function sample(
    guarded: Guarded,
    time: number,
    received: number,
    raise: (doubt: Doubt, other?: string) => void,
  ): void {
    const { stream, conversion, sparse, dense, agreement } = guarded;
    const value = toCanonical(received, conversion);
    const own = sparse?.add(stream.deviceId, time, value);
    if (own) raise(own);
    if (!dense) return;
    const shifted = dense.add(time, value);
    if (shifted) raise(shifted);
    if (!agreement) return;
    for (const window of dense.ended()) {
      const apart = agreement.add(stream.deviceId, window);
      if (apart) raise(apart, apart.other);
    }
  }

  // Standby does not hold it back: it is about what is believed, not about what is measured.
  function raise({ stream }: Guarded, doubt: Doubt, other: string | undefined): void {
    const association = devices.currentAssociation(stream.deviceId);
    const patient = patients.watched(stream.patientId);
    if (association?.patientId !== stream.patientId || !patient?.isAdmitted) return;
    const otherFrom = other === undefined ? 0 : (devices.currentAssociation(other)?.from ?? 0);
    // Of two on one device, or two in one place, a person's answer holds for as long as both are on the patient.
    const onsetAt = doubt.kind === "jump" ? Math.round(doubt.since) : Math.max(association.from, otherFrom);
    alarms.raise({
      rule: RULES[doubt.kind],
      priority: "medium",
      organisationId: stream.organisationId,
      patientId: stream.patientId,
      deviceId: stream.deviceId,
      streamId: stream.id,
      signal: stream.signal,
      subject: stream.id,
      onsetAt,
      value: rounded(doubt.value),
      limit: rounded(doubt.expected),
      unit: findSignal(stream.signal)?.ucum ?? stream.unit,
    });
  }

  return {
    readings({ stream, times, values }) {
      const guarded = streams.get(stream.id) ?? guard(stream);
      if (!guarded) return;
      let newest = Number.NEGATIVE_INFINITY;
      let isOrdered = true;
      for (let i = 0; i < times.length; i++) {
        const time = times[i] as number;
        if (time < newest) isOrdered = false;
        else newest = time;
      }
      const order = isOrdered
        ? undefined
        : Array.from(times, (_, i) => i).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
      // What is older is backlog: the next is held against it, and it rings no more.
      const since = newest - OLDEST_UNWATCHED_MS;
      let time = Number.NaN;
      const tell = (doubt: Doubt, other?: string) => {
        if (time >= since) raise(guarded, doubt, other);
      };
      for (let k = 0; k < times.length; k++) {
        const i = order ? (order[k] as number) : k;
        time = times[i] as number;
        sample(guarded, time, values[i] as number, tell);
      }
    },
    restore(stream, recall) {
      const guarded = guard(stream);
      if (!guarded) return;
      const { times, values } = recall(guarded.sparse ? RECALL_SPARSE_MS : RECALL_DENSE_MS);
      times.forEach((time, i) => {
        sample(guarded, time, values[i] as number, () => {});
      });
    },
    answered({ rule, streamId }) {
      if (rule === RULES.jump && streamId !== null) streams.get(streamId)?.sparse?.confirm();
    },
    amended(streamId) {
      const guarded = streams.get(streamId);
      guarded?.sparse?.withdraw(guarded.stream.deviceId);
      alarms.endCondition(RULES.jump, streamId, runtime.clock.now(), false);
    },
    associationChanged(deviceId) {
      const wearer = devices.currentAssociation(deviceId)?.patientId;
      for (const guarded of [...(byDevice.get(deviceId) ?? [])]) {
        if (guarded.stream.patientId === wearer) continue;
        guarded.sparse?.withdraw(deviceId);
        drop(guarded);
      }
    },
    patientChanged(patientId) {
      if (patients.watched(patientId)?.isAdmitted) return;
      for (const guarded of [...streams.values()]) if (guarded.stream.patientId === patientId) drop(guarded);
      known.delete(patientId);
    },
  };
}

/** As exact as a person reads it: means of many samples have endless digits. */
const rounded = (value: number): number => Number(value.toPrecision(4));
