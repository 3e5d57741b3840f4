import type { Known } from "../marks.ts";
import { about, type Calls, house, ofPatient, reasonOf, span } from "./call.ts";

let taken = 1;
/** A reading that nobody has amended yet. */
const nextTime = ({ times }: Known) => times[++taken % times.length] as number;
const withdraw = { reason: "was right after all" };

/** What was measured, and what people said of it since. */
export const measuredCalls = {
  streams: ofPatient(),
  trend: ofPatient({ query: { ...span, buckets: 50 } }),
  waveform: about(({ id, waveformId }) => ({
    params: { id },
    query: { from: span.to - 3_600_000 - 320_000, to: span.to - 3_600_000 - 270_000, stream: waveformId },
  })),
  waveformOverview: about(({ id, waveformId }) => ({
    params: { id },
    query: { ...span, stream: waveformId, buckets: 50 },
  })),
  confirmExpectation: about(({ id, streamId }) => ({ params: { id, streamId }, body: { intervalMs: 5000 } })),
  streamsOfPatients: about(({ id }) => ({ query: { patient: id } })),
  newestReadings: about(({ id }) => ({ query: { patient: id } })),
  rawReadings: about(({ streamId }) => ({ query: { ...span, stream: streamId } })),
  streamTrend: about(({ streamId }) => ({ query: { ...span, stream: streamId, buckets: 50 } })),
  waveformPieces: about(({ waveformId }) => ({ query: { ...span, stream: waveformId } })),
  waveformExtremes: about(({ waveformId }) => ({ query: { ...span, stream: waveformId, buckets: 50 } })),

  amendments: ofPatient(),
  amend: about((known) => ({
    params: { id: known.id },
    body: { kind: "entered-in-error", streamId: known.streamId, at: nextTime(known), reason: reasonOf(known) },
  })),
  withdrawAmendment: about(
    ({ id, amendmentId }) => ({ params: { id, amendmentId }, body: withdraw }),
    async (world, _subject, known) => {
      const body = { kind: "entered-in-error", streamId: known.streamId, at: nextTime(known), reason: "wrong arm" };
      const { id: amendmentId } = await house(world, "POST", `/patients/${known.id}/amendments`, body);
      return { params: { id: known.id, amendmentId }, body: withdraw };
    },
  ),
} satisfies Calls;
