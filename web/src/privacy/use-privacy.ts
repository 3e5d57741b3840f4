import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";
import type { AuditEntry } from "./entry-words.ts";

export interface LogAsked {
  readonly agent: string | undefined;
  readonly patient: string | undefined;
  readonly entity: string | undefined;
  readonly outcome: AuditEntry["outcome"] | undefined;
  readonly from: number | undefined;
  /** Exclusive. */
  readonly to: number | undefined;
}

const PAGE = 100;

/** The house's audit log, newest first, a page at a time. Each page that is asked for is a line of the log itself. */
export function useLog(asked: LogAsked) {
  return useInfiniteQuery({
    queryKey: ["audit", asked],
    queryFn: ({ signal, pageParam: before }) => ask("audit", { query: { ...asked, before, limit: PAGE }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.id),
    refetchOnWindowFocus: false,
  });
}

const HOLDS = ["holds"];

export function useHolds(ended: boolean) {
  return useQuery({ queryKey: [...HOLDS, ended], queryFn: ({ signal }) => ask("holds", { query: { ended }, signal }) });
}

function useHoldChange<Input, Output>(run: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: run, onSettled: () => queries.invalidateQueries({ queryKey: HOLDS }) });
}

export const usePlaceHold = () => useHoldChange((body: Body<"placeHold">) => ask("placeHold", { body }));
export const useEndHold = (id: string) =>
  useHoldChange((reason: string) => ask("endHold", { params: { id }, body: { reason } }));
