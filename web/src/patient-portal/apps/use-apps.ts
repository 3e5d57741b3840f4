import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../../app/api.ts";

const keyOf = (patientId: string) => ["me", "nightscout", patientId];

/** Keys of apps that speak Nightscout. */
export function useAppKeys(patientId: string) {
  return useQuery({
    queryKey: keyOf(patientId),
    queryFn: ({ signal }) => ask("nightscoutKeys", { params: { patientId }, signal }),
  });
}

export function useAddAppKey(patientId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"addNightscoutKey">) => ask("addNightscoutKey", { params: { patientId }, body }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["me"] }),
  });
}

export function useEndAppKey(patientId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (keyId: string) => ask("endNightscoutKey", { params: { patientId, keyId } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["me"] }),
  });
}
