import type { AlarmBody } from "@openward/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ask } from "../app/api.ts";

/** A person answers an alarm, at the revision they saw. */
export function useAcknowledge() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (alarm: AlarmBody) =>
      ask("acknowledge", { params: { id: alarm.id }, body: { revision: alarm.revision } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["alarms"] }),
  });
}
