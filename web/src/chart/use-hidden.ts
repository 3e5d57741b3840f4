import { useQuery } from "@tanstack/react-query";
import { ask } from "../app/api.ts";

export function useHidden(id: string) {
  return useQuery({
    queryKey: ["consents", id],
    queryFn: ({ signal }) => ask("patientConsents", { params: { id }, signal }),
    refetchInterval: 15_000,
  });
}
