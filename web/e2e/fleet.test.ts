import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser } from "./browser.ts";

const skip = skipWithoutBrowser;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let ward: RunningWard;
let browser: Browser;
let page: Page;
let api: Api;
let patientId: string;

before(async () => {
  if (skip) return;
  ward = await startWard();
  api = await apiOf(ward);
  const [bed] = await addBeds(ward, 1, "cgm");
  assert.ok(bed);
  patientId = bed.patientId;
  const now = Math.floor(Date.now() / (5 * MINUTE)) * 5 * MINUTE;
  // Two days of glucose with a hole of twelve hours, in which the sensor said that it is off.
  const times = Array.from({ length: 576 }, (_, i) => now - (576 - i) * 5 * MINUTE);
  const hole = { from: now - 40 * HOUR, to: now - 28 * HOUR };
  const body = times
    .filter((at) => at < hole.from || at >= hole.to)
    .map((at) => ({ at, values: { "glucose-interstitial": { value: 6, unit: "mmol/L" } } }));
  await send(bed, "readings", body);
  await send(bed, "event", { event: "sensor-off", at: hole.from, id: "1" });
  await send(bed, "event", { event: "sensor-on", at: hole.to, id: "2" });
  await send(bed, "status", { state: "online", battery: 9 });
  // One that was put on late: what it sent before lies in quarantine.
  const late = await api<{ id: string; token: string }>("POST", "/api/devices", { id: "late-1", type: "thermometer" });
  for (const n of [1, 2, 3])
    await send({ deviceId: late.id, token: late.token }, "readings", {
      at: now - n * HOUR,
      values: { "body-temperature": { value: 36 + n / 10, unit: "Cel" } },
    });
  await api("POST", `/api/devices/${late.id}/assign`, { patientId, from: now - 24 * HOUR });
  browser = await openBrowser();
  page = await browser.page();
  const engineer = { display: "Eve Engineer", role: "clinical-engineer" };
  const { link } = await api<{ link: string }>("POST", "/api/people", engineer);
  await page.goto(link);
  // The page of the sign-in has a main part too; who leaves it too soon is not signed in.
  await page.getByRole("link", { name: "Devices" }).first().waitFor();
});

after(async () => {
  if (skip) return;
  await browser.close();
  await ward.stop();
  removeDataDir(ward.dataDir);
});

async function send(device: { deviceId: string; token: string }, kind: string, body: object): Promise<void> {
  const answer = await fetch(`${ward.url}/ingest/devices/${device.deviceId}/${kind}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${device.deviceId}:${device.token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.text());
}

test("devices are counted by state, and one state is shown", { skip }, async () => {
  await page.goto(`${ward.url}/devices`);
  const low = page.getByRole("button", { name: /^Battery low 1$/ });
  await low.click();
  await page.locator('[data-device="bed-0"]').waitFor();
  await page.locator('[data-device="late-1"]').waitFor({ state: "detached" });
  await page.getByLabel("Search devices").fill("no such thing");
  await page.getByRole("heading", { name: "No such device" }).waitFor();
  await page.getByLabel("Search devices").fill("");
  await low.click();
  await page.locator('[data-device="late-1"]').waitFor();
  await picture(page, "fleet");
});

test("the hole in a day has its cause and what that is read from, reached by the keyboard alone", {
  skip,
}, async () => {
  await page.goto(`${ward.url}/devices/completeness`);
  const cells = page.locator('button[data-step]:not([data-step="none"]):not([data-step="whole"])');
  await cells.first().waitFor();
  const labels = await cells.evaluateAll((all) => all.map((each) => each.getAttribute("aria-label") ?? ""));
  assert.ok(
    labels.some((label) => label.includes("MRN T-1000") && label.includes("missing: not worn")),
    labels.join("\n"),
  );
  // Today's cell is in the order of the tab key; arrows lead to the days before.
  await page.locator('button[data-cell][tabindex="0"]').focus();
  for (let n = 0; n < 3; n++) {
    const label = await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
    if (label.includes("not worn")) break;
    await page.keyboard.press("ArrowLeft");
  }
  await picture(page, "completeness");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("It said that it is on nobody (sensor-off)").first().waitFor();
  await picture(page, "completeness-day");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});

test("what was quarantined is shown as it would be placed, placed with a reason, and the run is undone", {
  skip,
}, async () => {
  await page.goto(`${ward.url}/quarantine`);
  await page.getByLabel("Reason").selectOption("NO_ASSOCIATION");
  await page.getByRole("button", { name: "Run all of these again" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Would place").waitFor();
  assert.match(await dialog.innerText(), /Would place 3 of 3, with 3 readings/);
  await picture(page, "quarantine-run");
  await dialog.getByLabel("Reason").fill("the thermometer was put on late");
  await dialog.getByRole("button", { name: "Place 3 messages" }).click();
  await dialog.getByText(/^Placed/).waitFor();
  await page.keyboard.press("Escape");
  const run = page.getByRole("region", { name: "Earlier runs" });
  await run.getByText("placed 3 of 3, 3 readings").waitFor();
  const measured = async () =>
    (await api<{ signal: string; lastAt: number | null }[]>("GET", `/api/patients/${patientId}/streams`)).some(
      ({ signal, lastAt }) => signal === "body-temperature" && lastAt !== null,
    );
  assert.equal(await measured(), true);
  await run.getByRole("button", { name: "Undo" }).click();
  await dialog.getByLabel("Reason").fill("it was on nobody");
  await dialog.getByRole("button", { name: "Undo" }).click();
  await dialog.getByText("3 messages open again, 3 readings entered in error").waitFor();
  assert.equal(await measured(), false);
});

test("on a phone and in the dark the pages fit", { skip }, async () => {
  await page.setViewportSize({ width: 390, height: 800 });
  await page.emulateMedia({ colorScheme: "dark" });
  for (const path of ["devices", "devices/completeness", "devices/endings", "quarantine"]) {
    await page.goto(`${ward.url}/${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByRole("status", { name: /Loading|Counting/ }).waitFor({ state: "detached" });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${path} is ${overflow} pixels too wide`);
    await picture(page, `phone-${path.replace("/", "-")}`);
  }
});
