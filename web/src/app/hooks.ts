import type { Session, SystemBody, WardBody } from "@openward/api";
import { queryOptions, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import type { Live, LiveState } from "../live/live.ts";
import { ask } from "./api.ts";
import { monitor } from "./monitor.ts";
import { may, type Permission } from "./permissions.ts";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session> => {
    const session = await ask("session", { signal });
    monitor.observe(session.serverTime);
    return session;
  },
  staleTime: 60_000,
  refetchInterval: 300_000,
  retry: false,
});

export const wardsQuery = queryOptions({
  queryKey: ["wards"],
  queryFn: ({ signal }): Promise<WardBody[]> => ask("wards", { signal }),
  staleTime: 60_000,
});

/** Who is signed in; pages below the shell always have one. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

export function useMay(permission: Permission): boolean {
  return may(useSession().principal.role, permission);
}

export function useWards() {
  return useQuery(wardsQuery);
}

export function useSystem() {
  return useQuery({
    queryKey: ["system"],
    queryFn: ({ signal }): Promise<SystemBody> => ask("system", { signal }),
    refetchInterval: 10_000,
  });
}

export function useLive(live: Live): LiveState {
  return useSyncExternalStore(live.subscribe, live.state);
}

const second = (): number => Math.floor(monitor.now() / 1000) * 1000;

/** Server time, once a second. */
export function useNow(): number {
  return useSyncExternalStore(monitor.onTick, second);
}

/** The page's name in the browser's tab, with the most urgent alarm before it. */
export function useTitle(title: string): void {
  useEffect(() => {
    pageTitle = title;
    showTitle();
  }, [title]);
}

let pageTitle = "Openward";
let titleMark = "";

export function setTitleMark(mark: string): void {
  titleMark = mark;
  showTitle();
}

function showTitle(): void {
  const text = `${titleMark}${pageTitle === "Openward" ? "" : `${pageTitle} · `}Openward`;
  if (document.title !== text) document.title = text;
}
