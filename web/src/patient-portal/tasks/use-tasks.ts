import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../../app/api.ts";

const tasksOf = (patientId: string, isWard: boolean) => ["tasks", patientId, isWard];
const calendarsOf = (patientId: string) => ["calendars", patientId];

/** @param isWard asked by who takes care, not by who stands beside the patient */
export function useTasks(patientId: string, isWard: boolean) {
  return useQuery({
    queryKey: tasksOf(patientId, isWard),
    queryFn: ({ signal }) =>
      isWard ? ask("tasks", { params: { id: patientId }, signal }) : ask("myTasks", { params: { patientId }, signal }),
  });
}

export function useAddTask(patientId: string, isWard: boolean) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"addTask">) =>
      isWard ? ask("addTask", { params: { id: patientId }, body }) : ask("addMyTask", { params: { patientId }, body }),
    onSuccess: (tasks) => queries.setQueryData(tasksOf(patientId, isWard), tasks),
  });
}

export function useEndTask(patientId: string, isWard: boolean) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (taskId: string) =>
      isWard
        ? ask("endTask", { params: { id: patientId, taskId } })
        : ask("endMyTask", { params: { patientId, taskId } }),
    onSuccess: (tasks) => queries.setQueryData(tasksOf(patientId, isWard), tasks),
  });
}

export function useCalendars(patientId: string) {
  return useQuery({
    queryKey: calendarsOf(patientId),
    queryFn: ({ signal }) => ask("calendars", { params: { patientId }, signal }),
  });
}

export function useAddCalendar(patientId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"addCalendar">) => ask("addCalendar", { params: { patientId }, body }),
    onSettled: () => queries.invalidateQueries({ queryKey: calendarsOf(patientId) }),
  });
}

export function useEndCalendar(patientId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (calendarId: string) => ask("endCalendar", { params: { patientId, calendarId } }),
    onSettled: () => queries.invalidateQueries({ queryKey: calendarsOf(patientId) }),
  });
}
