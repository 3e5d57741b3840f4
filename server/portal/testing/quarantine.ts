import type { PortalDeps } from "../portal.ts";
import type { Held } from "./held.ts";

/** What was quarantined, and its second look, in a few lines. */
export function quarantineOf({
  now,
  quarantine,
  asked,
  need,
}: Held): Pick<PortalDeps, "quarantine" | "ingest" | "reprocess" | "reprocessing"> {
  return {
    quarantine: {
      list: async (_, { state }) => [...quarantine.values()].filter((record) => record.state === state),
      find: async (_, key) => quarantine.get(key),
      async resolve(_, key, as, by, detail) {
        asked.push(["resolve", as, detail]);
        const record = {
          ...need(quarantine, key),
          state: as,
          resolvedBy: by,
          resolvedAt: now(),
          patientId: detail.patientId ?? null,
        };
        quarantine.set(key, record);
        return record;
      },
    },
    ingest: {
      async accept() {
        return { accepted: 0, quarantined: [] };
      },
    },
    async reprocess(entry, claim) {
      asked.push(["reprocess", entry.id, claim]);
      return { accepted: entry.raw.byteLength > 0 ? 1 : 0, quarantined: [] };
    },
    async reprocessing(view, request) {
      asked.push(["reprocessing", view.principal.id, request]);
      const counts = { added: 1, changed: 0, missing: 0 };
      const summary = {
        messages: 2,
        skipped: 0,
        same: 9,
        counts,
        byHand: 0,
        leftAlone: 0,
        streams: [],
        streamsLeftOut: 0,
      };
      return {
        summary: { ...summary, refused: [], unreadable: 0, faults: [] },
        code: "c0de",
        applied: request.apply && { added: 1, amended: 0, resolved: 0 },
      };
    },
  };
}
