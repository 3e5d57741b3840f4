import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";

export function useDevices({ enabled = true } = {}) {
  return useQuery({
    enabled,
    queryKey: ["devices"],
    queryFn: ({ signal }) => ask("devices", { signal }),
    refetchInterval: 5_000,
  });
}

export function useDeviceTypes() {
  return useQuery({
    queryKey: ["device-types"],
    queryFn: ({ signal }) => ask("deviceTypes", { signal }),
    staleTime: 3_600_000,
  });
}

function useChange<Input, Output>(run: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: run, onSettled: () => queries.invalidateQueries({ queryKey: ["devices"] }) });
}

export const useAddDevice = () => useChange((body: Body<"addDevice">) => ask("addDevice", { body }));
export const useDescribe = (deviceId: string) =>
  useChange((body: Body<"describeDevice">) => ask("describeDevice", { params: { deviceId }, body }));
export const useDecideClock = (deviceId: string) =>
  useChange((body: Body<"decideClock">) => ask("decideClock", { params: { deviceId }, body }));
export const useRevoke = (deviceId: string) =>
  useChange((_: undefined) => ask("revokeDevice", { params: { deviceId } }));
export const useAssign = (deviceId: string) =>
  useChange((body: Body<"assign">) => ask("assign", { params: { deviceId }, body }));
export const useRelease = (deviceId: string) => useChange((_: undefined) => ask("release", { params: { deviceId } }));
