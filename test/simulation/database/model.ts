import type { Stream } from "@openward/model";
import { DAY_MS } from "@openward/timeseries";
import type { BlockRow, BlockStore, SavedBlock, SavedRow, SealRows } from "../../../server/store/telemetry/index.ts";
import { DAY_RULES, DayRows, type DayRules } from "./model-days.ts";
import { insertsOf, type Row } from "./model-statements.ts";
import { connectionLost, halfOf, type Store } from "./store.ts";

/** What makes a row the same row, as migrations/0002-telemetry.sql says. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  journal: ["day", "batch_id"],
  raw_input: ["day", "batch_id"],
  stream: ["id"],
  event: ["organisation_id", "device_id", "id"],
  quarantine: ["id"],
  alarm_revision: ["alarm_id", "revision"],
  standby_revision: ["standby_id", "position", "ordinal"],
  expectation: ["stream_id", "position", "ordinal"],
  device_status: ["device_id", "position", "ordinal"],
  device_clock: ["device_id", "position", "ordinal"],
  device_clock_state: ["device_id", "sequence"],
};
const HEADER_BYTES = 256;

const refused = (code: string, text: string) => Object.assign(new Error(text), { code });
const placeOf = (row: { streamId: string; periodStart: number; associationId: string }) =>
  `${row.streamId} ${String(row.periodStart).padStart(15)} ${row.associationId}`;
const byPlace = (a: BlockRow, b: BlockRow) => (placeOf(a) < placeOf(b) ? -1 : 1);

/** The tables of the store in memory: what PostgreSQL does with the same questions, one at a time. */
export function modelDatabase(dayRules: DayRules = DAY_RULES): Store {
  const tables = new Map(Object.keys(KEYS).map((name) => [name, new Map<string, Row>()]));
  const positions = new Set<number>();
  const journalDays = new Set<string>();
  const rawDays = new Set<string>();
  const partitions = new Map([
    ["journal", journalDays],
    ["raw_input", rawDays],
  ]);
  const blocks = new Map<string, SavedBlock>();
  const days = new DayRows(dayRules, blocks);
  const rollups = new Map<string, SavedRow>();
  const watermarks = new Map<string, number>();
  let range = 0;

  const table = (name: string) => tables.get(name) as Map<string, Row>;
  const journal = () =>
    [...table("journal").values()].sort((a, b) => (a.position as number) - (b.position as number)) as {
      day: string;
      position: number;
      batch: Uint8Array;
    }[];
  const watermark = () => (watermarks.size === 0 ? 0 : Math.min(...watermarks.values()));
  const blocksWhere = (isSo: (block: BlockRow) => boolean) => days.all().filter(isSo).sort(byPlace);
  const blocksOf: SealRows["blocksOf"] = async (keys) => {
    const asked = new Set(keys.map(({ streamId, period }) => `${streamId} ${period}`));
    return blocksWhere((block) => asked.has(`${block.streamId} ${block.periodStart}`));
  };
  const isNumeric = (streamId: string) => table("stream").get(streamId)?.kind === "numeric";
  const numericIds = () => [...table("stream").keys()].filter(isNumeric);

  const blockStore: BlockStore = {
    async blocksBetween(streamIds, from, to) {
      const ids = new Set(streamIds);
      return blocksWhere((b) => ids.has(b.streamId) && b.periodStart >= from && b.periodStart < to);
    },
    blocksOf,
    async blocksNext(cursors, isDescending, periods) {
      const found: BlockRow[] = [];
      for (const { streamId, from, to } of cursors) {
        const of = blocksWhere((b) => b.streamId === streamId && b.periodStart >= from && b.periodStart < to);
        const starts = [...new Set(of.map((b) => b.periodStart))];
        const chosen = new Set(isDescending ? starts.slice(-periods) : starts.slice(0, periods));
        found.push(...of.filter((b) => chosen.has(b.periodStart)));
      }
      return found.sort(byPlace);
    },
    async overviewsBetween(streamId, from, to) {
      const of = await blockStore.blocksBetween([streamId], from, to);
      return of.flatMap((block) => {
        const overview = blocks.get(placeOf(block))?.overview ?? null;
        return overview === null ? [] : [{ ...block, payload: overview }];
      });
    },
    async rollupsBetween(streamIds, from, to) {
      const ids = new Set(streamIds);
      const isAsked = (r: SavedRow) => ids.has(r.streamId) && r.periodStart >= from && r.periodStart < to;
      return [...rollups.values()].filter(isAsked).sort(byPlace);
    },
    async newestBlocks(streamIds) {
      return streamIds.flatMap((id) => {
        const of = blocksWhere((b) => b.streamId === id);
        const since = of.at(-2)?.periodStart ?? Number.NEGATIVE_INFINITY;
        const isWhole = isNumeric(id);
        return of
          .filter(({ periodStart }) => periodStart >= since)
          .map((block) => {
            const payload = isWhole ? block.payload : block.payload.slice(0, HEADER_BYTES);
            return { ...block, isNumeric: isWhole, payload };
          });
      });
    },
    async streams() {
      return [...table("stream").values()].map((row) => ({
        id: row.id,
        organisationId: row.organisation_id,
        patientId: row.patient_id,
        deviceId: row.device_id,
        signal: row.signal,
        kind: row.kind,
        unit: row.unit,
      })) as Stream[];
    },
    async runningStreams() {
      return halfOf([...table("stream").keys()]);
    },
    async sealedThrough(from) {
      const through = new Map<string, { streamId: string; period: number; through: number }>();
      for (const { streamId, periodStart: period, sealedThrough } of blocks.values()) {
        if (sealedThrough < from) continue;
        const key = `${streamId} ${period}`;
        const before = through.get(key)?.through ?? sealedThrough;
        through.set(key, { streamId, period, through: Math.max(before, sealedThrough) });
      }
      return [...through.values()];
    },
    async saveWatermark(organisationIds, next) {
      for (const id of [...organisationIds, ...watermarks.keys()]) watermarks.set(id, next);
    },
    joinDays: async (due) => days.join(due, numericIds(), Number.POSITIVE_INFINITY).days,
    async transaction(work) {
      const saves: (() => void)[] = [];
      await work({
        blocksOf,
        async blocksOfDay({ streamId, associationId, dayStart }) {
          const isOfDay = (start: number) => start >= dayStart && start < dayStart + DAY_MS;
          return blocksWhere(
            (b) => b.streamId === streamId && b.associationId === associationId && isOfDay(b.periodStart),
          );
        },
        async setAside() {},
        async saveBlocks(saved) {
          const copies = saved.map((block) => ({ ...block, payload: block.payload.slice() }));
          saves.push(() => {
            for (const block of copies) blocks.set(placeOf(block), block);
          });
        },
        async rollupsOf(keys) {
          const places = keys.map((key) => placeOf({ ...key, periodStart: key.dayStart }));
          return places.flatMap((place) => rollups.get(place) ?? []);
        },
        async saveRollups(saved) {
          const copies = saved.map((rollup) => ({ ...rollup, payload: rollup.payload.slice() }));
          saves.push(() => {
            for (const rollup of copies) rollups.set(placeOf(rollup), rollup);
          });
        },
      });
      for (const save of saves) save();
    },
  };

  return {
    async run(statement) {
      if (statement.text === "SELECT 1") return [];
      const inserts = insertsOf(statement);
      if (inserts.length === 0) throw refused("0A000", `the model does not know: ${statement.text.slice(0, 80)}`);
      for (const { table: name, rows } of inserts)
        for (const row of rows)
          if (!(partitions.get(name)?.has(row.day as string) ?? true))
            throw refused("23514", "no partition for the row");
      for (const { table: name, rows } of inserts) {
        for (const row of rows) {
          const key = (KEYS[name] as readonly string[]).map((column) => row[column]).join(" ");
          if (table(name).has(key)) continue;
          table(name).set(key, row);
          if (name === "journal") positions.add(row.position as number);
        }
      }
      return [];
    },
    rows: {
      nextRange: async () => ++range,
      watermark: async () => watermark(),
      async page(after, rowsMax) {
        return journal()
          .filter((row) => row.position > after)
          .slice(0, rowsMax);
      },
      async prepareDays(first, count) {
        for (let n = 0; n < count; n++) {
          const day = new Date(Date.parse(first) + n * DAY_MS).toISOString().slice(0, 10);
          for (const each of partitions.values()) each.add(day);
        }
      },
      async dropBefore(day) {
        let dropped = 0;
        for (const each of journalDays) {
          const rows = journal().filter((row) => row.day === each);
          const isSealed = watermarks.size > 0 && rows.every((row) => row.position < watermark());
          if (each >= day || (rows.length > 0 && !isSealed)) continue;
          journalDays.delete(each);
          for (const [key, row] of table("journal")) if (row.day === each) table("journal").delete(key);
          dropped++;
        }
        return dropped;
      },
      async dropRawBefore(day) {
        const old = [...rawDays].filter((each) => each < day);
        for (const each of old) rawDays.delete(each);
        for (const [key, row] of table("raw_input"))
          if (old.includes(row.day as string)) table("raw_input").delete(key);
        return old.length;
      },
    },
    blocks: blockStore,
    async joinDays(due, transactionsMax) {
      const { days: written, isWhole } = days.join(due, numericIds(), transactionsMax);
      if (!isWhole) throw connectionLost();
      return written;
    },
    hasPosition: (position) => positions.has(position),
    async stored() {
      return {
        journal: journal(),
        raw: [...table("raw_input").values()].map((row) => ({
          position: row.position as number,
          input: row.input as Uint8Array,
        })),
        hours: [...blocks.values()].filter(({ streamId }) => isNumeric(streamId)),
        days: days.rows.length,
        quarantine: [...table("quarantine").values()].map((row) => ({
          id: row.id as string,
          organisationId: row.organisation_id as string,
          deviceId: row.device_id as string,
          raw: row.raw as Uint8Array,
        })),
        events: [...table("event").values()].map((row) => ({
          deviceId: row.device_id as string,
          patientId: row.patient_id as string | null,
          at: row.at as number,
        })),
        watermark: watermark(),
      };
    },
    async close() {},
  };
}
