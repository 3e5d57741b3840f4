import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AccessEntry } from "@openward/api";
import ICAL from "ical.js";
import { startReceiver } from "../../test/feeds/receiver.ts";
import { type Api, addBeds, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser } from "./browser.ts";

let ward: RunningWard;
let admin: Api;
let browser: Browser;
let bed: { patientId: string; deviceId: string; token: string };

before(async () => {
  if (skipWithoutBrowser) return;
  ward = await startWard({ env: { OPENWARD_FEED_NETWORKS: "127.0.0.1" } });
  admin = await apiOf(ward);
  [bed = { patientId: "", deviceId: "", token: "" }] = await addBeds(ward, 1);
  browser = await openBrowser({ width: 1000, height: 1100 });
});
after(async () => {
  if (skipWithoutBrowser) return;
  await browser.close();
  await ward.stop();
  removeDataDir(ward.dataDir);
});

test("a patient has their data sent on, sees how that goes, stops it, and puts what to measure into a calendar", {
  skip: skipWithoutBrowser,
}, async () => {
  const { person, link } = await admin<{ person: { id: string }; link: string }>("POST", "/api/people", {
    display: "Ola Berg",
    role: "patient",
  });
  const relation = { personId: person.id, relation: "self", reason: "identity card seen" };
  await admin("POST", `/api/patients/${bed.patientId}/relations`, relation);
  const receiver = await startReceiver();
  const page = await browser.page();
  await page.goto(link);
  await page.getByRole("link", { name: "Sharing" }).click();
  await page.getByRole("heading", { name: "Where my data goes" }).waitFor();
  await page.getByRole("button", { name: "Send it on" }).click();
  const dialog = page.getByRole("dialog", { name: "Send it on" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("My notebook");
  await dialog.getByRole("textbox", { name: "Address" }).fill(receiver.url);
  await picture(page, "feed-dialog");
  await dialog.getByRole("button", { name: "Send it" }).click();
  const shown = page.getByRole("dialog", { name: "My notebook" });
  await shown.getByText(/whsec_/).waitFor();
  await shown.getByRole("button", { name: "Done" }).click();
  await page.getByText("Up to date").waitFor();

  const authorization = `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`;
  const body = JSON.stringify({ values: { "heart-rate": 72 } });
  const headers = { authorization, "content-type": "application/json" };
  await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, { method: "POST", headers, body });
  await receiver.until("a reading", (all) => all.length === 1);
  await page.getByRole("cell", { name: "1", exact: true }).waitFor();
  await page.getByRole("button", { name: "What to do with My notebook" }).click();
  await page.getByRole("menuitem", { name: "Send a test message" }).click();
  await page.getByText("My notebook took the test message").waitFor();
  await picture(page, "feeds");
  await page.getByRole("button", { name: "What to do with My notebook" }).click();
  await page.getByRole("menuitem", { name: "Stop sending" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop sending" }).click();
  await page.getByText("Nowhere.").waitFor();
  const looks = await admin<AccessEntry[]>("GET", `/api/patients/${bed.patientId}/access-history`);
  assert.ok(looks.some((entry) => JSON.stringify(entry).includes("My notebook")));

  await page.getByRole("link", { name: "Devices" }).click();
  await page.getByRole("button", { name: "Have it measured" }).click();
  const task = page.getByRole("dialog", { name: "Have it measured" });
  await task.getByRole("combobox", { name: "What" }).fill("Body weight");
  await page.getByRole("option", { name: "Body weight", exact: true }).click();
  await task.getByRole("button", { name: "Set" }).click();
  await page.getByRole("cell", { name: /^Body weight/ }).waitFor();
  await page.getByRole("button", { name: "Add to a calendar" }).click();
  const calendar = page.getByRole("dialog", { name: "Add to a calendar" });
  await calendar.getByRole("textbox", { name: "Name" }).fill("Telephone");
  await calendar.getByRole("button", { name: "Make the address" }).click();
  const address = await page
    .getByRole("dialog", { name: "Telephone" })
    .getByText(/\/calendar\/owc_/)
    .textContent();
  await page.getByRole("dialog", { name: "Telephone" }).getByRole("button", { name: "Done" }).click();
  await picture(page, "tasks");
  const text = await (await fetch(address ?? "")).text();
  const [event] = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent");
  assert.equal(event?.getFirstPropertyValue("summary"), "Measurement");
  await receiver.close();
});
