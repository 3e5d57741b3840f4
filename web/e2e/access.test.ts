import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { type Api, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

/** Who may see whom, as people on the ward and in the office meet it. */
let ward: RunningWard;
let office: Browser;
let bedside: Browser;
let wall: Browser | undefined;
let officer: Page;
let desk: Page;
let nurse: Page;
let api: Api;
let wardId = "";
let patientId = "";
const errors: string[] = [];
const NUMBER = "SOUTH-77";
const options = { skip, timeout: 300_000 };

before(async () => {
  if (skip) return;
  ward = await startWard();
  api = await apiOf(ward);
  // To the one ward that there is she is assigned.
  const nina = await api<{ link: string }>("POST", "/api/people", { display: "Nina Berg", role: "nurse" });
  const ada = await api<{ link: string; person: { id: string } }>("POST", "/api/people", {
    display: "Ada Moen",
    role: "administrator",
  });
  await api("POST", "/api/grants", {
    grantee: { kind: "person", id: ada.person.id },
    reach: { kind: "organisation" },
    purpose: "care",
    basis: "care-team",
  });
  // A ward to which nobody is assigned, and somebody who lies there.
  ({ id: wardId } = await api<{ id: string }>("POST", "/api/wards", { name: "South", timeZone: "Europe/Oslo" }));
  ({ id: patientId } = await api<{ id: string }>("POST", "/api/patients", {
    name: "Moe, Anna",
    mrn: NUMBER,
    birthDate: "1957-02-11",
    sex: "female",
    wardId,
    bed: "2",
  }));
  office = await openBrowser();
  bedside = await openBrowser({ width: 390, height: 844, colorScheme: "dark" });
  [desk, nurse] = [await office.page(), await bedside.page()];
  for (const page of [desk, nurse]) page.on("pageerror", (error) => errors.push(error.message));
  await desk.goto(ada.link);
  await desk.getByRole("navigation", { name: "Main" }).waitFor();
  await nurse.goto(nina.link);
  await nurse.getByRole("navigation", { name: "Main" }).waitFor();
});

after(async () => {
  if (skip) return;
  for (const browser of [office, bedside, wall]) await browser?.close();
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
});

const choose = async (where: Page | Locator, label: string, option: string | RegExp) => {
  await where.getByRole("combobox", { name: label }).click();
  await desk.getByRole("option", { name: option }).click();
};
const marker = () => nurse.getByRole("region", { name: "Emergency access" });

test("in an emergency a nurse sees a patient by the whole record number, and by nothing less", options, async () => {
  await nurse.goto(`${ward.url}/patients`);
  await nurse.getByRole("textbox", { name: "Search patients" }).fill("Moe");
  await nurse.getByText("Nobody found").waitFor();
  await nurse.getByRole("button", { name: "see a patient by record number" }).click();
  const dialog = nurse.getByRole("dialog");
  const go = dialog.getByRole("button", { name: "See the patient" });
  await dialog.getByLabel("Record number").fill("SOUTH-7");
  assert.ok(await go.isDisabled(), "without a reason and a confirmation nothing is asked");
  await dialog.getByLabel("Reason").fill("found unconscious in the corridor");
  await dialog.getByRole("checkbox").check();
  await go.click();
  await dialog.getByText("No patient of this hospital has this number").waitFor();
  await dialog.getByLabel("Record number").fill(NUMBER);
  await picture(nurse, "break-glass-dialog");
  await go.click();
  await nurse.getByRole("heading", { name: "Moe, Anna" }).waitFor();
  for (const tab of ["Trends", "Alarms", "Access"]) {
    await nurse.getByRole("tab", { name: tab }).click();
    await marker().getByText("found unconscious in the corridor").waitFor();
  }
  assert.match(await marker().getByRole("status").innerText(), /^(4:00:00|3:59:\d\d) left$/);
  await nurse.getByRole("region", { name: "Who may see this patient" }).getByText("Emergency").first().waitFor();
  await picture(nurse, "break-glass-running");
});

test("the nurse ends it, and the patient is gone from the page that was open", options, async () => {
  await marker().getByRole("button", { name: "End now" }).click();
  await nurse.getByRole("dialog").getByRole("button", { name: "End now" }).click();
  await nurse.getByRole("heading", { level: 1, name: "Patients" }).waitFor();
  const status = await nurse.evaluate(async (id) => (await fetch(`/api/patients/${id}`)).status, patientId);
  assert.equal(status, 404);
});

test("the privacy officer finds it in the queue and says what came of it", options, async () => {
  const { link } = await api<{ link: string }>("POST", "/api/people", { display: "Ruth Vik", role: "privacy-officer" });
  wall = await openBrowser({ width: 1920, height: 1080, colorScheme: "dark" });
  officer = await wall.page();
  officer.on("pageerror", (error) => errors.push(error.message));
  await officer.goto(link);
  await officer.getByRole("link", { name: "Emergencies" }).click();
  await officer.getByRole("button", { name: `Look at the emergency of Nina Berg, ${NUMBER}` }).click();
  await officer.getByRole("radio", { name: "It was right" }).check();
  await officer.getByLabel("Note").fill("resuscitation at 14:05");
  await picture(officer, "break-glass-review");
  await officer.getByRole("button", { name: "Save" }).click();
  await officer.getByText("Nothing waits to be looked at").waitFor();
  await officer.getByText("Looked at", { exact: true }).click();
  await officer.getByText("resuscitation at 14:05").waitFor();
  await picture(officer, "break-glass-queue");
});

test("the privacy officer searches the log, opens a record of it, and holds a patient", options, async () => {
  await officer.getByRole("link", { name: "Privacy" }).click();
  const log = officer.getByRole("region", { name: "Audit log" });
  const line = (text: string) => log.getByRole("row").filter({ hasText: text });
  await officer.getByRole("combobox", { name: "Person, application or device" }).fill("Nina Berg, nurse");
  await line("Ada Moen").first().waitFor({ state: "detached" });
  await line("broke the glass").first().waitFor();
  await picture(officer, "privacy-log");
  await officer.getByRole("combobox", { name: "Outcome" }).click();
  await officer.getByRole("option", { name: "Refused" }).click();
  await line("broke the glass").first().waitFor({ state: "detached" });
  await line("tried in vain to break the glass").getByRole("button").first().click();
  const record = officer.getByRole("dialog");
  await record.getByText("POST /api/break-glass").waitFor();
  await picture(officer, "privacy-record");
  await record.getByRole("button", { name: "Close" }).last().click();
  await officer.getByRole("tab", { name: "Legal holds" }).click();
  await officer.getByRole("button", { name: "Hold a patient" }).click();
  await record.getByLabel("Record number").fill(NUMBER);
  await record.getByLabel("Reason").fill("a claim before the court");
  await record.getByRole("button", { name: "Hold", exact: true }).click();
  const held = officer.getByRole("row").filter({ hasText: NUMBER }).filter({ hasText: "a claim before the court" });
  await held.getByText("by Ruth Vik").waitFor();
  await picture(officer, "privacy-holds");
  await held.getByRole("button", { name: `End the hold of ${NUMBER}` }).click();
  await record.getByLabel("Reason").fill("settled");
  await record.getByRole("button", { name: "End it", exact: true }).click();
  await officer.getByText("Nobody is held").waitFor();
});

test("what went out, who was affected and what is hidden are asked and saved as files", options, async () => {
  const given = await officer.evaluate(async (id) => {
    const answer = await fetch(`/api/rights/patients/${id}/export`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ reason: "asked for by letter" }),
    });
    return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
  }, patientId);
  assert.equal(given.status, 200);
  assert.ok(given.bytes > 0);
  const patient = () => officer.getByRole("combobox", { name: "Patient" });
  const saved = async (kind: "CSV" | "JSON") => {
    const download = officer.waitForEvent("download");
    await officer.getByRole("button", { name: `Save as ${kind}` }).click();
    return readFileSync(await (await download).path(), "utf8");
  };
  await officer.getByRole("tab", { name: "Disclosures" }).click();
  const lookUp = officer.getByRole("button", { name: "Look the record number up" });
  await patient().fill("EAST-");
  await lookUp.click();
  await officer.getByText("No record has exactly this number.").waitFor();
  // Nobody works there: who counts those whom nobody watches on another ward counts the same.
  const east = await api<{ id: string }>("POST", "/api/wards", { name: "East", timeZone: "Europe/Oslo" });
  await api("POST", "/api/patients", {
    name: "Foss, Per",
    birthDate: "1957-02-11",
    sex: "male",
    mrn: "EAST-3",
    wardId: east.id,
    bed: "3",
  });
  await patient().fill("EAST-3");
  await lookUp.click();
  await officer.getByText("The record was found.").waitFor();
  await picture(officer, "privacy-record-number");
  await officer.getByRole("button", { name: "What went out" }).click();
  await officer.getByText("Nothing of this patient went out").waitFor();
  await patient().fill(NUMBER);
  await officer.getByRole("button", { name: "What went out" }).click();
  await officer.getByText("Ruth Vik (privacy-officer) was given all of the patient's data").first().waitFor();
  await picture(officer, "privacy-disclosures");
  assert.match(await saved("CSV"), /Ruth Vik/);
  await officer.getByRole("tab", { name: "Who was affected" }).click();
  await officer.getByRole("combobox", { name: "Person, application or device" }).fill("Nina Berg, nurse");
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  await officer.getByLabel(/^From/).fill(day(-1));
  await officer.getByLabel(/^To\b/).fill(day(1));
  await officer.getByRole("button", { name: "Who was affected" }).click();
  await officer.getByRole("row").filter({ hasText: NUMBER }).getByText(patientId).waitFor();
  await picture(officer, "privacy-affected");
  const { found } = JSON.parse(await saved("JSON"));
  assert.deepEqual(
    found.map((one: { patientId: string }) => one.patientId),
    [patientId],
  );
  await officer.setViewportSize({ width: 390, height: 844 });
  await officer.emulateMedia({ colorScheme: "light" });
  await picture(officer, "privacy-affected-phone");
  await officer.getByRole("tab", { name: "What is hidden" }).click();
  await patient().fill(NUMBER);
  for (const [person, words] of [
    ["Ada Moen", "Nothing of this patient is hidden from this person"],
    ["Nina Berg", "This person has no permission to see this patient"],
  ] as const) {
    await officer.getByRole("combobox", { name: "Person" }).click();
    await officer.getByRole("option", { name: person }).click();
    await officer.getByRole("button", { name: "What is hidden, and why" }).click();
    await officer.getByText(words).waitFor();
  }
  await picture(officer, "privacy-hidden-phone");
  await officer.getByRole("tab", { name: "Audit log" }).click();
  await officer.getByRole("region", { name: "Audit log" }).getByText("asked why something is hidden").first().waitFor();
  await picture(officer, "privacy-log-phone");
  await desk.goto(`${ward.url}/administration`);
  await desk.getByRole("link", { name: "Audit log and legal holds" }).click();
  await desk.getByRole("region", { name: "Audit log" }).getByText("Ruth Vik").first().waitFor();
  assert.equal(await desk.getByRole("tab").count(), 2);
  await picture(desk, "privacy-administrator");
});

