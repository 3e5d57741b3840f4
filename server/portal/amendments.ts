import type { AmendmentBody } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { Amendment, AmendmentDraft, AmendmentRecord, PatientView, Stream } from "@openward/model";
import type { Call, Handlers } from "./call.ts";
import type { Amendments, StreamQueries } from "./ports/index.ts";

/** What people say later of what was measured. Who says it is whoever is signed in. */
export function amendmentHandlers(deps: {
  amendments: Amendments;
  streams: Pick<StreamQueries, "known">;
}): Pick<Handlers, "amendments" | "amend" | "withdrawAmendment"> {
  const { amendments, streams } = deps;

  function body(view: PatientView, patientId: string, record: AmendmentRecord): AmendmentBody {
    const { amendment, withdrawnBy } = record;
    const { id, kind, deviceId, streamId, from, to, reading, corrected, by, byDisplay, reason, at } = amendment;
    const records = view.recordsOf(patientId);
    const isAway = records.includes(amendment.patientId);
    const other = isAway ? amendment.toPatientId : amendment.patientId;
    const stream = streamId === null ? undefined : streams.known(view, streamId);
    const isReattribution = kind === "re-attributed";
    return {
      id,
      // A withdrawal is told with what it ends.
      kind: kind === "withdrawn" ? "entered-in-error" : kind,
      deviceId,
      streamId,
      signal: stream?.signal ?? null,
      from,
      to,
      isReading: reading !== null,
      received: reading && Number.isFinite(reading.received) ? reading.received : null,
      corrected,
      unit: stream?.unit ?? null,
      direction: isReattribution ? (isAway ? "away" : "here") : null,
      otherPatientId: isReattribution && other !== null && view.has(other) ? other : null,
      by: byDisplay === "" ? by : byDisplay,
      reason,
      at,
      withdrawn: withdrawnBy ? { by: withdrawnBy.byDisplay, reason: withdrawnBy.reason, at: withdrawnBy.at } : null,
    };
  }

  const told = (view: PatientView, patientId: string, amendmentId: string): AmendmentBody => {
    const record = amendments.ofPatient(view, patientId).find(({ amendment }) => amendment.id === amendmentId);
    if (!record) throw new RefusedInput("NOT_FOUND", { at: "amendmentId" });
    return body(view, patientId, record);
  };

  return {
    async amendments({ params, view }) {
      const seen = await view();
      return amendments.ofPatient(seen, params.id).map((record) => body(seen, params.id, record));
    },

    async amend({ params, body: wanted, view, signedIn }) {
      const seen = await view();
      const draft = draftOf(seen, params.id, wanted, (streamId) => streams.known(seen, streamId));
      const made = await amendments.make(seen, draft, signedIn.principal);
      return told(seen, params.id, made.id);
    },

    async withdrawAmendment({ params, body: { reason }, view, signedIn }) {
      const seen = await view();
      const { amendmentId } = params;
      told(seen, params.id, amendmentId);
      const made: Amendment = await amendments.make(
        seen,
        { kind: "withdrawn", amendmentId, reason },
        signedIn.principal,
      );
      return told(seen, params.id, made.withdraws ?? amendmentId);
    },
  };
}

/** @throws RefusedInput FIELD_INVALID, NOT_FOUND, naming the field that this kind needs */
function draftOf(
  view: PatientView,
  patientId: string,
  wanted: Call<"amend">["body"],
  streamOf: (streamId: string) => Stream | undefined,
): AmendmentDraft {
  const { kind, streamId, at, ordinal, value, unit, seen, reason, toPatientId } = wanted;
  const need = <T>(field: string, found: T | undefined, expected: string): T => {
    if (found === undefined) throw new RefusedInput("FIELD_INVALID", { at: field, expected });
    return found;
  };
  const isReading = kind === "corrected" || at !== undefined;
  if (isReading && kind !== "re-attributed") {
    const stream = need("streamId", streamId, "the stream of the reading");
    // Whose stream it is stands in the address too: of another patient's page nothing is amended by mistake.
    const known = streamOf(stream);
    if (!known || !view.recordsOf(patientId).includes(known.patientId))
      throw new RefusedInput("NOT_FOUND", { at: "streamId" });
    return {
      kind,
      streamId: stream,
      at: need("at", at, "the time of the reading"),
      ordinal,
      value,
      unit,
      seen,
      reason,
    };
  }
  const from = need("from", wanted.from, "the beginning of the span");
  const to = need("to", wanted.to, "the end of the span");
  const ofStream = streamId === undefined ? undefined : streamOf(streamId)?.deviceId;
  if (streamId !== undefined && ofStream === undefined) throw new RefusedInput("NOT_FOUND", { at: "streamId" });
  const deviceId = need("deviceId", wanted.deviceId ?? ofStream, "a device, or a stream");
  if (kind === "re-attributed") {
    const other = need("toPatientId", toPatientId, "the patient whose it is");
    return { kind, deviceId, patientId, toPatientId: other, from, to, seen, reason };
  }
  return { kind: "entered-in-error", streamId: streamId ?? null, deviceId, patientId, from, to, seen, reason };
}
