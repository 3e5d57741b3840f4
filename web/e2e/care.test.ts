import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type Api, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

/** What protects patients from a slip at the screen. */
let ward: RunningWard;
let browser: Browser;
let page: Page;
let api: Api;
let patients: Map<string, string>;
const errors: string[] = [];

before(async () => {
  if (skip) return;
  ward = await startWard({ command: "demo" });
  api = await apiOf(ward);
  const all = await api<{ id: string; mrn: string }[]>("GET", "/api/patients");
  patients = new Map(all.map(({ id, mrn }) => [mrn, id]));
  browser = await openBrowser();
  page = await browser.page();
  page.on("pageerror", (error) => errors.push(error.message));
});

after(async () => {
  if (skip) return;
  await browser.close();
  await ward.stop();
  removeDataDir(ward.dataDir);
});

const CHILD = "DEMO-1006";
const UNKNOWN = "DEMO-1008";
const open = (mrn: string, tab: string) => page.goto(`${ward.url}/patients/${patients.get(mrn)}?tab=${tab}`);
/** "2020-07-10" as pages write it; the invented child is always of the same age. */
const asWritten = (date: string) => {
  const [year, , day] = date.split("-").map(Number);
  return `${day} ${new Date(date).toLocaleString("en", { month: "short", timeZone: "UTC" })} ${year}`;
};
const dialog = () => page.getByRole("dialog");

test("the page before the sign-in is marked DEMO too", { skip, timeout: 300_000 }, async () => {
  await page.goto(`${ward.url}/sign-in`);
  await page.getByText("DEMO").waitFor();
  await picture(page, "sign-in");
  assert.ok(ward.links.nurse);
  await page.goto(ward.links.nurse);
  await page.waitForSelector("article[data-patient]");
});

test("NO LIMITS stands until somebody has chosen, and goes with the choice", { skip, timeout: 300_000 }, async () => {
  await page.goto(`${ward.url}/`);
  const tile = page.locator(`article[data-patient="${patients.get(UNKNOWN)}"]`);
  await tile.getByText("NO LIMITS").waitFor();
  await open(UNKNOWN, "limits");
  await page.locator("header").getByText("NO LIMITS").waitFor();
  await page.getByRole("button", { name: "Adult", exact: true }).click();
  await page.locator("header").getByText("NO LIMITS").waitFor({ state: "detached" });
  await page.goto(`${ward.url}/`);
  await tile.locator("output").first().waitFor();
  assert.doesNotMatch(await tile.innerText(), /NO LIMITS/);
});

test("limits of another age are chosen only by who has read the age and what is lost, and stay announced", {
  skip,
  timeout: 300_000,
}, async () => {
  const id = patients.get(CHILD);
  const { limits } = await api<{ limits: Record<string, unknown>[] }>("GET", `/api/patients/${id}/limits`);
  const rate = limits.find(({ signal }) => signal === "heart-rate");
  const { setBy: _, setAt: __, isDefault: ___, revision: seen, ...own } = rate ?? {};
  await api("PUT", `/api/patients/${id}/limits`, { limits: [{ ...own, high: 133, seen }] });
  await open(CHILD, "limits");
  await page.getByRole("button", { name: "Use limits of: Adult" }).click();
  const asked = await dialog().innerText();
  const { birthDate } = await api<{ birthDate: string }>("GET", `/api/patients/${id}`);
  assert.match(asked, new RegExp(`Nguyen, Linh[\\s\\S]*${asWritten(birthDate)}[\\s\\S]*By age this patient is: Child`));
  assert.match(asked, /set by hand and will be lost:[\s\S]*to 133/);
  await picture(page, "limits-of-another-age");
  assert.equal((await api<{ profile: string }>("GET", `/api/patients/${id}/limits`)).profile, "pediatric");
  await dialog().getByRole("button", { name: "Use limits of: Adult" }).click();
  await page.getByRole("link", { name: /LIMITS OF: ADULT/ }).waitFor();
  await page.goto(`${ward.url}/`);
  await page.locator(`article[data-patient="${id}"]`).getByText("LIMITS OF: ADULT").waitFor();
});

