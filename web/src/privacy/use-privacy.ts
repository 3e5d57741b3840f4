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

/** Asked for when somebody asks: each question is a line of the log. */
const WHEN_ASKED = { refetchOnWindowFocus: false, refetchOnReconnect: false, retry: false } as const;

export const useFindRecord = () => useMutation({ mutationFn: (mrn: string) => ask("findRecord", { body: { mrn } }) });

export interface SpanAsked {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export function useAffected(asked: (SpanAsked & { readonly by: string }) | null) {
  return useQuery({
    queryKey: ["affected", asked],
    queryFn: ({ signal }) => ask("breach", { query: { ...asked }, signal }),
    enabled: asked !== null,
    ...WHEN_ASKED,
  });
}

export interface DisclosuresAsked {
  readonly patient: string;
  /** Left out: of six years. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

export function useDisclosures(asked: DisclosuresAsked | null) {
  const { patient = "", from, to } = asked ?? {};
  return useQuery({
    queryKey: ["disclosures", asked],
    queryFn: ({ signal }) => ask("disclosures", { params: { id: patient }, query: { from, to }, signal }),
    enabled: asked !== null,
    ...WHEN_ASKED,
  });
}

export function useHiddenFrom(asked: { readonly patient: string; readonly person: string } | null) {
  return useQuery({
    queryKey: ["hidden-from", asked],
    queryFn: ({ signal }) => ask("explainHidden", { query: { ...asked }, signal }),
    enabled: asked !== null,
    ...WHEN_ASKED,
  });
}

/** Asked once: a page that is left open writes no lines about itself into the log. */
function useGlassOnce(reviewed: boolean) {
  return useQuery({
    queryKey: ["broken-glass", "numbers", reviewed],
    queryFn: ({ signal }) => ask("glassBroken", { query: { reviewed }, signal }),
    staleTime: 60_000,
    ...WHEN_ASKED,
  });
}

/** Record numbers of those of whom the office has something open: held, or seen in an emergency. */
export function useKnownRecords(): ReadonlyMap<string, string> {
  const holds = useHolds(true).data ?? [];
  const glass = [...(useGlassOnce(false).data ?? []), ...(useGlassOnce(true).data ?? [])];
  return new Map([
    ...holds.map(({ mrn, patientId }) => [mrn, patientId] as const),
    ...glass.flatMap(({ mrn, grant: { reach } }) =>
      reach.kind === "patient" ? [[mrn, reach.patientId] as const] : [],
    ),
  ]);
}
