import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { findCodec } from "@openward/codecs/raw";
import { parseUdi } from "@openward/codecs/udi";
import { findSignal } from "@openward/signals";
import { coverageRow } from "./coverage.ts";
import { matchDriver } from "./identify.ts";
import {
  type DeviceIdentity,
  type Driver,
  driverFor,
  drivers,
  expectedIntervalMs,
  findDriver,
  misfitOf,
  rhythmOf,
  shortestIntervalMs,
} from "./index.ts";

for (const driver of drivers) {
  test(`every signal of ${driver.key} is in the vocabulary and has a possible interval`, () => {
    assert.match(driver.key, /^[a-z0-9-]{1,64}$/);
    for (const [key, intervalMs] of Object.entries(driver.signals)) {
      const signal = findSignal(key);
      assert.ok(signal, `${driver.key} names ${key}`);
      assert.notEqual(signal.kind, "event", `${key} is an event: events are never expected`);
      if (intervalMs !== null) assert.ok(intervalMs >= 100 && Number.isInteger(intervalMs), `${key}: ${intervalMs} ms`);
    }
    if (driver.offlineAfterMs !== null) assert.ok(driver.offlineAfterMs >= 10_000);
  });
}

/** Codecs that drivers name and that are not in the registry yet. */
const COMING: ReadonlySet<string> = new Set();

for (const driver of drivers) {
  test(`${driver.key} names codecs that exist, signals it has, a kind that is a type, and how it was tested`, () => {
    for (const name of driver.codecs) assert.ok(findCodec(name) || COMING.has(name), `codec ${name}`);
    const hung = driver.containment?.channels?.flatMap(({ signals }) => signals) ?? [];
    for (const signal of [...hung, ...Object.keys(driver.sampleRatesHz ?? {})])
      assert.ok(Object.hasOwn(driver.signals, signal), `${signal} is among its signals`);
    assert.equal(findDriver(driver.kind)?.kind, driver.kind, driver.kind);
    assert.ok(driver.tested.source.length > 20, "says what it was tested with");
    assert.ok(driver.transports.length > 0);
    if (driver.tested.by === "captures") assert.ok(driver.codecs.length > 0);
    // A model may be watched more closely than its type, and a pendant never less.
    if (driver.kind === "sos-pendant") {
      assert.ok(driver.offlineAfterMs !== null && driver.unheardAfterMs !== undefined);
    }
  });
}

test("there are at least 25 models and profiles, each kind of the ward's devices among them", () => {
  const models = drivers.filter(({ key, kind }) => key !== kind);
  assert.ok(models.length >= 25, String(models.length));
  const kinds = new Set(models.map(({ kind }) => kind));
  for (const kind of [
    "blood-pressure-cuff",
    "pulse-oximeter",
    "thermometer",
    "weighing-scale",
    "glucose-meter",
    "cgm",
    "heart-rate-strap",
    "sos-pendant",
    "spirometer",
    "ventilator",
    "infusion-pump",
    "bedside-monitor",
  ])
    assert.ok(kinds.has(kind), kind);
});

test("no two drivers claim the same name, model or device identifier", () => {
  const seen = new Map<string, string>();
  for (const { key, identity } of drivers) {
    for (const claim of [identity.name?.source, identity.model && `${identity.manufacturer}${identity.model}`]) {
      if (claim === undefined) continue;
      assert.equal(seen.get(claim), undefined, `${key} and ${seen.get(claim)}: ${claim}`);
      seen.set(claim, key);
    }
    for (const di of identity.di ?? []) assert.equal(parseUdi(`(01)${di.padStart(14, "0")}`, 2026).check, "right", di);
  }
});

