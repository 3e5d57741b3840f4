import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";
import { useMay } from "../app/hooks.ts";

/** Who may see this patient. */
export function usePatientGrants(id: string, ended: boolean) {
  return useQuery({
    queryKey: ["grants", "patient", id, ended],
    queryFn: ({ signal }) => ask("patientGrants", { params: { id }, query: { ended }, signal }),
    refetchInterval: 30_000,
  });
}

/** Whom this person may see. */
export function usePersonGrants(principal: string, ended: boolean) {
  return useQuery({
    queryKey: ["grants", "person", principal, ended],
    queryFn: ({ signal }) => ask("grants", { query: { principal, ended }, signal }),
  });
}

function useChange<Input, Output>(run: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: run,
    // What one sees may be another now: whoever is let see may be the one who lets.
    onSettled: () =>
      Promise.all(
        ["grants", "unwatched", "patients", "patient"].map((key) => queries.invalidateQueries({ queryKey: [key] })),
      ),
  });
}

export const useAddGrant = () => useChange((body: Body<"addGrant">) => ask("addGrant", { body }));
export const useEndGrant = () =>
  useChange(({ id, reason }: { id: string; reason: string }) =>
    ask("endGrant", { params: { id }, body: reason === "" ? {} : { reason } }),
  );

/** Who is admitted and watched by nobody; of those whom the person who asks may see, or to an administrator of all. */
export function useUnwatched() {
  const mayAsk = useMay("clinical");
  return useQuery({
    queryKey: ["unwatched"],
    queryFn: ({ signal }) => ask("unwatched", { signal }),
    refetchInterval: 15_000,
    enabled: mayAsk,
  });
}
