import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

let ward: RunningWard;
let browser: Browser;
let page: Page;
const errors: string[] = [];

before(async () => {
  if (skip) return;
  ward = await startWard({ command: "demo" });
  browser = await openBrowser();
  page = await browser.page();
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
});

after(async () => {
  if (skip) return;
  await browser.close();
  await ward.stop();
  removeDataDir(ward.dataDir);
});

test("the nurse's link signs her in, once, and shows a living ward marked DEMO", { skip }, async () => {
  assert.ok(ward.links.nurse);
  await page.goto(ward.links.nurse);
  await page.waitForSelector("article[data-patient]", { timeout: 20_000 });
  assert.match(await page.innerText("body"), /DEMO/);
  await page.waitForFunction(() => document.querySelectorAll("article[data-patient] output").length >= 10, null, {
    timeout: 20_000,
  });
  const tiles = await page.locator("article[data-patient]").count();
  assert.ok(tiles >= 8, `${tiles} tiles`);
});

test("every tile has two identifiers", { skip }, async () => {
  for (const text of await page.locator("article[data-patient] header").allInnerTexts()) {
    assert.match(text, /\d{4}|unknown/i, text);
    assert.match(text, /[A-Z]+-?\d+|\d{5,}/, text);
  }
});

test("numbers change and the waveform moves", { skip }, async () => {
  const numbers = () => page.locator("article[data-patient] output").allInnerTexts();
  const pixels = () =>
    page.evaluate(() => [...document.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()).join());
  const [numbersBefore, pixelsBefore] = [await numbers(), await pixels()];
  await page.waitForTimeout(4_000);
  const [numbersAfter, pixelsAfter] = [await numbers(), await pixels()];
  assert.notDeepEqual(numbersAfter, numbersBefore, "the numbers stand still");
  assert.notEqual(pixelsAfter, pixelsBefore, "the waveform stands still");
});

test("sound is plainly off until the nurse turns it on", { skip }, async () => {
  assert.match(await page.innerText("body"), /sound off/i);
});

test("the ward, for the README and for the eye", { skip }, async () => {
  await page.waitForTimeout(6_000);
  await picture(page, "ward");
});

test("a patient's page has trends, waveforms, alarms and limits", { skip }, async () => {
  await page.locator("article[data-patient] h3 a").first().click();
  await page.waitForURL(/\/patients\//);
  for (const tab of ["Trends", "Waveforms", "Alarms", "Limits", "Devices"]) {
    await page
      .getByRole("tab", { name: new RegExp(tab, "i") })
      .or(page.getByRole("link", { name: new RegExp(tab, "i") }))
      .first()
      .click();
    await page.waitForTimeout(1_200);
    await picture(page, `patient-${tab.toLowerCase()}`);
  }
  await page.goBack();
});

test("an alarm is acknowledged from the keyboard and says by whom", { skip, timeout: 120_000 }, async () => {
  await page.goto(`${ward.url}/`);
  const raised = page.locator("article[data-priority]").first();
  await raised.waitFor({ timeout: 90_000 });
  // Of a patient with several alarms the next one takes the place of the one that is answered.
  const bar = raised.locator("[data-alarm]:not([data-answered])").first();
  const alarm = await bar.getAttribute("data-alarm");
  const button = page.locator(`[data-alarm="${alarm}"]`).getByRole("button", { name: /acknowledge/i });
  const answer = page.waitForResponse((response) => response.url().endsWith(`/api/alarms/${alarm}/acknowledge`));
  await button.focus();
  await button.press("Enter");
  const { state, acknowledgedBy } = await (await answer).json();
  assert.deepEqual([state, acknowledgedBy], ["acknowledged", "Demo nurse"]);
  await page.locator(`article [data-alarm="${alarm}"]:not([data-answered])`).waitFor({ state: "detached" });
});

test("other roles: the clinical engineer adds a device and copies lines that work", { skip }, async () => {
  const other = await openBrowser({ colorScheme: "dark" });
  try {
    const engineer = await other.page();
    assert.ok(ward.links["clinical-engineer"]);
    await engineer.goto(ward.links["clinical-engineer"]);
    await engineer.waitForSelector("article[data-patient]", { timeout: 20_000 });
    await engineer.waitForTimeout(4_000);
    await picture(engineer, "ward-dark");
    await engineer.goto(`${ward.url}/devices`);
    await engineer.getByRole("button", { name: /add (a )?device/i }).click();
    await engineer.getByRole("dialog").waitFor();
    await engineer.getByRole("dialog").getByRole("button", { name: /^add/i }).last().click();
    const line = engineer.getByText(/mosquitto_pub -h/).first();
    await line.waitFor({ timeout: 10_000 });
    assert.match(await line.innerText(), new RegExp(`-p ${ward.mqttPort} `));
    await picture(engineer, "devices");
  } finally {
    await other.close();
  }
});

test("on a phone the ward is one column without sideways scrolling", { skip }, async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(800);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.ok(overflow <= 1, `${overflow} px too wide`);
  await picture(page, "ward-phone");
  await page.setViewportSize({ width: 1440, height: 900 });
});

test("when the server dies, the screen says NOT MONITORING within 15 seconds, and comes back with the server", {
  skip,
  timeout: 90_000,
}, async () => {
  await page.goto(`${ward.url}/`);
  await page.waitForSelector("article[data-patient]");
  const { httpPort, mqttPort, dataDir } = ward;
  await ward.stop("SIGKILL");
  const killed = Date.now();
  await page
    .getByText(/NOT MONITORING/)
    .first()
    .waitFor({ timeout: 15_000 });
  assert.ok(Date.now() - killed <= 15_000);
  await picture(page, "not-monitoring");
  ward = await startWard({ command: "demo", dataDir, httpPort, mqttPort });
  await page
    .getByText(/NOT MONITORING/)
    .first()
    .waitFor({ state: "hidden", timeout: 40_000 });
});

test("no page threw, and nothing was refused by the content security policy", { skip }, () => {
  const unexpected = errors.filter((text) => !/WebSocket|ERR_CONNECTION|Failed to load resource/.test(text));
  assert.deepEqual(unexpected, []);
});
