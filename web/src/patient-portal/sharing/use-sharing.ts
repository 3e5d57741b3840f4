import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../../app/api.ts";

const keyOf = (patientId: string) => ["sharing", patientId];

export function useSharing(patientId: string) {
  return useQuery({
    queryKey: keyOf(patientId),
    queryFn: ({ signal }) => ask("sharing", { params: { patientId }, signal }),
    refetchInterval: 60_000,
  });
}

export function useShare(patientId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"share">) => ask("share", { params: { patientId }, body }),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(patientId) }),
  });
}

export function useStopSharing(patientId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ consentId, confirm }: { readonly consentId: string; readonly confirm: boolean }) =>
      ask("stopSharing", { params: { patientId, consentId }, body: { confirm } }),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(patientId) }),
  });
}
