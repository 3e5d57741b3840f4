import { createHash } from "node:crypto";
import { RefusedInput } from "@openward/errors";
import { fillIn } from "@openward/fhir/form";
import type {
  Filling,
  Kept,
  ObservationForm,
  ObservationForms,
  ResourceAsker,
  UntakenFilling,
} from "@openward/fhir/store";
import type { Clock, Timers } from "@openward/runtime";
import type { Tables, Transaction } from "../registry/transaction.ts";
import { hashOf } from "./hash.ts";
import { withHouse } from "./house.ts";
import type { KnownOverlays } from "./overlays.ts";
import type { Reservations } from "./reservations.ts";
import { createTaken, type Looked } from "./taken.ts";

const TYPE = "Observation";

export interface KnownForms extends ObservationForms {
  close(): Promise<void>;
}

interface Waiting {
  readonly asker: ResourceAsker;
  readonly fillings: readonly Filling[];
  resolve(kept: Awaited<ReturnType<ObservationForms["fill"]>>): void;
  reject(error: unknown): void;
}

/** Forms, and what was filled in, in PostgreSQL. */
export function createForms({
  tables: given,
  clock,
  timers,
  reservations,
  overlays,
}: {
  readonly tables: Tables;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly reservations: Reservations;
  readonly overlays: KnownOverlays;
}): KnownForms {
  const tables = withHouse(given);
  const taken = createTaken({ tables, timers });
  let waiting: Waiting[] = [];
  let isRunning = false;
  let looked: Looked = { organisationIds: [], last: 0, at: 0 };

  /** One transaction after the other for all who wait: changes of a later one have greater numbers. */
  const run = async () => {
    isRunning = true;
    while (waiting.length > 0) {
      const all = waiting;
      waiting = [];
      const group = taken.begin();
      const byAsker = Map.groupBy(all, ({ asker }) => `${asker.organisationId} ${asker.id} ${asker.isHouse ?? false}`);
      await Promise.all([...byAsker.values()].map((some) => keepAll(some, group)));
      group.end(clock.now());
    }
    isRunning = false;
  };

  const keepAll = async (some: readonly Waiting[], group: ReturnType<typeof taken.begin>): Promise<void> => {
    const [first] = some;
    if (!first) return;
    try {
      const updatedAt = clock.now();
      const fillings = some.length === 1 ? first.fillings : some.flatMap((one) => one.fillings);
      const rows = await tables.inOrganisation(first.asker, (tx) => insert(tx, fillings, updatedAt));
      const there = new Set<string>();
      let last = 0;
      for (const { id, change } of rows) {
        there.add(id);
        last = Math.max(last, Number(change));
      }
      group.add(first.asker.organisationId, last);
      for (const one of some) {
        const kept = one.fillings.map(({ id }): Kept => (there.has(id) ? { updatedAt } : undefined));
        one.resolve({ kept, taken: group.waitFor() });
      }
    } catch (error) {
      if (!(error instanceof RefusedInput)) group.unknown();
      // What is wrong with one is no matter of the others.
      if (some.length === 1) first.reject(error);
      else for (const one of some) await keepAll([one], group);
    }
  };

  return {
    open: async (asker, form) => {
      const number = await tables.inOrganisation(asker, (tx) => openForm(tx, asker.organisationId, form));
      overlays.kept({ streams: [{ id: form.streamId, patientId: form.patientId }], untaken: [] }, [form.patientId]);
      return number;
    },

    async fill(asker, fillings) {
      const mine = fillings.filter(({ id }) => reservations.take(id));
      try {
        if (mine.length === 0) return { kept: fillings.map(() => undefined), taken() {} };
        const done = await new Promise<Awaited<ReturnType<ObservationForms["fill"]>>>((resolve, reject) => {
          waiting.push({ asker, fillings: mine, resolve, reject });
          if (!isRunning) void run();
        });
        if (mine.length === fillings.length) return done;
        const byId = new Map(mine.map(({ id }, i) => [id, done.kept[i]]));
        return { ...done, kept: fillings.map((one) => (mine.includes(one) ? byId.get(one.id) : undefined)) };
      } finally {
        reservations.release(mine.map(({ id }) => id));
      }
    },

    async untaken(before) {
      const at = clock.now();
      const found = await tables.everywhere((tx) => untakenOf(tx, before));
      const organisationIds = [...new Set(found.map(({ organisationId }) => organisationId))];
      looked = { organisationIds, last: found.at(-1)?.change ?? 0, at };
      return found;
    },
    caughtUp: (before) => taken.caughtUp(Math.min(before, looked.at - 1), looked),
    close: taken.close,
  };
}

