import { raise } from "../patients.ts";
import { about, bed, type Calls, house, ofPatient, plain, reasonOf, span, toSpare } from "./call.ts";

/** Alarms, their limits, and when there are none. */
export const alarmCalls = {
  // Answered by who sees the patient as well, as their badge says.
  kioskAcknowledge: about(
    (known) => ({ params: { id: known.alarm.id }, body: { revision: known.alarm.revision, by: { who: "123456" } } }),
    async (world, _subject, known) => {
      const { person } = await world.newPerson("nurse");
      const { access } = world.server.foundation;
      const reach = { kind: "patient", patientId: known.id } as const;
      const why = { purpose: "care", basis: "care-team" } as const;
      await access.grants.add(
        world.home.organisationId,
        [{ grantee: { kind: "person", id: person.id }, reach, ...why }],
        "test",
      );
      const who = `b${Date.now()}`;
      await access.badges.set(world.home.organisationId, person.id, who, "test");
      const { id, revision } = await raise(world.home, known, `wall-${Date.now()}`);
      return { params: { id }, body: { revision, by: { who } }, shows: [id, known.id] };
    },
  ),
  alarms: plain(),
  patientAlarms: ofPatient({ query: span }),
  acknowledge: about(
    ({ alarm }) => ({ params: { id: alarm.id }, body: { revision: alarm.revision } }),
    async (world, _subject, target) => {
      // What ends or changes by itself meanwhile need not be answered any more.
      for (const alarm of await house<{ id: string; patientId: string; revision: number; state: string }[]>(
        world,
        "GET",
        "/alarms",
      ))
        if (alarm.patientId === target.id && alarm.state === "raised")
          await house(world, "POST", `/alarms/${alarm.id}/acknowledge`, { revision: alarm.revision }).catch(() => {});
      const alarm = await raise(world.home, target, bed());
      return { params: { id: alarm.id }, body: { revision: alarm.revision }, shows: [alarm.id, target.id] };
    },
  ),
  limits: ofPatient(),
  setLimits: about(
    ({ id }) => ({ params: { id }, body: { limits: [LIMIT] } }),
    // As who asks sees them: what is kept from the house's own program would look as if nobody had set it.
    async (world, subject, { id }) => {
      const path = `/api/patients/${id}/limits`;
      const { status, bytes } = await world.server.ask({ method: "GET", path, headers: subject.headers });
      const { limits } = (status === 200 ? JSON.parse(bytes.toString("utf8")) : { limits: [] }) as {
        limits: { signal: string; revision: string }[];
      };
      const seen = limits.find(({ signal }) => signal === LIMIT.signal)?.revision ?? null;
      return { params: { id }, body: { limits: [{ ...LIMIT, seen }] } };
    },
  ),
  chooseProfile: about(
    ({ id }) => ({ params: { id }, body: { ageGroup: "adult", confirm: true } }),
    toSpare((id) => ({ params: { id }, body: { ageGroup: "adult", confirm: true }, shows: ["adult"] })),
  ),
  standby: ofPatient(),
  startStandby: about(
    (known) => ({ params: { id: known.id }, body: { reason: reasonOf(known), minutes: 5 } }),
    async (_world, _subject, known) => ({ params: { id: known.id }, body: { reason: reasonOf(known), minutes: 5 } }),
  ),
  endStandby: about(
    ({ id, standbyId }) => ({ params: { id, standbyId } }),
    async (world, _subject, { id }) => {
      const standby = await house(world, "POST", `/patients/${id}/standby`, { reason: "bath", minutes: 5 });
      return { params: { id, standbyId: standby.id } };
    },
  ),
} satisfies Calls;

const LIMIT = {
  signal: "spo2",
  low: 85,
  high: null,
  criticalLow: null,
  criticalHigh: null,
  priority: "low",
  delayMs: 0,
  hysteresis: 0,
  latching: false,
  enabled: true,
};
