import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type Api, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { dataMatrix, filmOf, pictureOf, qrCode } from "../src/parts/scan/testing/symbols.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

/** Labels before a camera, which the browser takes from a film: a device is claimed, described and found. */
let ward: RunningWard;
let api: Api;
let phone: Browser;
let page: Page;
let url = "";
const errors: string[] = [];
const folder = mkdtempSync(join(tmpdir(), "openward-film-"));
const LABEL = "01040123450000161727113010LOT7A\u001d2100042";

before(async () => {
  if (skip) return;
  ward = await startWard();
  api = await apiOf(ward);
  await api("POST", "/api/devices", { id: "ox-12", type: "pulse-oximeter", display: "Oximeter 12" });
  ({ url } = await ward.json<{ url: string }>("device", "claim-code", "ox-12"));
  // Now the one label, now the other: what is not wanted is told, and looked past.
  const [width, height] = [640, 480];
  const scenes = [qrCode(url), null, dataMatrix(LABEL), null].map((symbol) => pictureOf(symbol, width, height));
  const film = join(folder, "labels.y4m");
  writeFileSync(film, filmOf(scenes.flatMap((scene) => [scene, scene, scene, scene])));
  phone = await openBrowser({
    width: 390,
    height: 844,
    args: [
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-video-capture=${film}`,
    ],
  });
  page = await phone.page();
  page.on("pageerror", (error) => errors.push(error.message));
});

after(async () => {
  rmSync(folder, { recursive: true, force: true });
  if (skip) return;
  await phone?.close();
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
});

test("the address on a claim label opens on the telephone, and the camera reads the label", {
  skip,
  timeout: 300_000,
}, async () => {
  const code = url.slice(url.indexOf("#") + 1);
  await page.goto(url);
  const input = page.getByRole("textbox", { name: "Code on the label" });
  await input.waitFor();
  assert.equal(await input.inputValue(), code);
  assert.equal(new URL(page.url()).hash, "", "and stands in no address any more");
  await input.fill("");
  await page.getByRole("button", { name: "Scan the label" }).click();
  await page.getByRole("dialog", { name: "Scan the label" }).waitFor({ state: "detached" });
  assert.equal(await input.inputValue(), code);
  await picture(page, "claim-phone");
  await page.getByRole("button", { name: "Use the code" }).click();
  await page.getByText("This is shown once").waitFor();
  const [address, id, token] = await page.locator("code").allInnerTexts();
  assert.deepEqual([address, id], [ward.url, "ox-12"]);
  const sent = await fetch(`${ward.url}/ingest/devices/ox-12/status`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`ox-12:${token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ state: "online" }),
  });
  assert.equal(sent.status, 200, await sent.text());
  await page.goto(url);
  await page.reload();
  await page.getByRole("textbox", { name: "Code on the label" }).fill(code);
  await page.getByRole("button", { name: "Use the code" }).click();
  await page
    .getByRole("alert")
    .getByText(/has been used/)
    .waitFor();
});

test("a device's UDI is read from its label, and the device is found by it", { skip, timeout: 300_000 }, async () => {
  const { link } = await api<{ link: string }>("POST", "/api/people", {
    display: "Eva Fix",
    role: "clinical-engineer",
  });
  await page.goto(link);
  await page.getByRole("link", { name: "Devices" }).first().waitFor();
  await page.goto(`${ward.url}/devices`);
  await page.getByRole("button", { name: /^Actions for ox-12/ }).click();
  await page.getByRole("menuitem", { name: "About the device" }).click();
  await page.getByRole("button", { name: "Scan with the camera" }).click();
  await page.getByText("GS1 04012345000016 · serial 00042 · lot LOT7A").waitFor();
  await page.getByRole("dialog", { name: "Scan the label" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const { label } = await api<{ label: { serial: string; entry: string } }>("GET", "/api/devices/ox-12");
  assert.deepEqual([label.serial, label.entry], ["00042", "barcode"]);
  await page.getByRole("button", { name: "Find by label" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await page.getByRole("textbox", { name: "Search devices" }).inputValue(), "ox-12");
  assert.deepEqual(errors, []);
});

test("where there is no camera, the dialog says so and typing goes on", { skip, timeout: 300_000 }, async () => {
  const other = await openBrowser({ width: 390, height: 844, colorScheme: "dark" });
  try {
    const plain = await other.page();
    await plain.goto(`${ward.url}/ingest/claim`);
    await plain.getByRole("button", { name: "Scan the label" }).click();
    await plain
      .getByRole("alert")
      .getByText(/Type what stands there|or type what stands there/)
      .waitFor();
    await picture(plain, "claim-without-camera");
    await plain.getByRole("button", { name: "Type it instead" }).click();
    await plain.getByRole("textbox", { name: "Code on the label" }).fill("K7QM-3XPA-9RTD");
    assert.ok(await plain.getByRole("button", { name: "Use the code" }).isEnabled());
  } finally {
    await other.close();
  }
});