test("what a device says of itself finds its driver: label, maker and model, name, profile", () => {
  const found = (identity: DeviceIdentity) => {
    const match = driverFor(identity);
    return match && `${match.driver.key} by ${match.by}`;
  };
  assert.equal(found({ manufacturer: "Polar Electro Oy", model: "H10" }), "polar-h10 by model");
  assert.equal(found({ name: "A&D_UA-651BLE_75E8D1", services: ["1810"] }), "and-ua-651ble by name");
  assert.equal(found({ manufacturer: "Roche", model: "925" }), "accu-chek-guide by model");
  assert.equal(found({ manufacturer: "Nonin Medical, Inc.", model: "3230" }), "nonin-3230 by model");
  assert.equal(found({ model: "3230" }), undefined, "a number alone is nobody's");
  assert.equal(found({ manufacturer: "Somebody", name: "Polar H10 12345678" }), undefined, "another maker");
  assert.equal(found({ services: ["180D", "180F"] }), "bluetooth-heart-rate by service");
  assert.equal(found({ services: ["181d"] }), "bluetooth-scale by service");
  assert.equal(found({ services: ["181d", "181b"] }), "bluetooth-body-composition by service");
  assert.equal(found({ services: ["1810", "1809"] }), undefined, "two kinds at once: a person decides");
  assert.equal(found({ mds: [528391] }), "agent-blood-pressure by mds");
  assert.equal(found({}), undefined);
});

test("a device identifier decides before everything else", () => {
  const [first, second] = drivers.filter(({ identity }) => identity.model !== undefined) as [Driver, Driver];
  const labelled = { ...second, identity: { ...second.identity, di: ["04012345000016"] } };
  const match = matchDriver({ di: "04012345000016", name: "Polar H10 1" }, [first, labelled]);
  assert.deepEqual([match?.driver, match?.by], [labelled, "udi"]);
});

test("facts that do not fit the registered type are told, and what is only more exact is not", () => {
  const misfit = (type: string, identity: DeviceIdentity) => misfitOf(type, identity)?.driver.key;
  const cuff = { manufacturer: "A&D Medical", model: "UA-651BLE" };
  assert.equal(misfit("weighing-scale", cuff), "and-ua-651ble");
  assert.equal(misfit("omron-hem-9200t", cuff), "and-ua-651ble");
  assert.equal(misfit("blood-pressure-cuff", cuff), undefined, "a model of that kind");
  assert.equal(misfit("bluetooth-blood-pressure", cuff), undefined);
  assert.equal(misfit("and-ua-651ble", cuff), undefined);
  assert.equal(misfit("and-ua-651ble", { services: ["1810"] }), undefined, "the profile says no more");
  assert.equal(misfit("generic", cuff), undefined);
  assert.equal(misfit("no-such-type", cuff), undefined);
});

test("every file in types/ and models/ is in the registry, once", () => {
  const files = ["./types/", "./models/"].flatMap((folder) =>
    readdirSync(new URL(folder, import.meta.url)).map((name) => name.replace(/\.ts$/, "")),
  );
  assert.deepEqual(drivers.map((driver) => driver.key).sort(), files.sort());
});

test("a cuff is on demand, a monitor speaks every second, and an unlisted signal is neither", () => {
  assert.equal(rhythmOf("blood-pressure-cuff", "nibp-systolic"), null);
  assert.equal(rhythmOf("bedside-monitor", "heart-rate"), 1_000);
  assert.equal(rhythmOf("bedside-monitor", "body-weight"), undefined);
  assert.equal(rhythmOf("bedside-monitor", "toString"), undefined);
  assert.equal(expectedIntervalMs("cgm", "glucose-interstitial"), 300_000);
  assert.equal(expectedIntervalMs("no-such-type", "heart-rate"), null);
  assert.equal(findDriver("generic")?.offlineAfterMs, null);
  assert.deepEqual(
    ["bedside-monitor", "cgm", "thermometer", "sos-pendant", "generic"].map(shortestIntervalMs),
    [1_000, 300_000, undefined, undefined, undefined],
    "a battery is no news of a patient",
  );
});

test("the guide's table has a row for every driver, as it is, and no other", () => {
  const page = readFileSync(new URL("../../docs/guides/device-types.md", import.meta.url), "utf8");
  const plain = (row: string) => row.replace(/ +/g, " ");
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  assert.deepEqual(rows.map(plain), drivers.map(coverageRow).map(plain));
});
