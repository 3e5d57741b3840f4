import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, skipWithoutBrowser as skip } from "./browser.ts";

/** What devices and people write is text: HTML, scripts and formulas in it do nothing in any view and in what is taken out. */
let ward: RunningWard;
let api: Api;
let desk: Browser;
let page: Page;
let patientId = "";
let deviceId = "";
let token = "";
const errors: string[] = [];

/** Whichever way it is taken for markup, it would do something that is seen. */
const EVIL = `<img src=x onerror="window.hit=1"><script>window.hit=2</script>`;
const FORMULA = `=HYPERLINK("http://evil.example","open")`;

before(async () => {
  if (skip) return;
  ward = await startWard();
  api = await apiOf(ward);
  const [bed] = await addBeds(ward, 1);
  assert.ok(bed);
  ({ patientId, deviceId, token } = bed);
  await api("PATCH", `/api/patients/${patientId}`, { name: `${EVIL} Hansen` });
  await api("POST", "/api/devices", { id: "evil-1", type: "generic", display: `Monitor ${EVIL}` });
  await send("readings", { at: Date.now(), values: { "heart-rate": 71 } });
  await send("readings", { at: Date.now(), values: { "heart-rate": { value: 72, unit: EVIL }, [FORMULA]: 1 } });
  await send("event", { event: "sos-button", at: Date.now(), id: "e1", note: EVIL, [EVIL]: FORMULA });
  const now = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const hl7 = [
    `MSH|^~\\&|${EVIL}|X|Y|Z|${now}||ORU^R01^ORU_R01|1|P|2.6`,
    `PID|||${EVIL}^^^H^MR||${EVIL}^Kari`,
    `OBR|1|||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||${now}`,
    `OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4.147842|73|${EVIL}^${FORMULA}^UCUM|||||R|||${now}`,
  ].join("\r");
  await send("raw/hl7v2/pcd01", hl7);
  const { link } = await api<{ link: string }>("POST", "/api/people", {
    display: `${FORMULA} ${EVIL}`.slice(0, 80),
    role: "administrator",
  });
  const [person] = (await api<{ id: string; display: string }[]>("GET", "/api/people")).filter(({ display }) =>
    display.startsWith("=HYPER"),
  );
  await api("POST", "/api/grants", {
    grantee: { kind: "person", id: person?.id },
    reach: { kind: "organisation" },
    purpose: "care",
    basis: "care-team",
    reason: EVIL,
  });
  desk = await openBrowser();
  page = await desk.page();
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(link);
  await page.getByRole("link", { name: "Devices" }).first().waitFor();
});

after(async () => {
  if (skip) return;
  // A page that had tried to run anything has broken its policy, and this throws.
  await desk?.close();
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
});

async function send(leaf: string, body: unknown): Promise<void> {
  const isText = typeof body === "string";
  const answer = await fetch(`${ward.url}/ingest/devices/${deviceId}/${leaf}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`,
      "content-type": isText ? "application/octet-stream" : "application/json",
    },
    body: isText ? body : JSON.stringify(body),
  });
  assert.equal(answer.status, 200, `${leaf}: ${await answer.text()}`);
}

/** Nothing of it became an element, and nothing of it ran. */
async function assertInert(where: string): Promise<void> {
  const made = await page.evaluate(() => ({
    hit: (window as unknown as { hit?: number }).hit ?? 0,
    images: document.querySelectorAll('img[src="x"]').length,
    scripts: [...document.querySelectorAll("script")].filter((one) => one.textContent?.includes("hit")).length,
    links: document.querySelectorAll('a[href*="evil.example"]').length,
  }));
  assert.deepEqual(made, { hit: 0, images: 0, scripts: 0, links: 0 }, where);
}

test("on the wall, in the chart, among devices and in quarantine it stands there as it was written", {
  skip,
  timeout: 300_000,
}, async () => {
  const [first] = await api<{ id: string }[]>("GET", "/api/wards");
  await page.goto(`${ward.url}/ward/${first?.id}`);
  await page.getByText(EVIL, { exact: false }).first().waitFor();
  await assertInert("wall");
  for (const tab of ["live", "trends", "readings", "alarms", "devices", "access"]) {
    await page.goto(`${ward.url}/patients/${patientId}?tab=${tab}`);
    await page.getByText(EVIL, { exact: false }).first().waitFor();
    await assertInert(`chart, ${tab}`);
  }
  await page.goto(`${ward.url}/devices`);
  await page.getByText(`Monitor ${EVIL}`).first().waitFor();
  await page.getByRole("button", { name: "Actions for evil-1" }).click();
  await page.getByRole("menuitem", { name: "About the device" }).click();
  await page.getByRole("dialog").waitFor();
  await assertInert("about the device");
  await page.goto(`${ward.url}/quarantine`);
  const rows = page.getByRole("row").filter({ hasText: deviceId });
  await rows.first().waitFor();
  assert.ok((await rows.count()) >= 2, "the reading and the message");
  for (let i = 0; i < (await rows.count()); i++) {
    await rows.nth(i).getByRole("button", { name: "Bytes" }).click();
    await page.getByRole("dialog").waitFor();
    await assertInert(`quarantine, ${i}`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  await page.goto(`${ward.url}/administration`);
  await page.getByText(EVIL.slice(0, 20), { exact: false }).first().waitFor();
  await assertInert("people");
  assert.deepEqual(errors, []);
});
