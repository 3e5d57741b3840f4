import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ask } from "../app/api.ts";
import { useNow } from "../app/hooks.ts";
import { isUrgent } from "./words.ts";

export function useFleet(query: { state?: string; q?: string; order?: string; page?: number }) {
  return useQuery({
    queryKey: ["devices", "fleet", query],
    queryFn: ({ signal }) => ask("fleet", { query, signal }),
    refetchInterval: 10_000,
    placeholderData: keepPreviousData,
  });
}

export function useCompleteness(query: { by: "patient" | "device"; days: number; page: number; q?: string }) {
  return useQuery({
    queryKey: ["completeness", query],
    queryFn: ({ signal }) => ask("completeness", { query, signal }),
    refetchInterval: 5 * 60_000,
    placeholderData: keepPreviousData,
  });
}

export function useCompletenessDay(of: { patientId: string } | { deviceId: string }, day: string) {
  return useQuery({
    queryKey: ["completeness", "day", of, day],
    queryFn: ({ signal }) =>
      "patientId" in of
        ? ask("patientCompleteness", { params: { id: of.patientId }, query: { day }, signal })
        : ask("deviceCompleteness", { params: of, query: { day }, signal }),
  });
}

export function useEndings(enabled = true) {
  return useQuery({
    queryKey: ["devices", "endings"],
    queryFn: ({ signal }) => ask("endings", { signal }),
    refetchInterval: 10 * 60_000,
    enabled,
  });
}

export function useUrgentEndings(enabled: boolean): number {
  const now = useNow();
  return (useEndings(enabled).data ?? []).filter((each) => isUrgent(each, now)).length;
}