test("limits that somebody else sets show at once, and are not written over by who was typing", {
  skip,
  timeout: 300_000,
}, async () => {
  const id = patients.get("DEMO-1001");
  const url = `/api/patients/${id}/limits`;
  await open("DEMO-1001", "limits");
  const high = page.getByLabel("Heart rate (ECG), high", { exact: true });
  await high.fill("117");
  const set = async (signal: string, value: number) => {
    const { limits } = await api<{ limits: Record<string, unknown>[] }>("GET", url);
    const { setBy: _, setAt: __, isDefault: ___, revision, ...rest } = limits.find((l) => l.signal === signal) ?? {};
    await api("PUT", url, { limits: [{ ...rest, low: value, seen: revision }] });
  };
  await set("spo2", 88);
  await page.waitForFunction(
    () => document.querySelectorAll<HTMLInputElement>('[data-signal="spo2"] input')[1]?.value === "88",
  );
  assert.equal(await high.inputValue(), "117", "what is being typed stays");
  await set("heart-rate", 55);
  await page
    .getByRole("alert")
    .getByText(/has set this meanwhile: 55 to/)
    .waitFor();
  await picture(page, "limits-meanwhile");
  assert.ok(await page.getByRole("button", { name: /^Save limits/ }).isDisabled());
  await page.getByRole("button", { name: "Take theirs" }).click();
  assert.notEqual(await high.inputValue(), "117");
});

test("a bed in which somebody lies is given only to who says that they share it", {
  skip,
  timeout: 300_000,
}, async () => {
  await page.goto(`${ward.url}/patients`);
  await page.getByRole("button", { name: "Admit patient" }).click();
  const form = dialog();
  await form.getByRole("textbox", { name: "Name" }).fill("Zabel, Quirin");
  await form.getByRole("textbox", { name: "Record number" }).fill("CARE-1");
  await form.getByLabel(/^Ward/).first().click();
  await page.getByRole("option").first().click();
  await form.getByRole("group", { name: "Free beds" }).getByRole("button").first().click();
  assert.equal(await form.getByRole("textbox", { name: "Bed" }).inputValue(), "10", "the demo ward has nine beds");
  await form.getByRole("textbox", { name: "Bed" }).fill("1");
  await form.getByText("Taken: Hansen, Kari").waitFor();
  await form.getByRole("button", { name: "Admit", exact: true }).click();
  await dialog().getByText("Bed 1 is taken").waitFor();
  assert.match(await dialog().innerText(), /Hansen, Kari[\s\S]*DEMO-1001/);
  await picture(page, "bed-taken");
  await dialog().getByRole("button", { name: "They share the bed" }).click();
  await page.getByText("Zabel, Quirin").first().waitFor();
});

test("Escape closes the list of alarms, wherever the focus is, and a dialog does", {
  skip,
  timeout: 300_000,
}, async () => {
  await page.goto(`${ward.url}/`);
  const summary = page.locator("header button[aria-expanded]").first();
  const list = page.getByRole("list", { name: "Alarms" });
  await list.or(page.getByText(/^No alarms\.$/)).waitFor({ state: "detached" });
  await summary.click();
  await page.waitForFunction(() => document.querySelector("header button[aria-expanded='true']"));
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("header button[aria-expanded='true']"));
  await summary.click();
  await page.getByRole("button", { name: "Admit patient" }).focus();
  await page.keyboard.press("Enter");
  await dialog().getByRole("textbox", { name: "Name" }).waitFor();
  assert.equal(await page.locator("header button[aria-expanded='true']").count(), 0);
  await page.keyboard.press("Escape");
});

test("an answer that is refused is said on the page until it is read", { skip, timeout: 300_000 }, async () => {
  await page.goto(`${ward.url}/`);
  await page.route("**/acknowledge", (route) =>
    route.fulfill({ status: 409, contentType: "application/problem+json", body: '{"code":"CONFLICT","detail":"x"}' }),
  );
  const button = page.getByRole("button", { name: /^Acknowledge/ }).first();
  await button.waitFor({ timeout: 120_000 });
  await button.click();
  await page
    .getByRole("alert")
    .getByText(/NOT ACKNOWLEDGED/)
    .waitFor();
  await picture(page, "not-acknowledged");
  await page.unroute("**/acknowledge");
  await page.getByRole("button", { name: "I have read this" }).click();
  await page.getByText(/NOT ACKNOWLEDGED/).waitFor({ state: "detached" });
});