test(
  "a patient whom nobody watches is told on the ward and on their page, and one click mends it",
  options,
  async () => {
    await desk.goto(`${ward.url}/ward/${wardId}`);
    const told = () => desk.getByRole("region", { name: "Watched by nobody" });
    await told().getByText("Nobody watches 1 patient").waitFor();
    await picture(desk, "unwatched-ward");
    await told().getByRole("link", { name: "bed 2" }).click();
    await told().getByText("Nobody watches this patient").waitFor();
    await told().getByRole("button", { name: "Assign somebody" }).click();
    await choose(desk.getByRole("dialog"), "Who", "Nina Berg, nurse");
    await desk.getByRole("textbox", { name: "Reason" }).fill("night shift");
    await picture(desk, "grant-dialog");
    await desk.getByRole("button", { name: "Let see" }).click();
    await told().waitFor({ state: "detached" });
    const row = desk.getByRole("row").filter({ hasText: "Nina Berg" }).filter({ hasText: "night shift" });
    await row.waitFor();
    await picture(desk, "who-may-see");
    await nurse.goto(`${ward.url}/patients/${patientId}`);
    await nurse.getByRole("heading", { name: "Moe, Anna" }).waitFor();
  },
);

test("a person's permissions stand in administration, and ending one is at once", options, async () => {
  await desk.goto(`${ward.url}/administration`);
  await desk.getByRole("button", { name: "Actions for Nina Berg" }).click();
  await desk.getByRole("menuitem", { name: "Whom they may see" }).click();
  const dialog = desk.getByRole("dialog", { name: "Whom Nina Berg may see" });
  const row = dialog.getByRole("row").filter({ hasText: "Moe, Anna" });
  await row.waitFor();
  await picture(desk, "person-grants");
  await row.getByRole("button", { name: /^End/ }).click();
  await desk.getByRole("textbox", { name: "Reason" }).fill("shift is over");
  await desk.getByRole("button", { name: "End it", exact: true }).click();
  await row.waitFor({ state: "detached" });
  await dialog.getByRole("switch", { name: "Also ended" }).click();
  await dialog.getByRole("row").filter({ hasText: "shift is over" }).waitFor();
  const status = await nurse.evaluate(async (id) => (await fetch(`/api/patients/${id}`)).status, patientId);
  assert.equal(status, 404);
});

