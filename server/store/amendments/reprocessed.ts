import { OutsideTrouble } from "@openward/errors";
import type { Amendment, Stream } from "@openward/model";
import type { Runtime } from "@openward/runtime";
import type { DataKeys } from "../keys/ports.ts";
import { audit } from "../registry/audit.ts";
import type { Tables } from "../registry/transaction.ts";
import { type Book, isAbout } from "./book.ts";
import { checkReason } from "./draft.ts";
import type { Author } from "./ports.ts";
import { type Reads, type ReceivedSpan, readsOf } from "./reads.ts";
import type { StreamIdOf } from "./resolve.ts";
import { insertAmendments, lockAmendments } from "./rows.ts";

/** What a reading or a piece of a waveform, as received, is to be read as from now on. */
export interface Restated extends ReceivedSpan {
  readonly ordinal: number;
  /** null: entered in error. A value: of readings only. */
  readonly becomes: number | "as received" | null;
}

/** What today's codecs read otherwise, laid over what was received; what people said of it stays as it is. */
export interface Reprocessed {
  /** Was anything ever said of this span? */
  isAmended(stream: Stream, from: number, to: number): boolean;
  reads(received: ReceivedSpan): Reads;
  /**
   * Durable, all of them or none, when it resolves. What reads as it should already is passed over, and so is what a person
   * has spoken about meanwhile, or whose patient was erased.
   *
   * @throws RefusedInput FIELD_INVALID; OutsideTrouble
   */
  restate(
    organisationId: string,
    restated: readonly Restated[],
    author: Author & { readonly reason: string },
  ): Promise<{ readonly amended: number; readonly leftAlone: number }>;
}

const TRIES = 5;

export function createReprocessed(deps: {
  readonly runtime: Pick<Runtime, "clock" | "ids">;
  readonly tables: Tables;
  readonly keys: DataKeys;
  readonly book: Book;
  readonly streamIdOf: StreamIdOf;
  readonly refresh: () => Promise<void>;
  readonly made: (amendments: readonly Amendment[]) => Promise<void>;
}): Reprocessed {
  const { runtime, tables, keys, book, streamIdOf, refresh, made } = deps;
  const reads = (received: ReceivedSpan) => readsOf(book, streamIdOf, received);

  return {
    reads,
    isAmended: (stream, from, to) => book.around(stream, from, to).some(({ amendment }) => isAbout(amendment, stream)),

    async restate(organisationId, restated, { id: by, display: byDisplay, reason: given }) {
      const reason = checkReason(given);
      for (let n = 0; n < TRIES; n++) {
        const known = book.newestOf(organisationId);
        let leftAlone = 0;
        const at = runtime.clock.now();
        const who = { organisationId, by, byDisplay, reason, at, via: "reprocess" } as const;
        const drafts: Omit<Amendment, "sequence">[] = [];
        for (const each of restated) {
          const said = keys.isErased(each.stream.patientId) ? "erased" : sayOf(each, reads(each));
          if (said === "left alone" || said === "erased" || keys.isErased(said?.patientId ?? "")) leftAlone++;
          else if (said) drafts.push({ ...said, ...who, id: runtime.ids.uuid() });
        }
        if (drafts.length === 0) return { amended: 0, leftAlone };
        const fresh = await tables.inOrganisation(organisationId, async (tx) => {
          if ((await lockAmendments(tx)) !== known || book.newestOf(organisationId) !== known) return undefined;
          const amendments = await insertAmendments(tx, keys, drafts);
          const groups = Map.groupBy(amendments, ({ kind, patientId, deviceId }) => `${kind} ${patientId} ${deviceId}`);
          for (const [first, ...rest] of groups.values()) {
            if (!first) continue;
            const { kind, patientId, deviceId } = first;
            const detail = { amendmentIds: [first, ...rest].map(({ id }) => id), via: "reprocess" };
            await audit(tx, { organisationId, at, by, action: `amendment.${kind}`, deviceId, patientId, detail });
          }
          return amendments;
        });
        if (fresh) {
          await made(fresh);
          return { amended: fresh.length, leftAlone };
        }
        await refresh();
      }
      throw new OutsideTrouble("STORE_UNAVAILABLE", true, { at: "amendments" });
    },
  };
}

type Said = Omit<Amendment, "id" | "sequence" | "organisationId" | "by" | "byDisplay" | "reason" | "at" | "via">;

/** undefined: it reads as it should. */
function sayOf({ received, becomes, ordinal, from, to }: Restated, reads: Reads): Said | "left alone" | undefined {
  const { stream, amendment, own } = reads;
  const value = becomes === "as received" ? received : becomes;
  if (becomes === null ? reads.isHidden : !reads.isHidden && Object.is(reads.value, value)) return undefined;
  if (reads.isSplit || (amendment && amendment.via === "person")) return "left alone";
  const { patientId, deviceId, id: streamId } = stream;
  const about = { patientId, toPatientId: null, deviceId, streamId, from, to } as const;
  const reading = received === null ? null : { ordinal, received };
  const [only, ...others] = own;
  // Said of it elsewhere, before it was given to this patient, it cannot be taken back here.
  const isBack = only && others.length === 0 && only.streamId === streamId && becomes !== null;
  if (isBack && Object.is(value, received))
    return { ...about, kind: "withdrawn", reading, corrected: null, withdraws: only.id };
  // A span that is in error has to be withdrawn first, and samples are not corrected.
  if (reads.isHidden && amendment?.reading === null) return "left alone";
  if (received === null && becomes !== null) return "left alone";
  const kind = becomes === null ? "entered-in-error" : "corrected";
  return { ...about, kind, reading, corrected: value, withdraws: null };
}