/** As PostgreSQL reads an array, of what needs no quotes. */
const list = (values: readonly (string | number | null)[]): string => `{${values.join(",")}}`;

const INSERT = `
  WITH held AS MATERIALIZED (SELECT forms_to_fill($1::bigint[]) AS number)
  INSERT INTO observation_filled (organisation_id, id, form, patient_id, stream_id, updated_at, effective, value, at, at_end, amount, base_amount)
  SELECT f.organisation_id, g.id, f.number, f.patient_id, f.stream_id, $2, g.effective, g.value, g.at, g.at_end, g.amount, g.base
    FROM unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::double precision[], $10::double precision[])
        AS g (id, form, effective, value, at, at_end, amount, base)
      JOIN held h ON h.number = g.form JOIN observation_form f ON f.number = g.form
   WHERE f.number = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM resource r WHERE r.organisation_id = f.organisation_id AND r.type = '${TYPE}' AND r.id = g.id)
  ON CONFLICT (id) DO NOTHING RETURNING id, change`;

async function insert(
  tx: Transaction,
  fillings: readonly Filling[],
  updatedAt: number,
): Promise<{ readonly id: string; readonly change: number }[]> {
  return tx.rows(
    INSERT,
    [
      list([...new Set(fillings.map(({ form }) => form))]),
      updatedAt,
      list(fillings.map(({ id }) => id)),
      list(fillings.map(({ form }) => form)),
      list(fillings.map(({ effective }) => effective)),
      list(fillings.map(({ value }) => value)),
      list(fillings.map(({ at }) => at)),
      list(fillings.map(({ atEnd }) => atEnd)),
      list(fillings.map(({ amount }) => amount)),
      list(fillings.map(({ baseAmount }) => (baseAmount === undefined ? "NULL" : baseAmount))),
    ],
    "observation-fill",
  );
}

async function openForm(tx: Transaction, organisationId: string, form: ObservationForm): Promise<number> {
  const { patientId, streamId, deviceId, writer, content, findable, amountKeys, baseKeys } = form;
  const digest = createHash("sha256").update(`${writer}\n${content}`).digest();
  const key = (one: string) => hashOf(TYPE, one);
  await tx.run(
    `INSERT INTO observation_form (organisation_id, patient_id, stream_id, device_id, writer, digest, content, terms, words,
        string_keys, string_values, string_folded, amount_keys, base_keys)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::bigint[], to_tsvector('simple', $9), $10::bigint[], $11::text[], $12::text[], $13::bigint[], $14::bigint[])
     ON CONFLICT (organisation_id, digest) DO NOTHING`,
    [
      ...[organisationId, patientId, streamId, deviceId, writer, digest, content],
      findable.terms.map(key),
      findable.words,
      findable.strings.map((one) => key(one.key)),
      findable.strings.map(({ value }) => value),
      findable.strings.map(({ folded }) => folded),
      amountKeys.map(key),
      baseKeys.map(key),
    ],
  );
  await tx.run(
    "INSERT INTO observation_stream (organisation_id, stream_id, patient_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    [organisationId, streamId, patientId],
  );
  const [row] = await tx.rows<{ number: number }>(
    "SELECT number FROM observation_form WHERE organisation_id = $1 AND digest = $2",
    [organisationId, digest],
  );
  if (!row) throw new Error("a form that was kept is there");
  return Number(row.number);
}

interface UntakenRow extends Omit<UntakenFilling, "content"> {
  readonly change: number;
  readonly form: string;
  readonly effective: string;
  readonly value: string;
}

async function untakenOf(tx: Transaction, before: number): Promise<(UntakenFilling & { readonly change: number })[]> {
  const rows = await tx.rows<UntakenRow>(
    `SELECT l.organisation_id::text AS "organisationId", f.device_id AS "deviceId", l.id, f.content AS form, l.effective, l.value,
        l.is_superseded AS "isSuperseded", l.updated_at AS at, l.change
       FROM observation_filled l JOIN observation_form f ON f.number = l.form
      WHERE l.change > (SELECT coalesce(max(through), 0) FROM observation_taken) AND l.updated_at <= $1 ORDER BY l.change`,
    [Math.min(before, Number.MAX_SAFE_INTEGER)],
  );
  return rows.map(({ form, effective, value, change, ...one }) => ({
    ...one,
    change: Number(change),
    content: fillIn(form, { effective, value }),
  }));
}
