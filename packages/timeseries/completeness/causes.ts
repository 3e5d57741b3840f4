import type { Evidence, GapCause, GatewayEvidence, Proof } from "./evidence.ts";
import { type Gap, toleranceOf } from "./gaps.ts";
import { lengthOf, overlap, type Span, united, without } from "./spans.ts";

/** A gap, or the part of one that has this cause. */
export interface Explained extends Gap {
  readonly cause: GapCause;
  /** Empty where the cause is unknown. */
  readonly proofs: readonly Proof[];
}

/** A battery that said so little is empty soon. */
export const BATTERY_EMPTY_PERCENT = 10;
/** It was charged meanwhile: from no more than this, by so much at least. */
const BATTERY_TIRED_PERCENT = 25;
const CHARGED_BY_PERCENT = 20;
/** What a battery said longer before says nothing any more. */
const BATTERY_LAST_MS = 12 * 3_600_000;
/** A message stands for at least so much around its arrival. */
const AROUND_MS = 60_000;
/** Signs of life that are no further apart tell that it was alive between them. */
const ALIVE_WITHIN_MS = 30 * 60_000;
/** A connection whose other end is gone is noticed so much later (MQTT: one and a half times the keep-alive). */
const HALF_OPEN_MS = 3 * 60_000;
/** Codes of quarantined messages that say that the time was the trouble. */
const OF_TIME = new Set(["CLOCK_WRONG", "TIME_IN_FUTURE", "TIME_IMPOSSIBLE", "TIME_AMBIGUOUS", "TIME_MALFORMED"]);

interface Claim extends Span {
  readonly cause: GapCause;
  readonly proof: Proof;
}

/** What says why a gap is there: claims to spans of it. */
type Rule = (gap: Gap, evidence: Evidence) => readonly Claim[];

/**
 * In this order: what certainly came or could not come stands before what was said, and that before what is inferred. A rule
 * that comes later gets what the earlier ones left.
 */
const RULES: readonly Rule[] = [
  serverAway,
  outOfService,
  wrongTimes,
  quarantined,
  clockSet,
  standby,
  sensorOff,
  otherSignals,
  // Before the battery: whoever speaks after a low battery is not empty yet.
  alive,
  batteryEmpty,
  gatewayAway,
  outOfRange,
  connectionAway,
];

/** Parts a gap by its causes; the parts are in order and cover it whole. */
export function explain(gap: Gap, evidence: Evidence): Explained[] {
  const claims: Claim[] = [];
  let rest: Span[] = [{ from: gap.from, to: gap.to }];
  for (const rule of RULES) {
    if (rest.length === 0) break;
    const taken: Span[] = [];
    for (const claim of rule(gap, evidence)) {
      for (const free of rest) {
        const mine = overlap(free, claim);
        if (!mine) continue;
        claims.push({ ...claim, ...mine });
        taken.push(mine);
      }
    }
    const holes = united(taken);
    rest = rest.flatMap((span) => without(span, holes));
  }
  return partsOf(gap, claims, rest);
}

/** Slivers between two causes go to the longer neighbour: nobody can tell to the second when a battery was empty. */
function partsOf(gap: Gap, claims: readonly Claim[], unknown: readonly Span[]): Explained[] {
  type Part = { from: number; to: number; cause: GapCause; proofs: Proof[] };
  const parts: Part[] = [];
  const add = (part: Part) => {
    const last = parts.at(-1);
    if (last && (last.cause === part.cause || part.from < last.to)) {
      last.to = Math.max(last.to, part.to);
      if (last.cause === part.cause) last.proofs.push(...part.proofs);
    } else parts.push(part);
  };
  const all = [
    ...claims.map(({ from, to, cause, proof }) => ({ from, to, cause, proofs: [proof] })),
    ...unknown.map(({ from, to }) => ({ from, to, cause: "unknown" as const, proofs: [] })),
  ].sort((a, b) => a.from - b.from || a.to - b.to);
  for (const part of all) add(part);
  const least = toleranceOf(gap.intervalMs);
  for (let i = 0; i < parts.length && parts.length > 1; ) {
    const part = parts[i] as Part;
    if (lengthOf(part) >= least) {
      i++;
      continue;
    }
    const [before, after] = [parts[i - 1], parts[i + 1]];
    const into = !before || (after && lengthOf(after) > lengthOf(before)) ? after : before;
    if (!into) break;
    into.from = Math.min(into.from, part.from);
    into.to = Math.max(into.to, part.to);
    parts.splice(i, 1);
    i = Math.max(0, i - 1);
  }
  const merged: Part[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (last?.cause === part.cause) {
      last.to = part.to;
      last.proofs.push(...part.proofs);
    } else merged.push(part);
  }
  return share(gap, merged);
}

