import type { JournalEntry } from "@openward/model";
import { readSpoolFile } from "@openward/spool";
import { readBatchHeader } from "../../server/store/journal/batch.ts";
import type { Connect, Disk, SqlStatement } from "../../server/store/journal/index.ts";
import { isRawBatch } from "../../server/store/raw/format.ts";
import { insertsOf } from "../simulation/database/model-statements.ts";

/** Knows which places of the journal are durable, and where each message has come to stand. */
export class Witness {
  readonly #durable = new Set<number>();
  readonly #places = new WeakMap<JournalEntry, { first: number; last: number }>();
  readonly #entryOf = new Map<string, JournalEntry>();
  /** What a client held in its hands too early. */
  readonly early: string[] = [];
  readonly counts = { acks: 0, throughDatabase: 0, throughSpool: 0 };

  /** @param key device and time of its only reading */
  appended(entries: readonly JournalEntry[]): void {
    for (const entry of entries)
      if (entry.kind === "readings")
        this.#entryOf.set(keyOf(entry.readings.stream.deviceId, entry.readings.times[0]), entry);
  }

  committed(entries: readonly JournalEntry[], first: number, last: number): void {
    for (const entry of entries) this.#places.set(entry, { first, last });
  }

  /** The acknowledgement of a message has arrived at its device. */
  acknowledged(deviceId: string, time: number): void {
    this.counts.acks++;
    const key = keyOf(deviceId, time);
    const entry = this.#entryOf.get(key);
    const place = entry && this.#places.get(entry);
    if (!place) {
      this.early.push(`${key}: it had no place in the journal yet`);
      return;
    }
    for (let position = place.first; position <= place.last; position++)
      if (!this.#durable.has(position)) this.early.push(`${key}: place ${position} was neither committed nor flushed`);
  }

  /** The connections themselves, behind every fault: what they have answered is committed. */
  connections(real: Connect): Connect {
    return async () => {
      const connection = await real();
      let begun: number[] | undefined;
      return {
        ...connection,
        query: async (statement) => {
          if (statement.text === "BEGIN") begun = [];
          const positions = positionsOf(statement);
          const answer = await connection.query(statement);
          if (begun) begun.push(...positions);
          else this.#nowDurable(positions, "throughDatabase");
          if (statement.text === "COMMIT") {
            this.#nowDurable(begun ?? [], "throughDatabase");
            begun = undefined;
          }
          return answer;
        },
      };
    };
  }

  /** The disk itself: what was written before a flush that has ended is there. */
  disk(real: Disk): Disk {
    return {
      ...real,
      create: async (name) => {
        const file = await real.create(name);
        const written: Uint8Array[] = [];
        return {
          ...file,
          append: async (chunks) => {
            const copies = chunks.map((chunk) => chunk.slice());
            await file.append(chunks);
            written.push(...copies);
          },
          flush: async () => {
            const bytes = Buffer.concat(written);
            await file.flush();
            const { batches } = readSpoolFile(bytes);
            this.#nowDurable(
              batches.filter((batch) => !isRawBatch(batch)).map((batch) => readBatchHeader(batch).position),
              "throughSpool",
            );
          },
        };
      },
    };
  }

  #nowDurable(positions: readonly number[], how: "throughDatabase" | "throughSpool"): void {
    for (const position of positions) {
      if (!this.#durable.has(position)) this.counts[how]++;
      this.#durable.add(position);
    }
  }
}

const keyOf = (deviceId: string, time: number | undefined) => `${deviceId} ${time}`;

// Read before it is sent: its bytes are the journal's to use again afterwards.
function positionsOf(statement: SqlStatement): number[] {
  if (!statement.text.includes("INTO journal ")) return [];
  return insertsOf(statement)
    .filter(({ table }) => table === "journal")
    .flatMap(({ rows }) => rows.map((row) => Number(row.position)));
}