test(
  "who looked at the patient stands on their page, with the reason of an emergency, by person and by day",
  options,
  async () => {
    await desk.goto(`${ward.url}/patients/${patientId}?tab=access`);
    const looked = desk.getByRole("region", { name: "Who looked" });
    const row = looked.getByRole("row").filter({ hasText: "Nina Berg (nurse)" });
    await row.filter({ hasText: "found unconscious in the corridor" }).first().waitFor();
    await choose(desk, "Who", "Nina Berg");
    await looked.getByText("Ada Moen (administrator)").first().waitFor({ state: "detached" });
    await row.first().waitFor();
    await picture(desk, "who-looked");
    await desk.getByLabel("To", { exact: true }).fill("2020-01-01");
    await looked.getByText("Nobody looked").waitFor();
  },
);

test(
  "a device's token is changed with an overlap, it gets a certificate, and each is ended by itself",
  options,
  async () => {
    for (const id of ["box-1", "box-2"])
      await api("POST", "/api/devices", { id, type: "pulse-oximeter", display: `Oximeter ${id}` });
    await desk.goto(`${ward.url}/devices`);
    await desk.getByRole("button", { name: "Actions for box-1" }).click();
    await desk.getByRole("menuitem", { name: /^Sign-in/ }).click();
    const dialog = desk.getByRole("dialog");
    await dialog.getByRole("button", { name: "New token" }).click();
    await dialog.getByRole("button", { name: "Make a new token" }).click();
    await dialog.getByText("The token is shown once").waitFor();
    await dialog.getByRole("img", { name: "QR code: Token of box-1" }).waitFor();
    await picture(desk, "device-token");
    await dialog.getByRole("button", { name: "Done" }).click();
    const tokens = dialog.getByRole("row").filter({ hasText: "Token" });
    await tokens.nth(1).waitFor();
    await tokens.filter({ hasText: /23 h .* left/ }).waitFor();
    await dialog.getByRole("button", { name: "New certificate" }).click();
    await dialog.getByRole("button", { name: "Make a certificate" }).click();
    const saved = desk.waitForEvent("download");
    await dialog.getByRole("button", { name: "Save the key" }).click();
    assert.equal((await saved).suggestedFilename(), "box-1.key");
    assert.match(await dialog.getByLabel("Certificate", { exact: true }).inputValue(), /BEGIN CERTIFICATE/);
    await picture(desk, "device-certificate");
    await dialog.getByRole("button", { name: "Done" }).click();
    await dialog.getByRole("combobox", { name: "Device to put in its charge" }).click();
    await desk.getByRole("option", { name: /box-2/ }).click();
    await dialog.getByRole("button", { name: "Put in its charge" }).click();
    await dialog.getByRole("button", { name: "Take box-2 out of its charge" }).waitFor();
    await picture(desk, "device-sign-in");
    await dialog.getByRole("button", { name: /^Revoke certificate/ }).click();
    await desk.getByRole("dialog", { name: "Revoke this certificate" }).getByRole("button", { name: "Revoke" }).click();
    await dialog.getByRole("row").filter({ hasText: "Certificate" }).waitFor({ state: "detached" });
  },
);

