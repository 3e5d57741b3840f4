import type { Alarm, DeviceEvent, Stay } from "@openward/model";
import type { Asker } from "../ports.ts";

/** Where somebody lies, with the name of the ward. */
export interface StayRecord extends Stay {
  readonly wardName: string;
}

/** What happened, as it is kept; of patients whom the asker sees. */
export interface Happenings {
  /** As it is now. */
  alarm(asker: Asker, alarmId: string): Promise<Alarm | undefined>;
  /** Those of one patient at one moment. */
  eventsAt(asker: Asker, patientId: string, at: number): Promise<readonly DeviceEvent[]>;
  stay(asker: Asker, stayId: string): Promise<StayRecord | undefined>;
}
