import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";

/** What a device can sign in with, and the devices in its charge. */
export function useCredentials(deviceId: string) {
  return useQuery({
    queryKey: ["credentials", deviceId],
    queryFn: ({ signal }) => ask("deviceCredentials", { params: { deviceId }, signal }),
  });
}

function useChange<Input, Output>(run: (input: Input) => Promise<Output>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn: run, onSettled: () => queries.invalidateQueries({ queryKey: ["credentials"] }) });
}

export const useNewToken = (deviceId: string) =>
  useChange((body: Body<"rotateToken">) => ask("rotateToken", { params: { deviceId }, body }));
export const useNewCertificate = (deviceId: string) =>
  useChange((body: Body<"issueCertificate">) => ask("issueCertificate", { params: { deviceId }, body }));
export const useNewClaimCode = (deviceId: string) =>
  useChange((body: Body<"newClaimCode">) => ask("newClaimCode", { params: { deviceId }, body }));
export const useRevokeCredential = (deviceId: string) =>
  useChange((id: string) => ask("revokeCredential", { params: { deviceId, id } }));
export const useSetCharge = (deviceId: string) =>
  useChange((body: Body<"setCharge">) => ask("setCharge", { params: { deviceId }, body }));
