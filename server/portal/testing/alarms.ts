import { RefusedInput } from "@openward/errors";
import type { PortalDeps } from "../portal.ts";
import { type Held, ORGANISATION, spo2Limits } from "./held.ts";

/** Alarms and their limits, in a few lines. */
export function alarmsOf({ now, id, streams, alarms, limits }: Held): Pick<PortalDeps, "history" | "watch"> {
  return {
    history: { ofPatient: async (_, patientId) => alarms.filter((alarm) => alarm.patientId === patientId) },
    watch: {
      active: (view) => alarms.filter((alarm) => view.has(alarm.patientId) && alarm.state !== "resolved"),
      acknowledge(view, alarmId, revision) {
        const alarm = alarms.find((one) => one.id === alarmId && view.has(one.patientId));
        if (!alarm) throw new RefusedInput("NOT_FOUND");
        if (alarm.revision !== revision) throw new RefusedInput("CONFLICT", { at: "revision" });
        return {
          ...alarm,
          state: "acknowledged",
          acknowledgedBy: view.principal.id,
          acknowledgedAt: now(),
          revision: revision + 1,
        };
      },
      limitsOf: (view, patientId) => {
        if (!view.has(patientId)) throw new RefusedInput("NOT_FOUND");
        return limits.get(patientId) ?? { profile: null, limits: [] };
      },
      async setLimits(view, patientId, changes) {
        // As the real one: saved before it counts.
        await Promise.resolve();
        const old = limits.get(patientId) ?? { profile: null, limits: [] };
        const set = changes.map((one) => ({ ...one, setBy: view.principal.id, setAt: now() }));
        const rest = old.limits.filter((one) => !set.some((other) => other.signal === one.signal));
        const next = { profile: old.profile, limits: [...rest, ...set] };
        limits.set(patientId, next);
        return next;
      },
      chooseProfile(_, patientId, profile) {
        const next = { profile, limits: [{ ...spo2Limits, setBy: `profile ${profile}`, setAt: now() }] };
        limits.set(patientId, next);
        return next;
      },
      startStandby: (view, patientId, { streamId, reason, minutes }) => ({
        id: id(),
        organisationId: ORGANISATION,
        patientId,
        streamId,
        reason,
        from: now(),
        until: now() + minutes * 60_000,
        startedBy: view.principal.id,
        endedAt: null,
      }),
      endStandby() {
        throw new RefusedInput("NOT_FOUND");
      },
      standbyOf: () => [],
      expectationOf: (streamId) => {
        const signal = streams.find(({ stream }) => stream.id === streamId)?.stream.signal;
        return { streamId, intervalMs: signal === "body-temperature" ? null : 1_000, source: "device-type" };
      },
      confirmExpectation: (_, streamId, intervalMs) => ({ streamId, intervalMs, source: "confirmed" }),
    },
  };
}
