import type { Alarm, Amendment, Readings, Waveform } from "@openward/model";
import type { Timers } from "@openward/runtime";

/** What is needed of the amendments here. */
interface Amendments {
  screenReadings(readings: Readings): Readings | undefined;
  screenWaveform(waveform: Waveform): Waveform | undefined;
  screenAlarm(alarm: Alarm): Alarm;
  restated(amendment: Amendment): readonly { readonly streamId: string; readonly value: number | null }[];
  onAmended(listener: (amendment: Amendment) => void): void;
  refresh(): Promise<void>;
}

interface Feed {
  readings(readings: Readings): void;
  waveform(waveform: Waveform): void;
}

/** A notification that was missed while the database was away is made up for. */
const CATCH_UP_MS = 30_000;

/** Alarms and screens hear of what counts, and of nothing that is another patient's; and they hear when that changes. */
export function createScreened(amendments: Amendments) {
  return {
    feed: <T extends Feed>(to: T): T => ({
      ...to,
      readings(readings: Readings) {
        const left = amendments.screenReadings(readings);
        if (left) to.readings(left);
      },
      waveform(waveform: Waveform) {
        const left = amendments.screenWaveform(waveform);
        if (left) to.waveform(left);
      },
    }),

    history: <A extends readonly unknown[]>({ ofPatient }: { ofPatient(...asked: A): Promise<Alarm[]> }) => ({
      ofPatient: async (...asked: A): Promise<Alarm[]> => (await ofPatient(...asked)).map(amendments.screenAlarm),
    }),

    alarms: <
      A extends readonly unknown[],
      B extends readonly unknown[],
      T extends { active(...asked: A): readonly Alarm[]; acknowledge(...answer: B): Alarm },
    >(
      watch: T & { active(...asked: A): readonly Alarm[]; acknowledge(...answer: B): Alarm },
    ): T => ({
      ...watch,
      active: (...asked: A) => watch.active(...asked).map(amendments.screenAlarm),
      acknowledge: (...answer: B) => amendments.screenAlarm(watch.acknowledge(...answer)),
    }),

    /** Tells alarms and screens of each amendment, made here or in another process. */
    follow(to: {
      readonly watch: { amended(streamId: string, value: number | null): void };
      readonly live: { patientChanged(patientId: string, organisationId: string): void };
      readonly timers: Timers;
      readonly report: (error: unknown, doing: string) => void;
    }) {
      amendments.onAmended((amendment) => {
        for (const { streamId, value } of amendments.restated(amendment)) to.watch.amended(streamId, value);
        for (const patientId of [amendment.patientId, amendment.toPatientId]) {
          if (patientId !== null) to.live.patientChanged(patientId, amendment.organisationId);
        }
      });
      const look = () => {
        amendments.refresh().catch((error: unknown) => to.report(error, "reading amendments"));
      };
      const timer = to.timers.every(CATCH_UP_MS, look);
      return { look, stop: () => timer.cancel() };
    },
  };
}
