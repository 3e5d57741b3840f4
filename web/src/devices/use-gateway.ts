import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";

/** What a gateway works by, and how it said last that it is. */
export function useGateway(deviceId: string) {
  return useQuery({
    queryKey: ["gateway", deviceId],
    queryFn: ({ signal }) => ask("gateway", { params: { deviceId }, signal }),
    refetchInterval: 15_000,
  });
}

function useChange<Input, Output>(deviceId: string, run: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: (body) => queries.setQueryData(["gateway", deviceId], body),
    onError: () => queries.invalidateQueries({ queryKey: ["gateway", deviceId] }),
  });
}

export const useConfigureGateway = (deviceId: string) =>
  useChange(deviceId, (body: Body<"configureGateway">) => ask("configureGateway", { params: { deviceId }, body }));
export const useRestoreGateway = (deviceId: string) =>
  useChange(deviceId, (body: Body<"restoreGateway">) => ask("restoreGateway", { params: { deviceId }, body }));
