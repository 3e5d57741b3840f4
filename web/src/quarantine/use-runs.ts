import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ask, type Body } from "../app/api.ts";

/** While it works it is asked for again and again; nobody has to stay on the page for it. */
export function useRun(id: string | null) {
  const queries = useQueryClient();
  const run = useQuery({
    queryKey: ["quarantine", "run", id],
    queryFn: ({ signal }) => ask("quarantineRun", { params: { id: id ?? "" }, signal }),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.phase === "looking" || state.data?.phase === "applying" ? 700 : false),
  });
  // When it has come to its end the lists are others.
  const phase = run.data?.phase;
  useEffect(() => {
    if (phase !== "applied" && phase !== "failed") return;
    for (const key of ["list", "runs", "counts", "open"])
      void queries.invalidateQueries({ queryKey: ["quarantine", key] });
  }, [phase, queries]);
  return run;
}

export function useRuns(enabled: boolean) {
  return useQuery({
    queryKey: ["quarantine", "runs"],
    queryFn: ({ signal }) => ask("quarantineRuns", { signal }),
    enabled,
  });
}

function useChange<Input, Output>(run: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: run, onSettled: () => queries.invalidateQueries({ queryKey: ["quarantine"] }) });
}

export const useStartRun = () => useChange((body: Body<"startQuarantineRun">) => ask("startQuarantineRun", { body }));
export const useApplyRun = () =>
  useChange(({ id, reason }: { id: string; reason: string }) =>
    ask("applyQuarantineRun", { params: { id }, body: { reason } }),
  );
export const useUndoRun = () =>
  useChange(({ id, reason }: { id: string; reason: string }) =>
    ask("undoQuarantineRun", { params: { id }, body: { reason } }),
  );

export function useCounts() {
  return useQuery({
    queryKey: ["quarantine", "counts"],
    queryFn: ({ signal }) => ask("quarantineCounts", { signal }),
    refetchInterval: 30_000,
  });
}
