import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { AmendmentDraft, AmendmentRecord, PatientView, Principal, Stream } from "@openward/model";
import { type Collection, findCollection } from "./collections.ts";
import type { Reading } from "./ports.ts";
import { createRetraction } from "./retract.ts";

const AT = Date.UTC(2026, 10, 22, 6);
const treatments = findCollection("treatments") as Collection;
const principal: Principal = { kind: "person", id: "kari", display: "Kari", organisationId: "o", role: "patient" };
const key = { id: "k", organisationId: "o", patientId: "p", name: "Loop", deviceId: "app" };
const view = {} as PatientView; // what is asked of it here is asked by the fakes below, which do not
const bolus: Stream = {
  id: "s",
  organisationId: "o",
  patientId: "p",
  deviceId: "app",
  signal: "insulin-bolus",
  kind: "numeric",
  unit: "[iU]",
};

/** Readings of one stream, and what is said of them; the real ones: server/store/amendments. */
function world(
  readings: readonly { readonly value: number; readonly ordinal: number }[],
  said: AmendmentRecord[] = [],
) {
  const made: AmendmentDraft[] = [];
  const retraction = createRetraction({
    telemetry: {
      streams: async () => [{ stream: { ...bolus, id: "other", deviceId: "pump" } }, { stream: bolus }],
      readings: async (_view, { streamIds, from }) =>
        streamIds[0] === "s" && from === AT
          ? readings.map(
              ({ value, ordinal }): Reading => ({
                stream: bolus,
                time: AT,
                value,
                ordinal,
                utcOffsetMinutes: null,
                receivedAt: AT,
              }),
            )
          : [],
    },
    amendments: {
      async make(_view, draft) {
        made.push(draft);
        if (draft.reason === "said again in Loop" && said.length > 1) throw new RefusedInput("AMENDED_MEANWHILE");
      },
      ofPatient: () => said,
    },
  });
  return { made, retraction };
}

const dose = (insulin: number) => ({ eventType: "Bolus", insulin, date: AT });
const author = { key, principal, view };

test("of several values at one time the one that the document said is taken back", async () => {
  const { made, retraction } = world([
    { value: 2, ordinal: 0 },
    { value: 3, ordinal: 1 },
  ]);
  await retraction.before(author, treatments, dose(3), dose(4));
  assert.deepEqual(made, [
    { kind: "entered-in-error", streamId: "s", at: AT, ordinal: 1, seen: null, reason: "changed or deleted in Loop" },
  ]);
});

test("what is said as before, or is not there any more, is left alone", async () => {
  const { made, retraction } = world([{ value: 2, ordinal: 0 }]);
  await retraction.before(author, treatments, dose(2), { ...dose(2), notes: "with the meal" });
  await retraction.before(author, treatments, dose(5), null);
  assert.deepEqual(made, []);
});

const takenBack = (by: string, reason: string): AmendmentRecord => ({
  withdrawnBy: undefined,
  amendment: {
    id: `${by} ${reason}`,
    kind: "entered-in-error",
    streamId: "s",
    from: AT,
    reading: { ordinal: 0, received: 2 },
    by,
    reason,
  } as unknown as AmendmentRecord["amendment"], // the rest of it is not looked at here
});

test("what is said again holds again; what a clinician took back stays so", async () => {
  const own = world([], [takenBack("kari", "changed or deleted in Loop")]);
  await own.retraction.after(author, treatments, dose(2));
  assert.deepEqual(own.made, [
    { kind: "withdrawn", amendmentId: "kari changed or deleted in Loop", reason: "said again in Loop" },
  ]);
  for (const others of [takenBack("nina", "wrong patient"), takenBack("kari", "typed it wrongly")]) {
    const { made, retraction } = world([], [others]);
    await retraction.after(author, treatments, dose(2));
    assert.deepEqual(made, []);
  }
});
