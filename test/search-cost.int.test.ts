import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RefusedInput } from "@openward/errors";
import type { ResourceQuery } from "@openward/fhir/store";
import type { RecordContext } from "../server/record/context.ts";
import { needCheapTexts } from "../server/record/search/observation-cost.ts";
import { createSearchCost } from "../server/store/cost/index.ts";
import { openTestDatabase, type TestDatabase } from "../server/store/database/testing/database.ts";
import { createTables, type Tables } from "../server/store/registry/transaction.ts";
import { hashOf } from "../server/store/resources/hash.ts";
import { searchStatement } from "../server/store/resources/search.ts";

/** What a search is said to cost, by a real database with a hundred and twenty thousand Observations, and what it does cost. */
const ROWS = 120_000;
/** OPENWARD_SEARCH_COST_MAX as it is when nobody sets it. */
const COST_MAX = 1_000_000;
const organisationId = "018f0000-0000-7000-8000-0000000000aa";
const principal = { organisationId, id: "018f0000-0000-7000-8000-0000000000bb" };

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  const { owner } = database;
  const hash = (term: string) => hashOf("Observation", term);
  await owner.query("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Test', 0)", [
    organisationId,
  ]);
  await owner.query(
    `INSERT INTO resource (organisation_id, type, id, version, updated_at, content, terms)
     SELECT $1, 'Observation', 'o' || n, 1, n, '{"resourceType":"Observation"}',
       CASE WHEN n % 30000 = 0 THEN ARRAY[$2, $3]::bigint[] ELSE ARRAY[$2]::bigint[] END
       FROM generate_series(1, ${ROWS}) AS g (n)`,
    [organisationId, hash("status\tfinal"), hash("code\trare")],
  );
  await owner.query(
    `INSERT INTO resource_span (number, ordinal, organisation_id, key, low, high)
     SELECT number, 1, organisation_id, $1, number, number FROM resource`,
    [hash("value-quantity")],
  );
  await owner.query("ANALYZE resource");
  await owner.query("ANALYZE resource_span");
});
after(() => database?.close());

const asked = (...terms: readonly string[]): ResourceQuery => ({
  type: "Observation",
  conditions: terms.map((term) => ({ kind: "terms", anyOf: [term] })),
  sort: [{ by: "span", key: "value-quantity", isDescending: true }],
  limit: 51,
  whose: { isWithoutPatients: false, onlyPatients: undefined, withoutPatients: [] },
});
const DEAR = asked("status\tfinal");
const CHEAP = asked("status\tfinal", "code\trare");

const contextOf = (tables: Tables) =>
  ({
    view: { principal },
    cost: createSearchCost({ tables, readingsMax: 200_000, textsMax: COST_MAX }),
  }) as unknown as RecordContext; // nothing else of it is asked

async function refusalOf(tables: Tables, query: ResourceQuery): Promise<RefusedInput | undefined> {
  try {
    await needCheapTexts(contextOf(tables), query);
    return undefined;
  } catch (error) {
    if (error instanceof RefusedInput) return error;
    throw error;
  }
}

interface Plan {
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly Plans?: readonly Plan[];
}

/** How many rows the search really takes in its hands. */
async function rowsOf(tables: Tables, query: ResourceQuery): Promise<number> {
  const { text, values } = searchStatement(query);
  const [row] = await tables.inOrganisation(principal, (tx) =>
    tx.rows<{ "QUERY PLAN": readonly { readonly Plan: Plan }[] }>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values),
  );
  const count = ({ "Actual Rows": rows, "Actual Loops": loops, Plans = [] }: Plan): number =>
    rows * loops + Plans.reduce((sum, one) => sum + count(one), 0);
  return row ? count(row["QUERY PLAN"][0]?.Plan as Plan) : 0;
}

/** Is refused what really is dear, and nothing else? */
async function isAsItIs(tables: Tables, query: ResourceQuery): Promise<boolean> {
  const rows = await rowsOf(createTables(database), query);
  return rows >= ROWS === ((await refusalOf(tables, query)) !== undefined);
}

test("a search that would look at everything is refused with advice, and one for a few is not", async () => {
  const tables = createTables(database);
  const [dear, cheap] = [await rowsOf(tables, DEAR), await rowsOf(tables, CHEAP)];
  const { texts } = createSearchCost({ tables, readingsMax: 1, textsMax: 1 });
  console.log(
    `looks at ${dear} rows, said ${Math.round(await texts(principal, DEAR))}; at ${cheap}, said ${Math.round(await texts(principal, CHEAP))}`,
  );
  assert.ok(dear >= ROWS && cheap < 1_000, `${dear}, ${cheap}`);
  const refusal = await refusalOf(tables, DEAR);
  assert.equal(refusal?.code, "SEARCH_TOO_COSTLY");
  assert.match(String(refusal?.facts.expected), /a patient, an identifier/);
  assert.equal(await refusalOf(tables, CHEAP), undefined);
  assert.ok((await isAsItIs(tables, DEAR)) && (await isAsItIs(tables, CHEAP)));
});

test("a planner to whom work costs nothing, or everything, is noticed", async () => {
  const real = createTables(database);
  const withCosts = (cost: number): Tables => ({
    ...real,
    inOrganisation: (asker, work) =>
      real.inOrganisation(asker, async (tx) => {
        for (const name of [
          "seq_page_cost",
          "random_page_cost",
          "cpu_tuple_cost",
          "cpu_index_tuple_cost",
          "cpu_operator_cost",
        ])
          await tx.run(`SET LOCAL ${name} = ${cost}`);
        return work(tx);
      }),
  });
  assert.equal(await isAsItIs(withCosts(0), DEAR), false);
  assert.equal(await isAsItIs(withCosts(1_000_000), CHEAP), false);
});
