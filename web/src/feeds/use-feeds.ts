import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";

/** Of a patient, by who stands beside them; null: of applications, by an administrator. */
export type Whose = string | null;

const keyOf = (whose: Whose) => ["feeds", whose ?? "applications"];
/** What it says of itself changes by itself. */
const LOOK_EVERY_MS = 5_000;

export function useFeeds(whose: Whose) {
  return useQuery({
    queryKey: keyOf(whose),
    queryFn: ({ signal }) =>
      whose === null ? ask("applicationFeeds", { signal }) : ask("feeds", { params: { patientId: whose }, signal }),
    refetchInterval: LOOK_EVERY_MS,
  });
}

export type NewFeed = Body<"addFeed"> & { readonly applicationId?: string };

export function useAddFeed(whose: Whose) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ applicationId = "", ...body }: NewFeed) =>
      whose === null
        ? ask("addApplicationFeed", {
            body: { ...body, way: body.way === "broker" ? "mqtt" : body.way, applicationId },
          })
        : ask("addFeed", { params: { patientId: whose }, body }),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(whose) }),
  });
}

export type Deed = "pause" | "resume" | "end";
const OF_PATIENT = { pause: "pauseFeed", resume: "resumeFeed", end: "endFeed" } as const;
const OF_APPLICATION = {
  pause: "pauseApplicationFeed",
  resume: "resumeApplicationFeed",
  end: "endApplicationFeed",
} as const;

export function useChangeFeed(whose: Whose) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ feedId, deed }: { readonly feedId: string; readonly deed: Deed }) =>
      whose === null
        ? ask(OF_APPLICATION[deed], { params: { feedId } })
        : ask(OF_PATIENT[deed], { params: { patientId: whose, feedId } }),
    onSuccess: (feeds) => queries.setQueryData(keyOf(whose), feeds),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(whose) }),
  });
}

export function useRotateFeed(whose: Whose) {
  return useMutation({
    mutationFn: ({ feedId, password }: { readonly feedId: string; readonly password?: string }) => {
      const body = password === undefined ? {} : { password };
      return whose === null
        ? ask("rotateApplicationFeed", { params: { feedId }, body })
        : ask("rotateFeed", { params: { patientId: whose, feedId }, body });
    },
  });
}

export function usePingFeed(whose: Whose) {
  return useMutation({
    mutationFn: (feedId: string) =>
      whose === null
        ? ask("pingApplicationFeed", { params: { feedId } })
        : ask("pingFeed", { params: { patientId: whose, feedId } }),
  });
}

export function useReplayFeed(whose: Whose) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ feedId, from }: { readonly feedId: string; readonly from: number }) =>
      whose === null
        ? ask("replayApplicationFeed", { params: { feedId }, body: { from } })
        : ask("replayFeed", { params: { patientId: whose, feedId }, body: { from } }),
    onSettled: () => queries.invalidateQueries({ queryKey: keyOf(whose) }),
  });
}
