import { RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { Collection } from "./collections.ts";
import { type Incoming, Known } from "./incoming.ts";
import type { Documents, Ingest, Key, Pace, StoredDocument, Where } from "./ports.ts";
import type { Author, Retraction } from "./retract.ts";

/** Who writes, and into whose record. */
export interface Writer extends Author {
  readonly key: Key & { readonly deviceId: string };
}

export interface Kept {
  readonly document: StoredDocument;
  /** What was there under that name before. */
  readonly before: StoredDocument | undefined;
}

/** So much of a device's pace a document costs. */
const DOCUMENTS_A_COST = 50;

/**
 * Writes documents: what of them is measured goes the way of everything that is measured, and is durable before the document is
 * kept and before anybody is told. Done again after a break, it is the same.
 */
export function createKeeping(deps: {
  readonly documents: Documents;
  readonly ingest: Ingest;
  readonly retraction: Retraction;
  readonly pace: Pace;
  readonly runtime: Pick<Runtime, "clock" | "random">;
}) {
  const { documents, ingest, retraction, pace, runtime } = deps;
  let stamped = 0;

  /** Later than any before: whoever asks what came since the last gets all of it. */
  function stamp(): number {
    stamped = Math.max(stamped + 1, runtime.clock.now());
    return stamped;
  }

  const whereOf = ({ principal, view, key }: Writer, collection: Collection): Where => ({
    asker: principal,
    patientIds: view.recordsOf(key.patientId),
    collection: collection.name,
  });

  /** @throws RefusedInput RATE_LIMITED */
  function pay({ key }: Writer, cost: number): void {
    const waitMs = pace.spend(key.deviceId, cost);
    if (waitMs > 0) throw new RefusedInput("RATE_LIMITED", { retryAfterS: Math.ceil(waitMs / 1_000) });
  }

  async function measure({ key }: Writer, collection: Collection, body: Uint8Array): Promise<void> {
    await ingest.accept({
      deviceId: key.deviceId,
      organisationId: key.organisationId,
      kind: "raw",
      format: collection.codec,
      body,
      receivedAt: runtime.clock.now(),
      deliveryKey: null,
      isRedelivery: false,
    });
  }

  return {
    stamp,

    async known(
      writer: Writer,
      collection: Collection,
      incoming: readonly Incoming[],
    ): Promise<readonly StoredDocument[]> {
      return documents.same(whereOf(writer, collection), {
        ids: incoming.flatMap(({ id, identifier }) => [...(id ? [id] : []), ...(identifier ? [identifier] : [])]),
        identifiers: incoming.flatMap(({ identifier }) => (identifier ? [identifier] : [])),
        samenesses: incoming.map(({ sameness }) => sameness),
      });
    },

    /** @param body the request as it came */
    async keep(
      writer: Writer,
      collection: Collection,
      { incoming, known, body }: { incoming: readonly Incoming[]; known: readonly StoredDocument[]; body: Uint8Array },
    ): Promise<Kept[]> {
      pay(writer, 1 + incoming.length / DOCUMENTS_A_COST);
      const kept = new Map<string, Kept>();
      const names: string[] = [];
      const earlierOnes = new Known();
      const knownOnes = new Known(known);
      for (const one of incoming) {
        const earlier = earlierOnes.find(one);
        const before = earlier ? kept.get(earlier.id)?.before : knownOnes.find(one);
        const there = earlier ?? before;
        if (there?.isValid && JSON.stringify(there.content) === JSON.stringify(one.content)) {
          if (!earlier) kept.set(there.id, { document: there, before: there });
          names.push(there.id);
          continue;
        }
        const at = stamp();
        const document: StoredDocument = {
          patientId: there?.patientId ?? writer.key.patientId,
          id: there?.id ?? one.id ?? Buffer.from(runtime.random.bytes(12)).toString("hex"),
          identifier: one.identifier ?? there?.identifier ?? null,
          sameness: one.sameness,
          at: one.at,
          createdAt: there?.createdAt ?? at,
          modifiedAt: at,
          isValid: one.content.isValid !== false,
          content: one.content,
        };
        kept.set(document.id, { document, before });
        earlierOnes.add(document);
        names.push(document.id);
      }
      const written = [...kept.values()].filter(({ document, before }) => document !== before);
      const changed = written.filter(({ before }) => before !== undefined);
      for (const { document, before } of changed) {
        const after = document.isValid ? document.content : null;
        if (before?.isValid) await retraction.before(writer, collection, before.content, after);
      }
      const isTimed = incoming.every((one) => one.isTimed);
      await measure(writer, collection, isTimed ? body : bytesOf(incoming.map(({ content }) => content)));
      for (const { document } of changed) {
        if (document.isValid) await retraction.after(writer, collection, document.content);
      }
      const where = whereOf(writer, collection);
      await documents.save(
        where,
        written.map(({ document }) => document),
      );
      if (collection.keptMs !== null) await documents.forgetBefore(where, runtime.clock.now() - collection.keptMs);
      return names.map((id) => kept.get(id) as Kept);
    },

    /** Marks it as deleted; what of it was measured was entered in error. */
    async remove(writer: Writer, collection: Collection, document: StoredDocument): Promise<StoredDocument> {
      pay(writer, 1);
      if (!document.isValid) return document;
      await retraction.before(writer, collection, document.content, null);
      const gone = { ...document, isValid: false, modifiedAt: stamp() };
      await documents.save(whereOf(writer, collection), [gone]);
      return gone;
    },
  };
}

export type Keeping = ReturnType<typeof createKeeping>;

export const bytesOf = (contents: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(contents));
