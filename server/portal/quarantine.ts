import { RefusedInput } from "@openward/errors";
import type { PatientView } from "@openward/model";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { Quarantine, QuarantineRecord, Reprocess } from "./ports/index.ts";
import { quarantinedBody } from "./present.ts";

const PAGE = 100;
const RAW_BYTES_MAX = 65_536;

export function quarantineHandlers(deps: {
  quarantine: Quarantine;
  reprocess: Reprocess;
  names: Names;
}): Pick<Handlers, "quarantine" | "quarantined" | "claim" | "dismiss"> {
  const { quarantine, reprocess, names } = deps;
  /** Being claimed at this moment: two people must not give one message to two patients. */
  const busy = new Set<string>();

  const present = (record: QuarantineRecord, view: PatientView) =>
    quarantinedBody(record, (patientId) => isWhole(view, patientId), names);

  async function find(view: PatientView, id: string): Promise<QuarantineRecord> {
    const record = await quarantine.find(view.principal, id);
    // What was given to a patient is that patient's data.
    if (!record || (record.patientId !== null && !isWhole(view, record.patientId))) throw new RefusedInput("NOT_FOUND");
    return record;
  }

  async function findOpen(view: PatientView, id: string): Promise<QuarantineRecord> {
    const record = await find(view, id);
    if (record.state !== "open") throw new RefusedInput("CONFLICT", { at: "state", expected: "an entry that is open" });
    return record;
  }

  async function alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    if (busy.has(id))
      throw new RefusedInput("CONFLICT", { at: "state", expected: "an entry that nobody else is resolving" });
    busy.add(id);
    try {
      return await work();
    } finally {
      busy.delete(id);
    }
  }

  return {
    async quarantine({ query: { state, device, code, contentType, from, to, before }, signedIn, view }) {
      const records = await quarantine.list(signedIn.principal, {
        state,
        limit: PAGE,
        ...(device === undefined ? {} : { deviceId: device }),
        ...(code === undefined ? {} : { code }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(before === undefined ? {} : { before }),
      });
      await names.learn(records.map(({ resolvedBy }) => resolvedBy));
      const seen = await view();
      return records.map((record) => present(record, seen));
    },

    async quarantined({ params, view }) {
      const seen = await view();
      const record = await find(seen, params.id);
      await names.learn([record.resolvedBy]);
      return { ...present(record, seen), ...readable(record.entry.raw) };
    },

    async claim({ params, body: { patientId, useReceivedTime }, signedIn, view }) {
      const seen = await view();
      if (!seen.has(patientId)) throw new RefusedInput("NOT_FOUND", { at: "patientId" });
      // That somebody is at it is not told of what one may not see.
      await find(seen, params.id);
      return alone(params.id, async () => {
        const { entry, isExpired } = await findOpen(seen, params.id);
        if (isExpired)
          throw new RefusedInput("CONFLICT", { at: "raw", expected: "input that has not expired; dismiss it" });
        const by = signedIn.principal.id;
        const receipt = await reprocess(entry, { patientId, useReceivedTime, by });
        // Nothing could be taken even so: it stays open, with the reasons in the answer.
        if (receipt.accepted > 0) {
          await quarantine.resolve(signedIn.organisation.id, params.id, "claimed", by, { patientId });
        }
        return { accepted: receipt.accepted, quarantined: [...receipt.quarantined] };
      });
    },

    async dismiss({ params, body: { reason }, signedIn, view }) {
      const seen = await view();
      await find(seen, params.id);
      return alone(params.id, async () => {
        await findOpen(seen, params.id);
        const by = signedIn.principal.id;
        return present(
          await quarantine.resolve(signedIn.organisation.id, params.id, "dismissed", by, { reason }),
          seen,
        );
      });
    },
  };
}

/** Text where the bytes are text, else hexadecimal; the beginning only, where they are many. */
export function readable(raw: Uint8Array): { text: string | null; hex: string | null } {
  const head = raw.subarray(0, RAW_BYTES_MAX);
  const text = asText(head);
  if (text !== undefined) return { text, hex: null };
  return { text: null, hex: Buffer.from(head.subarray(0, RAW_BYTES_MAX / 2)).toString("hex") };
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    // A character that the cut went through is left out, not an error.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells bytes from text.
    return /[\u0000-\u0008\u000b\u000e-\u001f\u007f]/.test(text.replaceAll("\u001b", "")) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** What kinds of data are in the raw bytes nobody has sorted: they are for who may see all of them. */
const isWhole = (view: PatientView, patientId: string): boolean =>
  view.has(patientId) && view.hiddenOf(patientId) === undefined;
