import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { MeBody } from "@openward/api";
import { offsetAt } from "@openward/codecs";
import type { Locator, Page } from "playwright-core";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type EmulatedBluetooth, emulateBluetooth, WEB_BLUETOOTH } from "./bluetooth.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

/** A patient measures in the browser, with devices that the browser emulates: from the press of the button to the record. */
let ward: RunningWard;
let api: Api;
let nurse: Api;
let phone: Browser;
let page: Page;
let bluetooth: EmulatedBluetooth;
/** Of two whose guardian signs in. */
let patientIds: readonly string[] = [];
let zone = "UTC";
const errors: string[] = [];
/** What the server said of each capture: told when a test waits in vain. */
const answers: string[] = [];

const STRAP = "C0:FF:EE:00:00:01";
const CUFF = "C0:FF:EE:00:00:02";
const METER = "C0:FF:EE:00:00:03";
const written: string[] = [];

before(async () => {
  if (skip) return;
  ward = await startWard();
  api = await apiOf(ward);
  nurse = await apiOf(ward, "nurse");
  patientIds = (await addBeds(ward, 2)).map(({ patientId }) => patientId);
  const link = await signInLink("family", "guardian", patientIds);
  phone = await openBrowser({ width: 390, height: 844, args: WEB_BLUETOOTH });
  page = await phone.page();
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("request", (request) => void (request.url().endsWith("/capture") && answers.push("asked")));
  page.on("requestfailed", (request) => void (request.url().endsWith("/capture") && answers.push("failed")));
  page.on("response", async (response) => {
    if (!response.url().endsWith("/capture")) return;
    answers.push(`${response.status()} ${await response.text().catch(() => "without a body")}`);
  });
  bluetooth = await emulateBluetooth(page);
  await page.goto(link);
  await page.getByRole("heading", { name: /^Abara0/ }).waitFor();
  const me = await page.evaluate(async () => (await (await fetch("/api/me")).json()) as MeBody);
  zone = me.patients[0]?.timeZone ?? "UTC";
});

after(async () => {
  if (skip) return;
  await phone?.close();
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
});

async function signInLink(role: string, relation: string, of: readonly string[]): Promise<string> {
  const { person, link } = await api<{ person: { id: string }; link: string }>("POST", "/api/people", {
    display: "Ada Abara",
    role,
  });
  for (const patientId of of) {
    const reason = "identity card seen";
    await api("POST", `/api/patients/${patientId}/relations`, { personId: person.id, relation, reason });
  }
  return link;
}

interface Observation {
  readonly code: { readonly coding: readonly { readonly code: string }[] };
  readonly subject: { readonly reference: string };
  readonly effectiveDateTime: string;
  readonly valueQuantity?: { readonly value: number; readonly code: string };
  readonly component?: readonly Pick<Observation, "code" | "valueQuantity">[];
}

/** What is in the record of a patient under this LOINC code, the oldest first. */
async function observed(patientId: string, loinc: string): Promise<Observation[]> {
  const path = `/fhir/Observation?patient=${patientId}&code=http://loinc.org|${loinc}&_sort=date&_count=100`;

  const { entry = [] } = await nurse<{ entry?: { resource: Observation }[] }>("GET", path);
  return entry.map(({ resource }) => resource);
}