/** The missing readings go to the parts by their length; the sum stays. */
function share(gap: Gap, parts: readonly (Span & { cause: GapCause; proofs: Proof[] })[]): Explained[] {
  let given = 0;
  return parts.map(({ from, to, cause, proofs }) => {
    const upTo = Math.round((gap.missing * (to - gap.from)) / lengthOf(gap));
    const missing = upTo - given;
    given = upTo;
    return { from, to, intervalMs: gap.intervalMs, missing, cause, proofs: summed(proofs) };
  });
}

/** Each thing once; quarantined messages together. */
function summed(proofs: readonly Proof[]): Proof[] {
  const result = new Map<string, Proof>();
  for (const proof of proofs) {
    if (proof.by !== "quarantine") {
      const key = proof.by === "heard" || proof.by === "other-signals" ? proof.by : JSON.stringify(proof);
      if (!result.has(key)) result.set(key, proof);
      continue;
    }
    const before = result.get("quarantine");
    const codes = before?.by === "quarantine" ? before.codes : [];
    const messages = before?.by === "quarantine" ? before.messages : 0;
    result.set("quarantine", {
      by: "quarantine",
      messages: messages + proof.messages,
      codes: [...new Set([...codes, ...proof.codes])].sort(),
    });
  }
  return [...result.values()];
}

function serverAway(_gap: Gap, { serverAway: spans }: Evidence): Claim[] {
  return spans.map(({ from, to }) => ({ from, to, cause: "link-down", proof: { by: "server" } }));
}

function outOfService(_gap: Gap, evidence: Evidence): Claim[] {
  return evidence.outOfService.map(({ from, to }) => ({
    from,
    to,
    cause: "maintenance",
    proof: { by: "out-of-service" },
  }));
}

function wrongTimes(gap: Gap, evidence: Evidence): Claim[] {
  return quarantineClaims(gap, evidence, "clock", (code) => OF_TIME.has(code));
}

function quarantined(gap: Gap, evidence: Evidence): Claim[] {
  return quarantineClaims(gap, evidence, "quarantined", (code) => !OF_TIME.has(code));
}

function quarantineClaims(
  gap: Gap,
  evidence: Evidence,
  cause: "clock" | "quarantined",
  isOf: (code: string) => boolean,
): Claim[] {
  const reach = Math.max(AROUND_MS, toleranceOf(gap.intervalMs));
  return evidence.quarantined
    .filter(({ code }) => isOf(code))
    .map(({ at, code, readings }) => ({
      // A message that holds many readings holds what was measured before it was sent.
      from: at - readings * gap.intervalMs - reach,
      to: at + reach,
      cause,
      proof: { by: "quarantine", messages: 1, codes: [code] },
    }));
}

/** Readings lie where the clock put them: a clock that was put forward leaves out what it leapt over. */
function clockSet(gap: Gap, { clock }: Evidence): Claim[] {
  const least = toleranceOf(gap.intervalMs);
  return clock.flatMap(({ after, from, until, decidedAt, kind, leadsTo, stepMs }): Claim[] => {
    const proof: Proof = { by: "clock-state", kind, decidedAt };
    const start = after ?? from;
    if (leadsTo === "quarantined") return [{ from: start, to: until ?? gap.to, cause: "clock", proof }];
    if (leadsTo === "kept" || Math.abs(stepMs) <= least) return [];
    return [{ from: start, to: Math.max(from + Math.max(0, stepMs), decidedAt), cause: "clock", proof }];
  });
}

function standby(_gap: Gap, evidence: Evidence): Claim[] {
  return evidence.standby.map(({ from, to, reason }) => ({
    from,
    to,
    cause: "not-worn",
    proof: { by: "standby", reason },
  }));
}

function sensorOff(_gap: Gap, evidence: Evidence): Claim[] {
  return evidence.sensorOff.map(({ from, to, event }) => ({
    from,
    to,
    cause: "not-worn",
    proof: { by: "sensor-off", event, at: from },
  }));
}

