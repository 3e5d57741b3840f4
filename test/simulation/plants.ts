import { createSecretKey } from "node:crypto";
import type { JournalEntry } from "@openward/model";
import { isRawBatch } from "../../server/store/raw/format.ts";
import { DAY_RULES, type DayRules } from "./database/model-days.ts";
import type { Plant } from "./server.ts";
import type { Invariant } from "./world.ts";

interface PlantedFault {
  readonly what: string;
  readonly breaks: Invariant;
  /** Of the seeds that are tried the one to begin with, as it found the fault before; 1 where there is none. */
  readonly seen?: number;
  readonly plant?: Plant;
  /** Wrong in the database itself. */
  readonly dayRules?: Partial<DayRules>;
}

/** For every invariant at least one part that is wrong in the way that it is there to find. */
export const plantedFaults: readonly PlantedFault[] = [
  {
    what: "a spool file that cannot be read counts as an empty one",
    breaks: "stored",
    seen: 5,
    plant: ({ disk }) => ({ disk: { ...disk, read: async () => new Uint8Array() } }),
  },
  {
    what: "a process encrypts under a key that it keeps to itself",
    breaks: "stored",
    plant({ keys }, world) {
      const secret = createSecretKey(world.runtime.random.bytes(32));
      return { keys: { ...keys, ofPatient: (...of) => ({ id: keys.ofPatient(...of).id, secret }) } };
    },
  },
  {
    what: "the spool's flush does not reach the disk",
    breaks: "durable",
    plant: ({ disk }) => ({
      disk: { ...disk, create: async (name) => ({ ...(await disk.create(name)), flush: async () => {} }) },
    }),
  },
  {
    what: "the database answers before it commits",
    breaks: "durable",
    plant: ({ connect }) => ({
      async connect() {
        const connection = await connect();
        return {
          ...connection,
          async query(statement) {
            if (!statement.text.includes("INTO journal")) return connection.query(statement);
            connection.query(statement).catch(() => {});
            return { rows: [] };
          },
        };
      },
    }),
  },
  {
    what: "deliveries are forgotten at a restart",
    breaks: "once",
    seen: 18,
    plant: () => ({ deliveries: () => ({ first: () => undefined }) }),
  },
  {
    what: "questions are answered before the journal is read back",
    breaks: "merged",
    seen: 32,
    plant: () => ({
      recovery: (tails) => ({
        ...tails,
        async prepareReplay(watermark) {
          const replay = await tails.prepareReplay(watermark);
          await tails.recovered(watermark);
          return replay;
        },
        recovered: async () => {},
      }),
    }),
  },
  {
    what: "a reading is made up",
    breaks: "sent",
    plant: () => ({
      journal: (journal) => ({
        append: (entries, raw) =>
          journal.append(
            entries.flatMap((entry): JournalEntry[] => {
              if (entry.kind !== "readings") return [entry];
              const times = entry.readings.times.map((time) => time + 0.5);
              return [entry, { ...entry, readings: { ...entry.readings, times } }];
            }),
            raw,
          ),
      }),
    }),
  },
  {
    what: "blocks come in the wrong order",
    breaks: "order",
    plant: ({ blocks }) => ({
      blocks: { ...blocks, blocksNext: async (...asked) => (await blocks.blocksNext(...asked)).reverse() },
    }),
  },
  {
    what: "memory has what was acknowledged a moment later",
    breaks: "ownWrites",
    plant: (_, world) => ({
      tails: (tails) => ({ committed: (...what) => world.later(40, () => tails.committed(...what)) }),
    }),
  },
  {
    what: "values are rounded",
    breaks: "exact",
    plant: () => ({
      journal: (journal) => ({
        append: (entries, raw) =>
          journal.append(
            entries.map((entry) => {
              if (entry.kind !== "readings") return entry;
              return { ...entry, readings: { ...entry.readings, values: entry.readings.values.map(Math.fround) } };
            }),
            raw,
          ),
      }),
    }),
  },
  {
    what: "a reading goes to whoever wears the device now",
    breaks: "patient",
    plant: (_, world) => ({
      directory: (directory) => ({ ...directory, associationAt: (id) => directory.associationAt(id, world.now) }),
    }),
  },
  {
    what: "what cannot be placed is dropped",
    breaks: "quarantine",
    plant: () => ({
      journal: (journal) => ({
        append: (entries, raw) =>
          journal.append(
            entries.filter(({ kind }) => kind !== "quarantine"),
            raw,
          ),
      }),
    }),
  },
  {
    what: "what was sent is not written to the spool",
    breaks: "raw",
    seen: 5,
    plant: ({ disk }) => ({
      disk: {
        ...disk,
        async create(name) {
          const file = await disk.create(name);
          // A record is a head and a batch.
          const isOfBatch = (_: Uint8Array, i: number, parts: readonly Uint8Array[]) =>
            !isRawBatch(parts[i - (i % 2) + 1] as Uint8Array);
          return { ...file, append: (parts) => file.append(parts.filter(isOfBatch)) };
        },
      },
    }),
  },
  {
    what: "what was sent is kept cut off",
    breaks: "raw",
    plant: () => ({
      journal: (journal) => ({
        append: (entries, raw) => journal.append(entries, raw && { ...raw, body: raw.body.subarray(1) }),
      }),
    }),
  },
  {
    what: "of commits that end at one moment, memory is given the last one first",
    breaks: "ascending",
    plant: () => ({
      tails(tails) {
        const atOnce: Parameters<typeof tails.committed>[] = [];
        return {
          committed(...what) {
            // Before anybody is answered.
            if (atOnce.push(what) === 1)
              queueMicrotask(() =>
                atOnce
                  .splice(0)
                  .reverse()
                  .forEach((each) => void tails.committed(...each)),
              );
          },
        };
      },
    }),
  },
  {
    what: "positions begin again at every start",
    breaks: "ascending",
    plant: ({ rows }) => ({
      rows: {
        ...rows,
        async nextRange() {
          await rows.nextRange();
          return 1;
        },
      },
    }),
  },
  {
    what: "rollups are not read",
    breaks: "merged",
    plant: ({ blocks }) => ({ blocks: { ...blocks, rollupsBetween: async () => [] } }),
  },
  {
    what: "sealing is over before its commit",
    breaks: "merged",
    plant: ({ blocks }, world) => ({
      blocks: {
        ...blocks,
        async transaction(work) {
          blocks.transaction((rows) => work(rows).then(() => world.sleep(60_000))).catch(() => {});
        },
      },
    }),
  },
  {
    what: "a day's row forgets what it had when a late hour comes in",
    breaks: "merged",
    seen: 30,
    dayRules: { joined: (_, taken) => DAY_RULES.joined(undefined, taken) },
  },
  {
    what: "an hour goes and is not in its day's row",
    breaks: "watermark",
    seen: 4,
    dayRules: { joined: (before, taken) => DAY_RULES.joined(before, taken.slice(1)) },
  },
  {
    what: "an hour of a day's row is read in place of the newer one beside it",
    breaks: "merged",
    seen: 15,
    dayRules: { newer: (_, ofDay) => ofDay },
  },
  {
    what: "days are not put together",
    breaks: "joined",
    plant: ({ blocks }) => ({ blocks: { ...blocks, joinDays: async () => 0 } }),
  },
  {
    what: "the watermark runs ahead",
    breaks: "watermark",
    seen: 3,
    plant: ({ blocks }) => ({
      blocks: {
        ...blocks,
        saveWatermark: (ids, watermark, now) => blocks.saveWatermark(ids, watermark + 1_000, now),
      },
    }),
  },
  {
    what: "a connection that was lost is not made again",
    breaks: "recovers",
    plant: ({ connect }) => {
      let lost: unknown;
      return {
        async connect() {
          if (lost) throw lost;
          try {
            return await connect();
          } catch (error) {
            lost = error;
            throw error;
          }
        },
      };
    },
  },
];