test("a reading is corrected and another entered in error, from the keyboard, and both say by whom and why", {
  skip,
  timeout: 300_000,
}, async () => {
  await open("DEMO-1003", "readings");
  // 77 is a heart rate, and no temperature.
  await page.getByRole("combobox", { name: "Signal" }).click();
  await page
    .getByRole("option", { name: /^(Heart|Pulse) rate/ })
    .first()
    .click();
  const correct = page.getByRole("button", { name: /^Correct .* at / }).nth(3);
  await correct.waitFor();
  await correct.focus();
  await correct.press("Enter");
  await dialog()
    .getByRole("textbox", { name: /Right value/ })
    .fill("77");
  await dialog().getByRole("textbox", { name: "Reason" }).fill("counted by hand");
  await page.keyboard.press("Tab");
  await picture(page, "amend-correct");
  await dialog().getByRole("button", { name: "Correct the reading" }).press("Enter");
  await dialog().waitFor({ state: "detached" });
  const row = page.getByRole("row").filter({ hasText: "corrected" }).filter({ hasText: "counted by hand" });
  await row.first().waitFor();
  assert.match(await row.first().innerText(), /77/);
  await picture(page, "reading-corrected");
  await page
    .getByRole("button", { name: /was entered in error/ })
    .nth(1)
    .click();
  await dialog().getByRole("textbox", { name: "Reason" }).fill("clip fell off");
  await dialog().getByRole("button", { name: "Mark as entered in error" }).click();
  await dialog().waitFor({ state: "detached" });
  await page.locator("[data-amendment]").nth(1).waitFor();
  const told = await page.locator("[data-amendment]").allInnerTexts();
  assert.ok(
    told.some((text) => /entered in error/.test(text) && /Demo nurse/.test(text) && /clip fell off/.test(text)),
    told.join(),
  );
  await picture(page, "patient-readings");
  await open("DEMO-1003", "trends");
  await page
    .getByRole("note")
    .getByText(/2 amendments in this span/)
    .waitFor();
  await picture(page, "trends-amended");
});

test("a device's span is given to another patient only after both have been named", {
  skip,
  timeout: 300_000,
}, async () => {
  await open("DEMO-1003", "readings");
  await page.getByRole("button", { name: "This was not this patient" }).click();
  await dialog().getByRole("combobox", { name: "Device" }).click();
  await page.getByRole("option").first().click();
  // The demo's devices were put on a moment ago: the last half minute, by the patient's clock.
  const until = await dialog().getByLabel("To", { exact: true }).inputValue();
  const since = new Date(Date.parse(`${until}Z`) - 30_000).toISOString().slice(0, 19);
  await dialog().getByLabel("From", { exact: true }).fill(since);
  await dialog().getByRole("textbox", { name: "Patient" }).fill("DEMO-1001");
  const radio = dialog().getByRole("radio", { name: /DEMO-1001/ });
  await radio.waitFor();
  await radio.click();
  await dialog().getByRole("textbox", { name: "Reason" }).fill("two beds were mixed up");
  await dialog().getByRole("button", { name: "Continue" }).click();
  await dialog().getByText("leaves the record of").waitFor();
  const text = await dialog().innerText();
  assert.match(text, /DEMO-1003/);
  assert.match(text, /DEMO-1001/);
  await picture(page, "amend-reattribute");
  await dialog()
    .getByRole("button", { name: /^Give to / })
    .click();
  await dialog().waitFor({ state: "detached" });
  const row = page.locator("[data-amendment]").filter({ hasText: "was not this patient" });
  await row.waitFor();
  assert.match(await row.innerText(), /DEMO-1001/);
  await open("DEMO-1001", "readings");
  await page.locator("[data-amendment]").filter({ hasText: "stood in the record of" }).waitFor();
});

test("on a phone everything of a patient's page lies within the screen", { skip, timeout: 300_000 }, async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  const cut = () =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("main button, main input, main a, main [role=tab]")]
        .filter((e) => e.offsetParent !== null && !e.closest(".visually-hidden"))
        .filter((e) => {
          const { left, right, width } = e.getBoundingClientRect();
          return width > 1 && (right > innerWidth + 1 || left < -1);
        })
        .map((e) => e.getAttribute("aria-label") ?? e.innerText),
    );
  const nothingIsCut = async (where: string) => {
    await page.waitForTimeout(1_500);
    // What is still being drawn may stand out for a moment.
    for (const end = performance.now() + 120_000; (await cut()).length > 0 && performance.now() < end; )
      await page.waitForTimeout(200);
    assert.deepEqual(await cut(), [], where);
  };
  for (const tab of ["live", "trends", "readings", "alarms", "limits", "devices"]) {
    await open("DEMO-1002", tab);
    await page.getByRole("tab", { selected: true }).waitFor();
    await nothingIsCut(tab);
    await picture(page, `phone-${tab}`);
  }
  for (const path of ["patients", "devices", "quarantine"]) {
    await page.goto(`${ward.url}/${path}`);
    await nothingIsCut(path);
    await picture(page, `phone-${path}`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
});

test("no page threw", { skip }, () => assert.deepEqual(errors, []));
