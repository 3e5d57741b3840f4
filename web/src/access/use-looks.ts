import { useInfiniteQuery } from "@tanstack/react-query";
import { ask } from "../app/api.ts";

export interface LooksAsked {
  readonly patientId: string;
  /** Asked by a patient, or by who stands beside one. */
  readonly isOwn: boolean;
  readonly from: number | undefined;
  /** Exclusive. */
  readonly to: number | undefined;
  readonly agent: string | undefined;
}

const PAGE = 300;

/** Who looked, newest first, a page at a time. */
export function useLooks({ patientId, isOwn, from, to, agent }: LooksAsked) {
  return useInfiniteQuery({
    queryKey: ["looks", patientId, isOwn, from, to, agent],
    queryFn: ({ signal, pageParam: before }) =>
      ask(isOwn ? "myAccessHistory" : "accessHistory", {
        params: { id: patientId },
        query: { from, to, agent, before, limit: PAGE },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.id),
  });
}
