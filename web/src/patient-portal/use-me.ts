import { useQuery } from "@tanstack/react-query";
import { ask } from "../app/api.ts";

export function useMe() {
  return useQuery({ queryKey: ["me"], queryFn: ({ signal }) => ask("me", { signal }), refetchInterval: 60_000 });
}

export function useMyDevices() {
  return useQuery({
    queryKey: ["me", "devices"],
    queryFn: ({ signal }) => ask("myDevices", { signal }),
    refetchInterval: 30_000,
  });
}
