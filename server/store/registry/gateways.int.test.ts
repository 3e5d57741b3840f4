import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { manualRuntime } from "@openward/runtime/manual";
import { openTestDatabase, type TestDatabase } from "../database/testing/database.ts";
import { createRegistry } from "./index.ts";

const ORGANISATION = "018f0000-0000-7000-8000-0000000000aa";
const NOW = Date.UTC(2026, 10, 22, 12);

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  const { owner } = database;
  await owner.query("INSERT INTO organisation (organisation_id, name, created_at) VALUES ($1, 'Test', 0)", [
    ORGANISATION,
  ]);
  await owner.query(
    "INSERT INTO device (id, organisation_id, type, display, created_at) VALUES ('gw', $1, 'generic', 'Gateway', 0)",
    [ORGANISATION],
  );
});
after(() => database?.close());

test("versions of a gateway's settings say who, what, and when it took them up, by the first report that tells so", async () => {
  const { owner, api, worker } = database;
  const { gateways } = createRegistry({ api, worker, runtime: manualRuntime(NOW) });
  const set = (seen: number, settings: object, change: { changed: string[]; restores?: number }) =>
    gateways.configure(ORGANISATION, "gw", settings, seen, "kim", change);
  await set(0, { linkAlarmSeconds: 30 }, { changed: ["linkAlarmSeconds"] });
  await set(1, { linkAlarmSeconds: 90 }, { changed: ["linkAlarmSeconds"] });
  await assert.rejects(set(1, {}, { changed: [] }), { code: "CONFLICT" });
  let n = 0;
  const report = (detail: object) =>
    owner.query(
      `INSERT INTO event (id, organisation_id, device_id, patient_id, association_id, event, at, time_from_server, received_at, detail)
       VALUES ($1, $2, 'gw', NULL, NULL, 'gateway-report', $3, false, $3, $4)`,
      [`report-${++n}`, ORGANISATION, NOW + n, JSON.stringify(detail)],
    );
  const refused = [{ at: "bluetooth", reason: "the box has none" }];
  await report({ configuration: "1-ab", takenUpAt: NOW - 500 });
  await report({ configuration: "2-cd", takenUpAt: NOW - 100, refused });
  // Of the same settings, with other limits; and words that no gateway says.
  await report({ configuration: "2-ef", takenUpAt: NOW + 900, refused: [] });
  await report({ configuration: null });
  await report({ configuration: "99999999999-ab" });
  await report({ configuration: "3-ab", takenUpAt: "soon" });
  await set(2, { linkAlarmSeconds: 30 }, { changed: ["linkAlarmSeconds"], restores: 1 });
  const versions = await gateways.versionsOf(ORGANISATION, "gw");
  assert.deepEqual(
    versions.map(({ revision, restores, takenUpAt, refused }) => [revision, restores, takenUpAt, refused]),
    [
      [3, 1, null, []],
      [2, null, NOW - 100, refused],
      [1, null, NOW - 500, []],
    ],
  );
  assert.deepEqual((await gateways.versionOf(ORGANISATION, "gw", 2))?.settings, { linkAlarmSeconds: 90 });
  assert.equal(await gateways.versionOf(ORGANISATION, "gw", 9), undefined);
  const { rows } = await owner.query(
    "SELECT detail FROM audit_event WHERE action = 'device.configure' ORDER BY detail->>'revision'",
  );
  assert.deepEqual(
    rows.map(({ detail }) => detail),
    [1, 2, 3].map((revision) => ({
      revision,
      changed: ["linkAlarmSeconds"],
      ...(revision === 3 && { restores: 1 }),
    })),
  );
  const told = await owner.query("SELECT count(*)::integer AS n FROM event WHERE event = 'gateway-report'");
  assert.equal(told.rows[0]?.n, n, "a report is kept, whatever it says");
});
