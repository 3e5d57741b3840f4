import { RefusedInput } from "@openward/errors";
import type { Handlers } from "./call.ts";
import type { Reprocessing } from "./ports/index.ts";

export function reprocessingHandlers(deps: { reprocessing: Reprocessing }): Pick<Handlers, "reprocess"> {
  return {
    async reprocess({ body, view, gone }) {
      if (!(body.from < body.to))
        throw new RefusedInput("FIELD_INVALID", { at: "to", expected: "a time after `from`" });
      const seen = await view();
      if (body.patientId !== null && !seen.has(body.patientId))
        throw new RefusedInput("NOT_FOUND", { at: "patientId" });
      const { summary, ...rest } = await deps.reprocessing(seen, body, gone());
      const { counts, streams, refused, faults, messages, skipped, same, byHand, leftAlone } = summary;
      const { streamsLeftOut, unreadable } = summary;
      return {
        ...rest,
        ...counts,
        messages,
        skipped,
        same,
        byHand,
        leftAlone,
        streamsLeftOut,
        unreadable,
        streams: streams.map((stream) => ({
          ...stream,
          byHand: [...stream.byHand],
          leftAlone: [...stream.leftAlone],
          examples: [...stream.examples],
        })),
        refused: [...refused],
        faults: [...faults],
      };
    },
  };
}