async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  for (const end = performance.now() + 120_000; ; ) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not within two minutes: ${what}; sent: ${answers.join(", ")}`);
    await page.waitForTimeout(100);
  }
}

const rates = async (patientId: string) =>
  (await observed(patientId, "8867-4")).map(({ valueQuantity }) => valueQuantity?.value);
const untilRates = (patientId: string, expected: readonly number[]) =>
  until(async () => ((await rates(patientId)).length >= expected.length ? true : undefined), `${expected}`).then(
    async () => assert.deepEqual(await rates(patientId), expected),
  );
const card = (name: RegExp): Locator => page.getByRole("region", { name });
const hex = (text: string) => Buffer.from(text, "hex");

async function measure(name: RegExp): Promise<void> {
  await page.getByRole("combobox", { name: "Who is measured" }).click();
  await page.getByRole("option", { name }).click();
}

/** As devices write a time: local, without a zone. */
function localTime(at: number): Buffer {
  const local = new Date(at + offsetAt(at, zone));
  const bytes = Buffer.alloc(7);
  bytes.writeUInt16LE(local.getUTCFullYear(), 0);
  for (const [i, part] of [
    local.getUTCMonth() + 1,
    local.getUTCDate(),
    local.getUTCHours(),
    local.getUTCMinutes(),
    local.getUTCSeconds(),
  ].entries())
    bytes.writeUInt8(part, 2 + i);
  return bytes;
}

test("where Bluetooth is off, and where the person chooses nothing, the page says so", {
  skip,
  timeout: 300_000,
}, async () => {
  await bluetooth.switchAdapter("absent");
  await page.getByRole("link", { name: "Measure" }).click();
  await page.getByText("Bluetooth is off, or there is none").waitFor();
  assert.ok(await page.getByRole("button", { name: "Connect a device" }).isDisabled());
  await picture(page, "measure-off");
  await bluetooth.switchAdapter("powered-on");
  await page.reload();
  await bluetooth.add({
    address: STRAP,
    name: "Polar H10 5A2B341F",
    services: {
      "180d": [{ uuid: "2a37", notifies: true }],
      "180a": [
        { uuid: "2a29", reads: Buffer.from("Polar Electro Oy") },
        { uuid: "2a24", reads: Buffer.from("H10") },
      ],
      "180f": [{ uuid: "2a19", reads: Buffer.of(80) }],
    },
  });
  await measure(/^Abara0/);
  bluetooth.answerNext(null);
  await page.getByRole("button", { name: "Connect a device" }).click();
  await page.getByText("No device was chosen.").waitFor();
});

test("a strap is connected, seen at once, and in the record of its patient", { skip, timeout: 300_000 }, async () => {
  bluetooth.answerNext(STRAP);
  await page.getByRole("button", { name: "Connect a device" }).click();
  await page.getByRole("dialog").getByText("Who measures with Polar H10 5A2B341F?").waitFor();
  await picture(page, "measure-whose");
  await page.getByRole("button", { name: "Only I" }).click();
  const began = Date.now();
  await bluetooth.say(STRAP, "2a37", hex("0648"));
  const rate = card(/^Polar H10/).getByRole("article", { name: "Heart rate" });
  await rate.getByText("72").waitFor();
  assert.equal(await rate.getAttribute("data-freshness"), "now");
  await card(/^Polar H10/)
    .getByText("connected, battery 80 %")
    .waitFor();
  await untilRates(patientIds[0] as string, [72]);
  const [first] = await observed(patientIds[0] as string, "8867-4");
  assert.equal(first?.subject.reference, `Patient/${patientIds[0]}`);
  assert.equal(first?.valueQuantity?.code, "/min");
  assert.ok(Math.abs(Date.parse(first?.effectiveDateTime ?? "") - began) < 60_000, "by the browser's time");
  await page.getByText("Everything is sent.").waitFor();
  const off = hex("0448");
  await bluetooth.say(STRAP, "2a37", off);
  await page.getByText("It does not touch the skin").waitFor();
  assert.equal(await rate.getAttribute("data-freshness"), "old");
});

test("a device that goes out of range is looked for, and what was measured without a line is sent once", {
  skip,
  timeout: 300_000,
}, async () => {
  await bluetooth.leave(STRAP);
  await card(/^Polar H10/)
    .getByText(/connection lost/)
    .waitFor();
  bluetooth.comeBack(STRAP);
  await card(/^Polar H10/)
    .getByText(/^connected/)
    .waitFor();
  await bluetooth.say(STRAP, "2a37", hex("0649"));
  await untilRates(patientIds[0] as string, [72, 73]);
  await phone.context.setOffline(true);
  await bluetooth.say(STRAP, "2a37", hex("064a"));
  await bluetooth.say(STRAP, "2a37", hex("064b"));
  await page.getByText(/Not sent yet: 2/).waitFor();
  await page.getByText(/no connection/).waitFor();
  await picture(page, "measure-offline");
  assert.deepEqual(await rates(patientIds[0] as string), [72, 73]);
  // Another page of the portal sends it as well: what waits is in the browser's store, and not in the page.
  await page.getByRole("link", { name: "Home", exact: true }).click();
  await phone.context.setOffline(false);
  await untilRates(patientIds[0] as string, [72, 73, 74, 75]);
});

test("an answer that is lost on its way does not make two of one", { skip, timeout: 300_000 }, async () => {
  await page.getByRole("link", { name: "Measure" }).click();
  await measure(/^Abara0/);
  // The browser remembers what it allowed: nobody chooses anew.
  await card(/^Polar H10/)
    .getByRole("button", { name: "Measure" })
    .click();
  await card(/^Polar H10/)
    .getByText(/^connected/)
    .waitFor();
  await page.getByText("Everything is sent.").waitFor();
  // Of this one only: what goes first, as the state of the battery does, would hold it up under a fault of its own.
  await page.evaluate((lost) => {
    const real = window.fetch;
    window.fetch = async (input, init) => {
      const answer = await real(input, init);
      if (String(input).endsWith("/capture") && String(init?.body).includes(lost))
        throw new TypeError("the line broke");
      return answer;
    };
    Object.assign(window, { mend: () => Object.assign(window, { fetch: real }) });
  }, '"064c"');
  try {
    await bluetooth.say(STRAP, "2a37", hex("064c"));
    await page.getByText(/Not sent yet: [1-9]/).waitFor();
    await untilRates(patientIds[0] as string, [72, 73, 74, 75, 76]);
    await page.getByText(/no connection/).waitFor();
  } finally {
    await page.evaluate(() => (window as unknown as { mend(): void }).mend());
  }
  await page.getByText("Everything is sent.").waitFor();
  assert.deepEqual(await rates(patientIds[0] as string), [72, 73, 74, 75, 76]);
});

test("a cuff brings what it measured before it was connected, and its clock is put right after that", {
  skip,
  timeout: 300_000,
}, async () => {
  const measuredAt = Math.floor(Date.now() / 1_000 - 120) * 1_000;
  const clock = Buffer.concat([localTime(Date.now() + 3_600_000), Buffer.of(0, 0, 0)]);
  await bluetooth.add({
    address: CUFF,
    name: "A&D_UA-651BLE_75E8D1",
    services: {
      "1810": [{ uuid: "2a35", notifies: true }],
      "1805": [{ uuid: "2a2b", reads: clock, writes: (bytes) => written.push(Buffer.from(bytes).toString("hex")) }],
      "180a": [{ uuid: "2a23", reads: hex("1122334455667788") }],
    },
  });
  bluetooth.answerNext(CUFF);
  await page.getByRole("button", { name: "Connect a device" }).click();
  await page.getByRole("button", { name: "Only I" }).click();
  const pressure = Buffer.concat([hex("02800052006100"), localTime(measuredAt)]);
  await bluetooth.say(CUFF, "2a35", pressure);
  await card(/UA-651BLE/)
    .getByText("128/82")
    .waitFor();
  await page.getByText("Everything is sent.").waitFor();
  await picture(page, "measure");
  const [panel] = await until(async () => {
    const found = await observed(patientIds[0] as string, "85354-9");
    return found.length > 0 ? found : undefined;
  }, "the blood pressure");
  const parts = panel?.component?.map(({ code, valueQuantity }) => [code.coding[0]?.code, valueQuantity?.value]);
  assert.deepEqual(parts?.slice(0, 2), [
    ["8480-6", 128],
    ["8462-4", 82],
  ]);
  await until(async () => (written.length > 0 ? true : undefined), "setting the clock");
  const set = written[0]?.slice(0, 8);
  assert.equal(set, localTime(Date.now()).toString("hex").slice(0, 8), "the day that it is there");
});

test("a meter is asked for its records, and they are there with their own times", {
  skip,
  timeout: 300_000,
}, async () => {
  const at = Math.floor(Date.now() / 1_000) * 1_000 - 86_400_000;
  const asked: string[] = [];
  await bluetooth.add({
    address: METER,
    name: "meter+12345678",
    services: {
      "1808": [
        { uuid: "2a18", notifies: true },
        { uuid: "2a52", notifies: true, writes: (bytes) => asked.push(Buffer.from(bytes).toString("hex")) },
      ],
    },
  });
  bluetooth.answerNext(METER);
  await page.getByRole("button", { name: "Connect a device" }).click();
  await page.getByRole("button", { name: "Only I" }).click();
  await until(async () => (asked.length > 0 ? true : undefined), "asking for the records");
  assert.deepEqual(asked, ["0101"], "report all stored records");
  // Flags: concentration in mol/L with type and location; 5.6 mmol/L is 56e-4.
  const record = Buffer.concat([hex("060100"), localTime(at), hex("38c0"), hex("11")]);
  await bluetooth.say(METER, "2a18", record);
  await bluetooth.say(METER, "2a52", hex("06000101"));
  await card(/meter/).getByText("5.6").waitFor();
  const [glucose] = await until(async () => {
    const found = await observed(patientIds[0] as string, "15074-8");
    return found.length > 0 ? found : undefined;
  }, "the glucose");
  assert.deepEqual([glucose?.valueQuantity?.value, Date.parse(glucose?.effectiveDateTime ?? "")], [5.6, at]);
});

test("a device that somebody else uses asks whose each measurement is", { skip, timeout: 300_000 }, async () => {
  await card(/^Polar H10/)
    .getByRole("button", { name: "Stop" })
    .click();
  await measure(/^Bellini1/);
  bluetooth.answerNext(STRAP);
  await page.getByRole("button", { name: "Connect a device" }).click();
  await page.getByRole("button", { name: "Only I" }).click();
  await page.getByText("Somebody else measures with this device too.").waitFor();
  await page.getByRole("button", { name: "This is mine as well" }).click();
  await bluetooth.say(STRAP, "2a37", hex("0658"));
  const question = page.getByRole("region", { name: "Whose is this?" });
  await question.getByText("88").waitFor();
  await picture(page, "measure-shared");
  assert.deepEqual(await rates(patientIds[1] as string), [], "nothing goes without an answer");
  await question.getByRole("button", { name: "Yes, this is mine" }).click();
  await bluetooth.say(STRAP, "2a37", hex("0659"));
  await untilRates(patientIds[1] as string, [88, 89]);
  assert.deepEqual(await rates(patientIds[0] as string), [72, 73, 74, 75, 76], "and nothing to who had it before");
  await page.route("**/capture", (route) => route.abort("connectionreset"));
  await bluetooth.say(STRAP, "2a37", hex("065a"));
  await page.getByText(/Not sent yet: 1/).waitFor();
  await page.unroute("**/capture");
  // A page that is closed loses nothing.
  await page.goto(`${ward.url}/mine`);
  await untilRates(patientIds[1] as string, [88, 89, 90]);
  assert.deepEqual(errors, []);
});

test("a browser that cannot do it says what to do instead", { skip, timeout: 300_000 }, async () => {
  const other = await openBrowser({ width: 390, height: 844, colorScheme: "dark" });
  try {
    const plain = await other.page();
    await plain.goto(await signInLink("patient", "self", patientIds.slice(0, 1)));
    await plain.getByRole("link", { name: "Measure" }).click();
    await plain.getByText("This browser cannot reach Bluetooth devices").waitFor();
    assert.ok(await plain.getByRole("button", { name: "Connect a device" }).isDisabled());
    await picture(plain, "measure-without");
  } finally {
    await other.close();
  }
});
