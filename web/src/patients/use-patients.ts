import type { PatientBody } from "@openward/api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";

/** Patients: admitted ones unless `all`; `q` searches name and record number. */
export function usePatients(q: string, all: boolean) {
  return useQuery({
    queryKey: ["patients", q, all],
    queryFn: ({ signal }): Promise<PatientBody[]> =>
      q === "" ? ask("patients", { query: { all }, signal }) : ask("findPatients", { body: { q, all }, signal }),
    placeholderData: (old) => old,
    refetchInterval: 30_000,
  });
}

export function usePatient(id: string) {
  return useQuery({
    queryKey: ["patient", id],
    queryFn: ({ signal }): Promise<PatientBody> => ask("patient", { params: { id }, signal }),
  });
}

function useChange<Input>(run: (input: Input) => Promise<unknown>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSettled: () =>
      Promise.all(["patients", "patient", "devices"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
}

export const useAdmit = () => useChange((body: Body<"admit">) => ask("admit", { body }));

export const useChangePatient = (id: string) =>
  useChange((body: Body<"changePatient">) => ask("changePatient", { params: { id }, body }));

export const useReadmit = (id: string) =>
  useChange((body: Body<"readmit">) => ask("readmit", { params: { id }, body }));

export const useTransfer = (id: string) =>
  useChange((body: Body<"transfer">) => ask("transfer", { params: { id }, body }));

export const useDischarge = (id: string) => useChange((_: undefined) => ask("discharge", { params: { id } }));

export const useMerge = (id: string) => useChange((into: string) => ask("merge", { params: { id }, body: { into } }));
