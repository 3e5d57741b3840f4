import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";
import { type QuarantineFilter, queryOf } from "./reasons.ts";

export type QuarantineState = "open" | "claimed" | "dismissed";

/** As many as the server gives at once. */
const PAGE = 100;

export function useQuarantine(state: QuarantineState, filter: QuarantineFilter) {
  return useInfiniteQuery({
    queryKey: ["quarantine", "list", state, filter],
    queryFn: ({ signal, pageParam }) =>
      ask("quarantine", { query: { state, ...queryOf(filter, Date.now()), before: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (last.length < PAGE ? undefined : last.at(-1)?.id),
    refetchInterval: 15_000,
  });
}

export function useQuarantined(id: string) {
  return useQuery({
    queryKey: ["quarantine", "one", id],
    queryFn: ({ signal }) => ask("quarantined", { params: { id }, signal }),
  });
}

function useResolve<Input, Output>(run: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["quarantine"] }),
        queries.invalidateQueries({ queryKey: ["devices"] }),
      ]),
  });
}

export const useClaim = (id: string) => useResolve((body: Body<"claim">) => ask("claim", { params: { id }, body }));
export const useDismiss = (id: string) =>
  useResolve((reason: string) => ask("dismiss", { params: { id }, body: { reason } }));
