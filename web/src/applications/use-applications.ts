import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";

export function useApplications() {
  return useQuery({ queryKey: ["applications"], queryFn: ({ signal }) => ask("applications", { signal }) });
}

function useChange<Input, Output>(run: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSettled: () =>
      Promise.all(["applications", "launchable"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
}

export const useAddApplication = () => useChange((body: Body<"addApplication">) => ask("addApplication", { body }));
export const useRotateApplication = (id: string) =>
  useChange((body: Body<"rotateApplication">) => ask("rotateApplication", { params: { id }, body }));
export const useDisableApplication = (id: string) =>
  useChange((_: undefined) => ask("disableApplication", { params: { id } }));

/** What can be opened from a patient's page; it changes when an administrator changes it. */
export function useLaunchable() {
  return useQuery({
    queryKey: ["launchable"],
    queryFn: ({ signal }) => ask("launchableApps", { signal }),
    staleTime: 60_000,
  });
}

export const useLaunch = () => useMutation({ mutationFn: (body: Body<"launchApp">) => ask("launchApp", { body }) });