function otherSignals(gap: Gap, evidence: Evidence): Claim[] {
  return livesOf(evidence.otherSignals, gap).map(({ from, to, at }) => ({
    from,
    to,
    cause: "sensor",
    proof: { by: "other-signals", at },
  }));
}

function alive(gap: Gap, evidence: Evidence): Claim[] {
  const heard = livesOf(evidence.heard, gap);
  const spans = [...surelyConnected(gap, evidence), ...evidence.gateways.flatMap((gateway) => gateway.heard)];
  const there = united(spans).flatMap((span) => {
    const inGap = overlap(span, gap);
    return inGap ? [{ ...inGap, at: inGap.from }] : [];
  });
  return [...heard, ...there].map(({ from, to, at }) => ({
    from,
    to,
    cause: "not-worn",
    proof: { by: "heard", at },
  }));
}

/** Spans in which something was heard again and again, in the gap too; one sign by itself stands for a minute around it. */
function livesOf(times: readonly number[], gap: Gap): (Span & { at: number })[] {
  const near = times.filter((at) => at > gap.from - ALIVE_WITHIN_MS && at < gap.to + ALIVE_WITHIN_MS);
  const within = near.filter((at) => at > gap.from && at < gap.to);
  const around = near.map((at) => ({ from: at - AROUND_MS, to: at + AROUND_MS }));
  return united(around, ALIVE_WITHIN_MS).flatMap((span) => {
    const first = within.find((at) => at >= span.from && at <= span.to);
    return first === undefined ? [] : [{ ...span, at: first }];
  });
}

function batteryEmpty(gap: Gap, { battery, heard }: Evidence): Claim[] {
  // It was alive until it was heard for the last time.
  const lastHeard = heard.findLast((at) => at > gap.from && at < gap.to) ?? gap.from;
  const before = battery.findLast(({ at }) => at <= lastHeard + toleranceOf(gap.intervalMs));
  if (!before || lastHeard - before.at > BATTERY_LAST_MS) return [];
  const next = battery.find(({ at }) => at > before.at && at >= gap.to - AROUND_MS);
  const charged =
    next && next.at - gap.to <= BATTERY_LAST_MS && next.percent - before.percent >= CHARGED_BY_PERCENT ? next : null;
  const isEmpty = before.percent <= BATTERY_EMPTY_PERCENT;
  if (!isEmpty && !(charged && before.percent <= BATTERY_TIRED_PERCENT)) return [];
  const proof: Proof = { by: "battery", at: before.at, percent: before.percent, after: charged?.percent ?? null };
  return [{ from: lastHeard, to: gap.to, cause: "battery", proof }];
}

function gatewayAway(gap: Gap, { gateways }: Evidence): Claim[] {
  const [gateway] = gateways;
  if (!gateway) return [];
  // It is away where all are that could have spoken for the device.
  return without(gap, united(gateways.flatMap(({ up }) => up))).map((span) => ({
    ...span,
    cause: "link-down",
    proof: { by: "gateway", gatewayId: gateway.gatewayId },
  }));
}

function outOfRange(gap: Gap, { gateways }: Evidence): Claim[] {
  return gateways.flatMap((gateway) => unheardBeside(gap, gateway));
}

function unheardBeside(gap: Gap, { gatewayId, up, heard, others }: GatewayEvidence): Claim[] {
  const silent = without(gap, united(heard));
  return others.flatMap(({ count, ...span }) =>
    silent.flatMap((part) =>
      up.flatMap((there): Claim[] => {
        const both = overlap(span, part);
        const mine = both && overlap(both, there);
        return mine && count > 0
          ? [{ ...mine, cause: "out-of-range", proof: { by: "others-heard", gatewayId, others: count } }]
          : [];
      }),
    ),
  );
}

function connectionAway(gap: Gap, evidence: Evidence): Claim[] {
  // Before the first that is known of, nobody wrote down whether it was connected.
  const since = evidence.connected?.reduce((first, { from }) => Math.min(first, from), Number.POSITIVE_INFINITY);
  const known = since === undefined ? undefined : overlap(gap, { from: since, to: gap.to });
  if (!known) return [];
  return without(known, united(surelyConnected(gap, evidence))).map((span) => ({
    ...span,
    cause: "link-down",
    proof: { by: "connection" },
  }));
}

function surelyConnected(gap: Gap, { connected }: Evidence): Span[] {
  return (connected ?? []).map(({ from, to }) =>
    to > gap.from && to < gap.to ? { from, to: to - HALF_OPEN_MS } : { from, to },
  );
}
