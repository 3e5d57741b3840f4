import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

/** Dialogs about devices, on a telephone in the dark: the key of an app, a gateway's report, a clock that is wrong. */
let ward: RunningWard;
let api: Api;
let phone: Browser;
let page: Page;
let bed: Awaited<ReturnType<typeof addBeds>>[number];
const errors: string[] = [];
const HOUR = 3_600_000;

before(async () => {
  if (skip) return;
  ward = await startWard();
  api = await apiOf(ward);
  [bed] = (await addBeds(ward, 1, "generic")) as [typeof bed];
  // Its clock is an hour ahead; what it says twice, five seconds apart, is certain.
  await send("status", { state: "online", battery: 64, clock: Date.now() + HOUR });
  phone = await openBrowser({ width: 390, height: 844, colorScheme: "dark" });
  page = await phone.page();
  page.on("pageerror", (error) => errors.push(error.message));
});

after(async () => {
  if (skip) return;
  await phone?.close();
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
});

async function send(leaf: string, body: object): Promise<void> {
  const answer = await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/${leaf}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.text());
}

async function linkOf(role: string, relatedTo?: string): Promise<string> {
  const made = await api<{ person: { id: string }; link: string }>("POST", "/api/people", {
    display: "Ada Abara",
    role,
  });
  const relation = { personId: made.person.id, relation: "self", reason: "identity card seen" };
  if (relatedTo !== undefined) await api("POST", `/api/patients/${relatedTo}/relations`, relation);
  return made.link;
}

/** Nothing stands outside of what a telephone shows, nor outside of its dialog. */
async function assertFits(where: string): Promise<void> {
  const over = await page.evaluate(() => {
    const edges = [...document.querySelectorAll("[role=dialog]")].flatMap((dialog) => {
      const edge = dialog.getBoundingClientRect().right;
      return [...dialog.querySelectorAll("*")].map((one) => one.getBoundingClientRect().right - edge);
    });
    return Math.max(document.documentElement.scrollWidth - document.documentElement.clientWidth, ...edges);
  });
  assert.ok(over <= 1, `${where}: ${over} px too wide`);
}

test("a patient connects an app that speaks Nightscout, sees its secret once, and ends it", {
  skip,
  timeout: 300_000,
}, async () => {
  await page.goto(await linkOf("patient", bed.patientId));
  await page.getByRole("link", { name: "Devices" }).first().click();
  await page.getByText("64 %").waitFor();
  await page.getByRole("button", { name: "Connect an app" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("xDrip+ on my telephone");
  await picture(page, "own-app-add");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.getByText("The secret is shown once").waitFor();
  await assertFits("the key");
  await picture(page, "own-app-key");
  const [address, secret] = await page.getByRole("dialog").locator("code").allInnerTexts();
  assert.equal(address, ward.url);
  const told = await fetch(`${ward.url}/api/v1/status.json?token=${secret}`);
  assert.equal(told.status, 200);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("reads and uploads").waitFor();
  await assertFits("devices");
  await picture(page, "own-devices-apps");
  await page.getByRole("button", { name: /^Disconnect xDrip/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disconnect" }).click();
  await page.getByText(/can be connected as they are to Nightscout/).waitFor();
  assert.equal((await fetch(`${ward.url}/api/v1/entries.json?token=${secret}`)).status, 401);
});

test("a gateway's report and a wrong clock are told in words", { skip, timeout: 300_000 }, async () => {
  await send("event", {
    event: "gateway-report",
    at: Date.now(),
    version: "0.1.0",
    startedAt: Date.now() - 3 * HOUR,
    clock: Date.now(),
    configuration: null,
    link: { isUp: true, since: Date.now() - HOUR, confirmedAt: Date.now() },
    kept: {
      messages: 12,
      bytes: 4_096,
      bytesMax: 1e9,
      oldestAt: Date.now() - 60_000,
      refused: 0,
      damaged: 0,
      aside: {},
    },
    disk: { freeBytes: 5e9 },
    sources: { bluetooth: { isOn: true, connected: 0, fault: "no Bluetooth adapter" } },
    devices: { [bed.deviceId]: Date.now() - 5_000 },
    alarms: [],
  });
  for (const end = performance.now() + 120_000; ; await page.waitForTimeout(300)) {
    await send("status", { state: "online", battery: 64, clock: Date.now() + HOUR });
    const { clock } = await api<{ clock: { leadsTo: string } | null }>("GET", `/api/devices/${bed.deviceId}`);
    if (clock?.leadsTo === "corrected") break;
    assert.ok(performance.now() < end, `the clock is decided: ${JSON.stringify(clock)}`);
  }
  await page.goto(await linkOf("clinical-engineer"));
  await page.getByRole("link", { name: "Devices" }).first().waitFor();
  await page.goto(`${ward.url}/devices`);
  const open = async (item: string) => {
    await page.getByRole("button", { name: `Actions for ${bed.deviceId}` }).click();
    await page.getByRole("menuitem", { name: item }).click();
  };
  await open("As a gateway");
  await page.getByRole("dialog").getByText("no Bluetooth adapter").waitFor();
  await page.getByRole("region", { name: "Devices that it heard" }).waitFor();
  await assertFits("the report");
  await picture(page, "gateway-report");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await open("About the device");
  const clock = page.getByRole("region", { name: "Clock" });
  await clock.getByText(/^The clock is wrong/).waitFor();
  await assertFits("the clock");
  await picture(page, "device-clock");
  assert.deepEqual(errors, []);
});
