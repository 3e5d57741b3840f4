import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import { addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

/** What the ward says, on every screen, of a disk that runs out of room. */
const MORE_THAN_ANY_DISK_HAS = "99999999";
let browser: Browser;
let page: Page;
const errors: string[] = [];

before(async () => {
  if (skip) return;
  browser = await openBrowser();
  page = await browser.page();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => errors.push(error.message));
});
after(async () => {
  if (!skip) await browser.close();
});

const send = (ward: RunningWard, bed: { deviceId: string; token: string }, heartRate: number) =>
  fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ values: { "heart-rate": heartRate } }),
  });

/** A ward with one patient, and a page that looks at it. */
const openWard = async (t: TestContext, env: Record<string, string>) => {
  const ward = await startWard({ env: { OPENWARD_DISK_WARN_MB: MORE_THAN_ANY_DISK_HAS, ...env } });
  t.after(async () => {
    await ward.stop();
    removeDataDir(ward.dataDir);
  });
  const [bed] = await addBeds(ward, 1);
  const nurse = { display: "Nina Berg", role: "nurse" };
  const { link } = await (await apiOf(ward))<{ link: string }>("POST", "/api/people", nurse);
  assert.ok(bed);
  await page.goto(link);
  await page.getByRole("link", { name: "Ward", exact: true }).click();
  await tile().waitFor();
  return { ward, bed };
};
const tile = () => page.locator("article[data-patient]");
const storage = () => page.getByRole("region", { name: "Storage" }).getByRole("alert");

test("little room on the disk is told, and the ward goes on", { skip, timeout: 180_000 }, async (t) => {
  const { ward, bed } = await openWard(t, {});
  await storage().getByText("little room left").waitFor();
  assert.equal((await send(ward, bed, 73)).status, 200);
  await tile().getByText("73", { exact: true }).waitFor();
  await picture(page, "storage-low");
});

test("a disk without room is told in what it means: shown, not kept; the device is told too", {
  skip,
  timeout: 180_000,
}, async (t) => {
  const { ward, bed } = await openWard(t, { OPENWARD_DISK_FLOOR_MB: MORE_THAN_ANY_DISK_HAS });
  await storage().getByText("disk full").waitFor();
  const answer = await send(ward, bed, 74);
  assert.equal(answer.status, 507);
  assert.equal(((await answer.json()) as { code: string }).code, "DISK_FULL");
  await tile().getByText("74", { exact: true }).waitFor();
  await picture(page, "storage-full");
});

test("no page threw", { skip }, () => assert.deepEqual(errors, []));
