import type { AlarmBody, PatientBody } from "@openward/api";
import { useMemo } from "react";
import { useLive } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";

export interface PatientAlarm {
  readonly alarm: AlarmBody;
  readonly patient: PatientBody;
}

/** Alarms of all that this screen watches, most urgent first. */
export function useAlarms(): readonly PatientAlarm[] {
  const ward = useLive(monitor.ward).tiles;
  const open = useLive(monitor.patient).tiles;
  return useMemo(() => {
    return monitor.alarms().flatMap((alarm) => {
      const patient = (ward.get(alarm.patientId) ?? open.get(alarm.patientId))?.patient;
      return patient ? [{ alarm, patient }] : [];
    });
  }, [ward, open]);
}
