import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { addBeds, apiOf, type RunningWard, removeDataDir, root, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser } from "./browser.ts";

const DATA = join(root, "../shared/data/ecg");
const skip =
  skipWithoutBrowser || (existsSync(DATA) ? false : "the recordings of ../shared/data are not on this machine");

let ward: RunningWard;
let browser: Browser;
let page: Page;
let monitor: { deviceId: string; token: string };
const replays: ChildProcess[] = [];

before(async () => {
  if (skip) return;
  ward = await startWard();
  const [bed] = await addBeds(ward, 1);
  assert.ok(bed);
  monitor = bed;
  const api = await apiOf(ward);
  const oximeter = await api<{ id: string; token: string }>("POST", "/api/devices", {
    type: "bedside-monitor",
    display: "Numerics",
  });
  await api("POST", `/api/devices/${oximeter.id}/assign`, { patientId: bed.patientId, from: Date.now() - 3_600_000 });
  // In real time, as the patients' monitors sent it: an ECG of MIT-BIH and the numerics of BIDMC.
  replay(join(DATA, "bidmc/bidmc_01_Numerics.csv"), oximeter.id, oximeter.token);
  browser = await openBrowser();
  page = await browser.page();
});

after(async () => {
  if (skip) return;
  for (const child of replays) child.kill("SIGKILL");
  await browser.close();
  await ward.stop();
  removeDataDir(ward.dataDir);
});

function replay(file: string, deviceId: string, token: string): void {
  const args = [join(root, "server/cli/main.ts"), "replay", file, "--device", deviceId, "--token", token];
  const url = `mqtt://127.0.0.1:${ward.mqttPort}`;
  replays.push(spawn(process.execPath, [...args, "--url", url], { stdio: "ignore" }));
}

test("real recordings, replayed in real time: the waveform moves and the numbers change on the ward wall", {
  skip,
}, async () => {
  // Somebody new in a hospital of one ward is assigned to it.
  const nurse = { display: "Nina Berg", role: "nurse" };
  const { link } = await (await apiOf(ward))<{ link: string }>("POST", "/api/people", nurse);
  await page.goto(link);
  const tile = page.locator("article[data-patient]");
  await tile.locator("output").first().waitFor({ timeout: 120_000 });
  // The ECG begins while the wall is open: the tile gets its strip by itself.
  replay(join(DATA, "mitdb/100.hea"), monitor.deviceId, monitor.token);
  await tile.locator("canvas").first().waitFor({ timeout: 120_000 });
  const pixels = () =>
    tile
      .locator("canvas")
      .first()
      .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const seen = new Set<string>();
  const frames = new Set<string>();
  const moves = () => frames.size >= 10 && seen.size >= 2;
  for (const end = performance.now() + 120_000; !moves() && performance.now() < end; ) {
    seen.add((await tile.locator("output").allInnerTexts()).join(" "));
    frames.add(await pixels());
    await page.waitForTimeout(1_000);
  }
  assert.ok(frames.size >= 10, `only ${frames.size} different pictures of the waveform in two minutes`);
  assert.ok(seen.size >= 2, `the numbers stood still at ${[...seen].join()}`);
  await picture(page, "recording");
});
