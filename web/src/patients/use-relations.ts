import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";

const keyOf = (patientId: string) => ["relations", patientId];

export function useRelations(patientId: string) {
  return useQuery({
    queryKey: keyOf(patientId),
    queryFn: ({ signal }) => ask("relations", { params: { id: patientId }, signal }),
  });
}

export function useRelate() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ patientId, body }: { readonly patientId: string; readonly body: Body<"relate"> }) =>
      ask("relate", { params: { id: patientId }, body }),
    onSettled: (_1, _2, { patientId }) => queries.invalidateQueries({ queryKey: keyOf(patientId) }),
  });
}

export function useEndRelation(patientId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (relationId: string) => ask("endRelation", { params: { id: patientId, relationId } }),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(patientId) }),
  });
}

export function useStateFact(patientId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Body<"stateFact">) => ask("stateFact", { params: { id: patientId }, body }),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(patientId) }),
  });
}

export function useEndFact(patientId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (factId: string) => ask("endFact", { params: { id: patientId, factId } }),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(patientId) }),
  });
}
