import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type Api, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

/** A screen on the wall of a ward: hung up, answered at by people who show who they are, and ended. */
let ward: RunningWard;
let browser: Browser;
let wall: Page;
let desk: Page;
let api: Api;
let url = "";
let patientId = "";
let token = "";
const errors: string[] = [];
const options = { skip, timeout: 300_000 };
const PIN = "284916";
const BADGE = "NB 7781 20";

before(async () => {
  if (skip) return;
  ward = await startWard();
  // An address by number is nobody's name for a passkey.
  url = `http://localhost:${ward.httpPort}`;
  api = await apiOf(ward);
  const nina = await api<{ link: string }>("POST", "/api/people", { display: "Nina Berg", role: "nurse" });
  const [first] = await api<{ id: string }[]>("GET", "/api/wards");
  const south = await api<{ id: string }>("POST", "/api/wards", { name: "South", timeZone: "Europe/Oslo" });
  const lie = { birthDate: "1957-02-11", sex: "female" };
  ({ id: patientId } = await api<{ id: string }>("POST", "/api/patients", {
    ...lie,
    name: "Moe, Anna",
    mrn: "N-100",
    wardId: first?.id,
    bed: "4",
  }));
  await api("POST", "/api/patients", { ...lie, name: "Foss, Per", mrn: "S-200", wardId: south.id, bed: "9" });
  ({ token } = await api<{ token: string }>("POST", "/api/devices", { id: "monitor-4", type: "bedside-monitor" }));
  await api("POST", "/api/devices/monitor-4/assign", { patientId });
  await send("readings", { values: { "heart-rate": 71, spo2: 97 } });

  browser = await openBrowser({ width: 1920, height: 1080, colorScheme: "dark" });
  wall = await browser.page();
  desk = await browser.context.newPage();
  for (const page of [wall, desk]) page.on("pageerror", (error) => errors.push(error.message));
  const devtools = await browser.context.newCDPSession(wall);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await wall.goto(`${url}/sign-in${new URL(nina.link).hash}`);
  await wall.getByRole("button", { name: "Account and appearance" }).waitFor();
});

after(async () => {
  if (skip) return;
  await browser?.close();
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
});

async function send(kind: string, body: object): Promise<void> {
  const answer = await fetch(`${ward.url}/ingest/devices/monitor-4/${kind}`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`monitor-4:${token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ at: Date.now(), ...body }),
  });
  assert.equal(answer.status, 200, await answer.text());
}
const tile = () => wall.locator(`article[data-patient="${patientId}"]`);
const answerButton = () => tile().getByRole("button", { name: /^Acknowledge Emergency button pressed/ });
const who = () => wall.getByRole("dialog", { name: "Who are you?" });
const alarmsOf = () =>
  api<{ id: string; state: string; acknowledgedBy: string | null; acknowledgedOn?: string }[]>(
    "GET",
    `/api/patients/${patientId}/alarms?from=${Date.now() - 3_600_000}&to=${Date.now() + 60_000}`,
  );

test("a nurse sets a PIN, a badge and a passkey; an administrator makes a screen", options, async () => {
  // A passkey is asked for by the page in front.
  await wall.bringToFront();
  await wall.goto(`${url}/account`);
  await wall.getByLabel("Name of a new passkey").fill("my phone");
  await wall.getByRole("button", { name: "Make a passkey" }).click();
  await wall.getByRole("button", { name: "Remove my phone" }).waitFor();
  await wall.getByRole("textbox", { name: "PIN", exact: true }).fill(PIN);
  await wall.getByRole("button", { name: "Set PIN" }).click();
  await wall.getByRole("button", { name: "Remove PIN" }).waitFor();
  await wall.getByRole("textbox", { name: "Badge number" }).fill(BADGE);
  await wall.getByRole("button", { name: "Set badge" }).click();
  await wall.getByRole("button", { name: "Remove badge" }).waitFor();

  assert.ok(ward.links.administrator);
  await desk.goto(`${url}/sign-in${new URL(ward.links.administrator).hash}`);
  await desk.getByRole("button", { name: "Account and appearance" }).waitFor();
  await desk.goto(`${url}/administration`);
  await desk.getByRole("button", { name: "Add screen" }).click();
  const dialog = desk.getByRole("dialog", { name: "Add screen" });
  await dialog.getByLabel("Name").fill("Corridor");
  await picture(desk, "screen-add");
  await dialog.getByRole("button", { name: "Add screen" }).click();
  await desk.getByRole("status", { name: "Code" }).waitFor();
  await picture(desk, "screen-code");
});

test(
  "the code makes one browser the screen of that ward, which shows no names and leads nowhere",
  options,
  async () => {
    const code = await desk.getByRole("status", { name: "Code" }).innerText();
    await wall.goto(`${url}/kiosk`);
    await wall.getByText("NOT MONITORING.").waitFor();
    await picture(wall, "kiosk-enrol");
    await wall.getByLabel("Code").fill(code.toLowerCase());
    await wall.getByRole("button", { name: "Make this browser the screen" }).click();
    await tile().waitFor();
    await tile().getByText("71").first().waitFor();
    const text = await wall.locator("body").innerText();
    for (const shown of ["M. A.", "N-100", "Corridor"]) assert.ok(text.includes(shown), shown);
    for (const hidden of ["Moe", "Anna", "1957", "Foss", "S-200"]) assert.ok(!text.includes(hidden), hidden);
    assert.equal(await wall.locator("a[href]").count(), 0, "no way into a chart");
    assert.equal(await wall.getByRole("navigation").count(), 0);
    await wall.reload();
    await tile().waitFor();
    await wall.goto("about:blank");
    await wall.goto(`${url}/kiosk#code=${code}`);
    await tile().waitFor();
    assert.equal(new URL(wall.url()).hash, "", "what was used stays in no address");
  },
);

