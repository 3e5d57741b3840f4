import type { AlarmBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { Alarm } from "@openward/model";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { AlarmHistory, Watch } from "./ports/index.ts";
import { alarmBody, byUrgency, standbyBody } from "./present.ts";

type AlarmRoutes = "alarms" | "patientAlarms" | "acknowledge" | "standby" | "startStandby" | "endStandby";

const HISTORY_MS_MAX = 400 * 86_400_000;

export function alarmHandlers(deps: {
  watch: Watch;
  history: AlarmHistory;
  names: Names;
}): Pick<Handlers, AlarmRoutes> {
  const { watch, history, names } = deps;

  async function bodies(alarms: readonly Alarm[]): Promise<AlarmBody[]> {
    await names.learn(alarms.map(({ acknowledgedBy }) => acknowledgedBy));
    return alarms.map((alarm) => alarmBody(alarm, names));
  }

  return {
    async alarms({ view }) {
      return bodies([...(await watch.active(await view()))].sort(byUrgency));
    },

    async patientAlarms({ params, query: { from, to }, signedIn, view }) {
      if (!(from < to && to - from <= HISTORY_MS_MAX)) {
        throw new RefusedInput("FIELD_INVALID", { at: "to", expected: "a time after `from`, at most 400 days" });
      }
      const seen = await view();
      const records = seen.recordsOf(params.id);
      const ofRecord = (id: string) => history.ofPatient(signedIn.principal, id, from, to);
      const [past, active] = await Promise.all([
        Promise.all(records.map(ofRecord)).then((each) => each.flat()),
        watch.active(seen),
      ]);
      // The database follows a moment behind: what is active now is told by those who raise it.
      const newest = new Map(past.map((alarm) => [alarm.id, alarm]));
      for (const alarm of active) {
        if (!records.includes(alarm.patientId) || alarm.onsetAt < from || alarm.onsetAt >= to) continue;
        if ((newest.get(alarm.id)?.revision ?? -1) < alarm.revision) newest.set(alarm.id, alarm);
      }
      return bodies([...newest.values()].sort((a, b) => b.onsetAt - a.onsetAt));
    },

    async acknowledge({ params, body, view }) {
      const alarm = await watch.acknowledge(await view(), params.id, body.revision);
      return alarmBody(alarm, names);
    },

    async standby({ params, view }) {
      const running = await watch.standbyOf(await view(), params.id);
      await names.learn(running.map(({ startedBy }) => startedBy));
      return running.map((standby) => standbyBody(standby, names));
    },

    async startStandby({ params, body, view }) {
      return standbyBody(await watch.startStandby(await view(), params.id, body), names);
    },

    async endStandby({ params, view }) {
      return standbyBody(await watch.endStandby(await view(), params.id, params.standbyId), names);
    },
  };
}
