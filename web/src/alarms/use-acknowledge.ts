import type { AlarmBody } from "@openward/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ask } from "../app/api.ts";
import { monitor } from "../app/monitor.ts";
import { answerProblem, refusalText } from "./refused-answer.ts";
import { alarmText } from "./text.ts";

/** A person answers an alarm, at the revision they saw. A refused answer is said on the page, not only at the alarm. */
export function useAcknowledge() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (alarm: AlarmBody) =>
      ask("acknowledge", { params: { id: alarm.id }, body: { revision: alarm.revision } }),
    onSuccess: () => answerProblem.clear(),
    onError: (error, alarm) => {
      const patient = (
        monitor.ward.state().tiles.get(alarm.patientId) ?? monitor.patient.state().tiles.get(alarm.patientId)
      )?.patient;
      const where = patient?.stay ? `Bed ${patient.stay.bed}: ` : "";
      answerProblem.say(`${where}${alarmText(alarm, patient?.timeZone ?? "UTC")}. ${refusalText(error)}`);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["alarms"] }),
  });
}