test("an alarm is answered there by badge number and PIN, and tells who did it and where", options, async () => {
  await send("event", { event: "sos-button", id: "one" });
  await answerButton().waitFor();
  await picture(wall, "kiosk-alarm");
  await answerButton().click();
  await who().getByLabel("Badge number or sign-in name").pressSequentially(BADGE.replaceAll(" ", ""));
  // As a scanner does at the end; the PIN is what is wanted next.
  await wall.keyboard.press("Enter");
  await wall.keyboard.type("000001");
  await picture(wall, "kiosk-who");
  await wall.keyboard.press("Enter");
  await who().getByRole("alert").getByText("What you signed in with was not accepted.").waitFor();
  for (const digit of PIN) await who().getByRole("button", { name: digit, exact: true }).click();
  await who().getByRole("button", { name: "Acknowledge" }).click();
  await who().waitFor({ state: "detached" });
  await answerButton().waitFor({ state: "detached" });
  const [alarm] = (await alarmsOf()).filter(({ acknowledgedBy }) => acknowledgedBy !== null);
  assert.deepEqual([alarm?.acknowledgedBy, alarm?.acknowledgedOn], ["Nina Berg", "Corridor"]);
  const log = await api<
    {
      code: string;
      outcome: string;
      who: { kind: string; display: string };
      through: { kind: string; display: string } | null;
    }[]
  >("GET", "/api/audit?action=E&entity=Alarm");
  const answers = log.filter(({ code }) => code === "api.kioskAcknowledge");
  assert.deepEqual(
    answers.map(({ outcome, who: by, through }) => [
      outcome,
      by.kind,
      by.display,
      through?.kind ?? null,
      through?.display,
    ]),
    [
      ["allowed", "person", "Nina Berg", "kiosk", "Corridor"],
      ["refused", "kiosk", "Corridor", null, undefined],
    ],
  );
});

test(
  "an alarm is answered there by passkey, and nothing that somebody leaves on that machine darkens it",
  options,
  async () => {
    await wall.bringToFront();
    await send("event", { event: "sos-button", id: "two" });
    await answerButton().click();
    await who().getByRole("button", { name: "Use a passkey" }).click();
    await who().waitFor({ state: "detached" });
    await answerButton().waitFor({ state: "detached" });
    assert.equal((await alarmsOf()).filter(({ acknowledgedOn }) => acknowledgedOn === "Corridor").length, 2);

    await desk.getByRole("button", { name: "Done" }).click();
    await desk.getByRole("button", { name: "Account and appearance" }).click();
    await desk.getByRole("menuitem", { name: "Sign out" }).click();
    await desk.getByText("You are signed out").waitFor();
    await send("readings", { values: { "heart-rate": 83, spo2: 97 } });
    await tile().getByText("83").first().waitFor();
  },
);

test("a screen that is ended shows nobody, and says NOT MONITORING", options, async (t) => {
  const [kiosk] = await api<{ id: string; browser: string; seenAt: number }[]>("GET", "/api/kiosks");
  assert.ok(kiosk && kiosk.seenAt > 0 && kiosk.browser.startsWith("Chrom"));
  const began = performance.now();
  await api("POST", `/api/kiosks/${kiosk.id}/end`);
  await tile().waitFor({ state: "detached" });
  t.diagnostic(`gone after ${Math.round(performance.now() - began)} ms`);
  await wall.locator("#not-monitoring").getByText("NOT MONITORING").waitFor();
  await wall.locator("#not-monitoring").getByText("This screen was signed off. An administrator brings").waitFor();
  await wall.getByRole("heading", { name: "This screen has ended" }).waitFor();
  await picture(wall, "kiosk-ended");
  assert.equal((await wall.evaluate(async () => (await fetch("/api/kiosk")).status)) as number, 401);
  assert.deepEqual(errors, []);
});
