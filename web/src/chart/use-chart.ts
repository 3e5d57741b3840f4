import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";

export function useStreams(id: string) {
  return useQuery({
    queryKey: ["streams", id],
    queryFn: ({ signal }) => ask("streams", { params: { id }, signal }),
    refetchInterval: 15_000,
  });
}

export function useConfirmExpectation(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ streamId, intervalMs }: { streamId: string; intervalMs: number | null }) =>
      ask("confirmExpectation", { params: { id, streamId }, body: { intervalMs } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["streams", id] }),
  });
}

export function useTrend(id: string, from: number, to: number, buckets: number, refetchMs: number | false) {
  return useQuery({
    queryKey: ["trend", id, from, to, buckets],
    queryFn: ({ signal }) => ask("trend", { params: { id }, query: { from, to, buckets }, signal }),
    placeholderData: keepPreviousData,
    staleTime: refetchMs === false ? 60_000 : 0,
  });
}

export function useWaveform(id: string, stream: string, from: number, to: number) {
  return useQuery({
    queryKey: ["waveform", id, stream, from, to],
    queryFn: ({ signal }) => ask("waveform", { params: { id }, query: { stream, from, to }, signal }),
    placeholderData: keepPreviousData,
  });
}

export function useWaveformOverview(id: string, stream: string | undefined, from: number, to: number, buckets: number) {
  return useQuery({
    queryKey: ["waveform-overview", id, stream, from, to, buckets],
    queryFn: ({ signal }) =>
      ask("waveformOverview", { params: { id }, query: { stream: stream ?? "", from, to, buckets }, signal }),
    enabled: stream !== undefined,
    placeholderData: keepPreviousData,
  });
}

export function usePatientAlarms(id: string, from: number, to: number) {
  return useQuery({
    queryKey: ["alarms", id, from, to],
    queryFn: ({ signal }) => ask("patientAlarms", { params: { id }, query: { from, to }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** The newest readings of a stream before a time, newest first. */
export function useReadings(stream: string | null, before: number) {
  return useQuery({
    queryKey: ["readings", stream, before],
    queryFn: ({ signal }) =>
      ask("rawReadings", {
        query: { stream: stream ?? "", from: before - 31 * 86_400_000, to: before, order: "descending", limit: 25 },
        signal,
      }),
    enabled: stream !== null,
    placeholderData: keepPreviousData,
  });
}

export function useAmendments(id: string) {
  return useQuery({
    queryKey: ["amendments", id],
    queryFn: ({ signal }) => ask("amendments", { params: { id }, signal }),
    refetchInterval: 15_000,
  });
}

/** What was measured reads otherwise afterwards, of whichever patient. */
function useAmended() {
  const queries = useQueryClient();
  return () =>
    queries.invalidateQueries({
      predicate: ({ queryKey: [first] }) =>
        ["amendments", "readings", "trend", "waveform", "waveform-overview", "streams", "alarms"].includes(
          String(first),
        ),
    });
}

export function useAmend(id: string) {
  const onSettled = useAmended();
  return useMutation({ mutationFn: (body: Body<"amend">) => ask("amend", { params: { id }, body }), onSettled });
}

export function useWithdraw(id: string) {
  const onSettled = useAmended();
  return useMutation({
    mutationFn: ({ amendmentId, reason }: { amendmentId: string; reason: string }) =>
      ask("withdrawAmendment", { params: { id, amendmentId }, body: { reason } }),
    onSettled,
  });
}

export function useLimits(id: string) {
  return useQuery({
    queryKey: ["limits", id],
    queryFn: ({ signal }) => ask("limits", { params: { id }, signal }),
    // A screen that has lost its live view is not to show limits that others have changed.
    refetchInterval: 15_000,
  });
}

export function useSetLimits(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"setLimits">) => ask("setLimits", { params: { id }, body }),
    onSuccess: (answer) => queries.setQueryData(["limits", id], answer),
    // Refused because others are in force: they are shown at once.
    onError: () => queries.invalidateQueries({ queryKey: ["limits", id] }),
  });
}

export function useChooseProfile(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"chooseProfile">) => ask("chooseProfile", { params: { id }, body }),
    onSuccess: (answer) => {
      queries.setQueryData(["limits", id], answer);
      void queries.invalidateQueries({ queryKey: ["patient", id] });
    },
  });
}

export function useStandby(id: string) {
  return useQuery({
    queryKey: ["standby", id],
    queryFn: ({ signal }) => ask("standby", { params: { id }, signal }),
    refetchInterval: 15_000,
  });
}

export function useStartStandby(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"startStandby">) => ask("startStandby", { params: { id }, body }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["standby", id] }),
  });
}

export function useEndStandby(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (standbyId: string) => ask("endStandby", { params: { id, standbyId } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["standby", id] }),
  });
}