test("a label's code signs a device in once, and what it had before ends", options, async () => {
  const dialog = desk.getByRole("dialog");
  await dialog.getByRole("button", { name: "Claim code" }).click();
  await dialog.getByRole("button", { name: "Make a code" }).click();
  const label = dialog.getByRole("figure", { name: "Label" });
  const code = (await label.locator("code").innerText()).trim();
  await picture(desk, "claim-label");
  await desk.emulateMedia({ media: "print" });
  await picture(desk, "claim-label-printed");
  await desk.emulateMedia({ media: "screen" });
  const claim = () =>
    fetch(`${ward.url}/ingest/claim`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code }),
    });
  assert.equal((await claim()).status, 200);
  assert.notEqual((await claim()).status, 200);
  await dialog.getByRole("button", { name: "Done" }).click();
  const { credentials } = await api<{ credentials: unknown[] }>("GET", "/api/devices/box-1/credentials");
  assert.equal(credentials.length, 1);
});

test("an application is registered in plain words, opened for a patient, and ended", options, async () => {
  await desk.goto(`${ward.url}/administration`);
  await desk.getByRole("button", { name: "Register application" }).click();
  const dialog = desk.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name" }).fill("Heart rates");
  await choose(dialog, "It runs", "on a server, with a secret");
  await dialog.getByLabel("Where people are sent back to").fill("https://app.example/back");
  await dialog.getByLabel("Where it is opened from a patient's page").fill("https://app.example/launch");
  for (const words of ["Be opened from a patient's page", "Read measurements of the one patient"])
    await dialog.getByRole("checkbox", { name: words }).check();
  await picture(desk, "application-register");
  await dialog.getByRole("button", { name: "Register" }).click();
  await dialog.getByText("The secret is shown once").waitFor();
  await dialog.getByRole("button", { name: "Done" }).click();
  const row = desk.getByRole("row").filter({ hasText: "Heart rates" });
  await row.getByText("read measurements of this patient").waitFor();
  await row.scrollIntoViewIfNeeded();
  await picture(desk, "applications");
  await desk.goto(`${ward.url}/patients/${patientId}`);
  await desk.getByRole("button", { name: "Applications" }).click();
  await desk.getByRole("menuitem", { name: "Heart rates" }).click();
  await dialog.getByText("Moe, Anna").waitFor();
  const link = dialog.getByRole("link", { name: "Open Heart rates" });
  await link.and(desk.locator("[href]")).waitFor();
  const url = new URL((await link.getAttribute("href")) ?? "");
  assert.equal(url.origin + url.pathname, "https://app.example/launch");
  assert.equal(url.searchParams.get("iss"), `${ward.url}/fhir`);
  assert.ok(url.searchParams.get("launch"));
  await picture(desk, "application-open");
  await desk.goto(`${ward.url}/administration`);
  await row.getByRole("button", { name: "Actions for Heart rates" }).click();
  await desk.getByRole("menuitem", { name: "End" }).click();
  await dialog.getByRole("button", { name: "End it", exact: true }).click();
  await row.getByText(/\(ended/).waitFor();
  await desk.goto(`${ward.url}/patients/${patientId}`);
  await desk.getByRole("heading", { name: "Moe, Anna" }).waitFor();
  assert.equal(await desk.getByRole("button", { name: "Applications" }).count(), 0);
});

test("no page threw", { skip }, () => assert.deepEqual(errors, []));
