import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";
import { useSession } from "../app/hooks.ts";

/** Whoever takes care of patients has emergencies; the server decides. */
export function useMayBreakGlass(): boolean {
  const { role } = useSession().principal;
  return role === "nurse" || role === "physician";
}

/** One's own emergency access that runs. */
export function useBrokenGlass() {
  const mayBreak = useMayBreakGlass();
  return useQuery({
    queryKey: ["broken-glass", "mine"],
    queryFn: ({ signal }) => ask("myBrokenGlass", { signal }),
    refetchInterval: 30_000,
    enabled: mayBreak,
  });
}

function useChange<Input, Output>(run: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSettled: () =>
      Promise.all(
        ["broken-glass", "grants", "patients", "patient"].map((key) => queries.invalidateQueries({ queryKey: [key] })),
      ),
  });
}

export const useBreakGlass = () => useChange((body: Body<"breakGlass">) => ask("breakGlass", { body }));
export const useEndBreakGlass = () => useChange((id: string) => ask("endBreakGlass", { params: { id } }));

/** What waits for a review, or had it. */
export function useGlassQueue(reviewed: boolean) {
  return useQuery({
    queryKey: ["broken-glass", "queue", reviewed],
    queryFn: ({ signal }) => ask("glassBroken", { query: { reviewed }, signal }),
    refetchInterval: 15_000,
  });
}

export const useReviewGlass = (id: string) =>
  useChange((body: Body<"reviewGlass">) => ask("reviewGlass", { params: { id }, body }));
