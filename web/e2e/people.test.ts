import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type Api, apiOf, type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

/** Who is let in, as what, and that a patient's own sign-in shows nothing of the ward. */
let ward: RunningWard;
let office: Browser;
let bedside: Browser;
let desk: Page;
let own: Page;
let api: Api;
const errors: string[] = [];

before(async () => {
  if (skip) return;
  ward = await startWard({
    command: "demo",
    // A mail server that does not answer: what is told then is seen.
    env: { OPENWARD_SMTP_URL: "smtp://127.0.0.1:1", OPENWARD_MAIL_FROM: "ward@hospital.example" },
  });
  api = await apiOf(ward);
  // An administrator sees nobody by being one: who relates people to patients is let see them.
  const administrator = (await api<PersonBody[]>("GET", "/api/people")).find(({ role }) => role === "administrator");
  await api("POST", "/api/grants", {
    grantee: { kind: "person", id: administrator?.id },
    reach: { kind: "organisation" },
    purpose: "care",
    basis: "care-team",
    reason: "says who is which patient",
  });
  office = await openBrowser();
  bedside = await openBrowser({ width: 390, height: 844, colorScheme: "dark" });
  desk = await office.page();
  own = await bedside.page();
  for (const page of [desk, own]) page.on("pageerror", (error) => errors.push(error.message));
});

after(async () => {
  if (skip) return;
  await office?.close();
  await bedside?.close();
  await ward?.stop();
  if (ward) removeDataDir(ward.dataDir);
});

interface PersonBody {
  id: string;
  display: string;
  role: string;
  disabledAt: number | null;
}
const named = async (display: string) => {
  const found = (await api<PersonBody[]>("GET", "/api/people")).find((person) => person.display === display);
  assert.ok(found, `${display} is among the people`);
  return found;
};
const choose = async (page: Page, label: string, option: string) => {
  await page.getByRole("combobox", { name: label }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
};
const act = async (display: string, item: string) => {
  await desk.getByRole("button", { name: `Actions for ${display}` }).click();
  await desk.getByRole("menuitem", { name: item }).click();
};

let link = "";

test("an administrator adds a patient's sign-in and relates it to the record", { skip, timeout: 300_000 }, async () => {
  assert.ok(ward.links.administrator);
  await desk.goto(ward.links.administrator);
  await desk.waitForSelector("article[data-patient]");
  await desk.goto(`${ward.url}/administration`);
  await desk.getByRole("button", { name: "Add person" }).click();
  await desk.getByRole("textbox", { name: "Name" }).fill("Kari Hansen");
  await choose(desk, "Role", "Patient");
  await desk.getByRole("textbox", { name: "E-mail" }).fill("kari@home.example");
  await picture(desk, "person-add");
  await desk.getByRole("button", { name: "Add and make a sign-in link" }).click();
  link = (
    await desk
      .getByText(/sign-in#token=/)
      .first()
      .innerText()
  ).trim();
  assert.equal(await desk.getByLabel("Or send one by mail").inputValue(), "kari@home.example");
  await desk.getByRole("button", { name: "Send", exact: true }).click();
  await desk.getByRole("alert").getByText("The mail could not be sent.").waitFor();
  await picture(desk, "sign-in-link");
  await desk.getByRole("button", { name: "Done" }).click();
  await act("Kari Hansen", "Change name, role or e-mail");
  assert.equal(await desk.getByRole("textbox", { name: "E-mail" }).inputValue(), "", "it is shown to nobody");
  await desk.getByRole("checkbox", { name: "Remove the address that is set" }).check();
  await picture(desk, "person-change");
  await desk.getByRole("button", { name: "Save" }).click();
  await desk.getByRole("dialog").waitFor({ state: "detached" });
  const changes = await api<{ code: string; outcome: string }[]>("GET", "/api/audit?action=U");
  assert.ok(changes.some(({ code, outcome }) => code === "api.changePerson" && outcome === "allowed"));
  await act("Kari Hansen", "Relate to a patient");
  await desk.getByRole("radio", { name: /^Hansen, Kari/ }).click();
  await desk.getByRole("textbox", { name: "On what it rests" }).fill("identity card seen");
  await desk.getByRole("button", { name: "Relate", exact: true }).click();
  await desk
    .getByRole("table", { name: /^Related to/ })
    .getByText("Kari Hansen")
    .waitFor();
  await picture(desk, "relate-person");
  await desk.getByRole("button", { name: "Close" }).click();
  await picture(desk, "people");
});

test("the patient arrives at pages of their own, and nothing of the ward can be reached", {
  skip,
  timeout: 300_000,
}, async () => {
  await own.goto(link);
  await own.getByRole("heading", { name: "Hansen, Kari" }).waitFor();
  await picture(own, "own-home");
  await own.getByRole("link", { name: "Devices" }).first().click();
  await own.getByRole("heading", { name: "Devices" }).waitFor();
  await own.locator("[data-lead]").first().waitFor();
  await picture(own, "own-devices");
  await own.getByRole("link", { name: "Who looked" }).click();
  const looked = own.getByRole("region", { name: "Who looked" });
  await looked.getByText("Demo administrator (administrator)").first().waitFor();
  await picture(own, "own-looked");
  for (const path of ["/", "/patients", "/devices", "/administration"]) {
    await own.goto(`${ward.url}${path}`);
    await own.getByRole("heading", { name: "Hansen, Kari" }).waitFor();
    assert.equal(new URL(own.url()).pathname, "/mine", path);
  }
  const answers = await own.evaluate(async () => {
    const asked = ["/api/patients", "/api/devices", "/api/alarms", "/api/people"];
    return Promise.all(asked.map(async (path) => (await fetch(path)).status));
  });
  assert.deepEqual(answers, [403, 403, 403, 403]);
  // By FHIR and on a live view they see themselves, and nobody else.
  const families = await own.evaluate(async () => {
    const { entry } = await (await fetch("/fhir/Patient")).json();
    return entry.map((one: { resource: { name: [{ family: string }] } }) => one.resource.name[0].family);
  });
  assert.deepEqual(families, ["Hansen"]);
  const tiles = await own.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const socket = new WebSocket(`${location.origin.replace("http", "ws")}/live`);
        socket.onopen = () => socket.send(JSON.stringify({ type: "watch", waveforms: "none" }));
        socket.onmessage = ({ data }) => {
          const message = JSON.parse(String(data));
          if (message.type !== "snapshot") return;
          resolve(message.tiles.map((tile: { patient: { name: string } }) => tile.patient.name));
          socket.close();
        };
        socket.onclose = () => resolve(["closed"]);
      }),
  );
  assert.deepEqual(tiles, ["Hansen, Kari"]);
});

test("a patient keeps something back, is told that nobody would watch it, and takes it back", {
  skip,
  timeout: 300_000,
}, async () => {
  await own.goto(`${ward.url}/mine/consent`);
  await own.getByText("Whoever takes care of you here sees what is measured.").waitFor();
  await own
    .getByText(/works on your ward/)
    .first()
    .waitFor();
  await own.getByRole("button", { name: "Share, or keep something back" }).click();
  assert.equal(await own.getByRole("button", { name: "Save" }).isDisabled(), true, "nothing is chosen yet");
  assert.equal(await own.getByRole("checkbox", { name: /^Calls for help/ }).count(), 0);
  await own.getByRole("checkbox", { name: /^Breathing/ }).check();
  await choose(own, "With whom", "Anybody here");
  await picture(own, "own-sharing-form");
  await own.getByRole("button", { name: "Save" }).click();
  await own.getByText("Nobody would watch this any more").waitFor();
  await own.getByText("Nobody would watch this any more").scrollIntoViewIfNeeded();
  await picture(own, "own-sharing-unwatched");
  await own.getByRole("button", { name: "Do not share all the same" }).click();
  await own.getByText("You do not share breathing with anybody here").waitFor();
  await picture(own, "own-sharing");
  const wide = await own.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.equal(wide, false, "it fits on a telephone");

  const patient = (await api<{ id: string; name: string }[]>("GET", "/api/patients")).find(
    ({ name }) => name === "Hansen, Kari",
  );
  await desk.goto(`${ward.url}/patients/${patient?.id}`);
  await desk.getByText(/Hidden because the patient does not share breathing with anybody here, since/).waitFor();
  await picture(desk, "chart-hidden");

  await own.getByRole("button", { name: /^Take back/ }).click();
  await own.getByText("Whoever takes care of you here sees what is measured.").waitFor();
  await own.getByRole("button", { name: "Share, or keep something back" }).click();
  await own.getByText("Share", { exact: true }).click();
  await own.getByRole("checkbox", { name: /^Heart and circulation/ }).check();
  await choose(own, "With whom", "All physicians");
  await choose(own, "How long", "For a week");
  await own.getByRole("button", { name: "Save" }).click();
  await own.getByText("You share heart and circulation with physicians, for care").waitFor();
  await own.getByRole("button", { name: /^Take back/ }).click();
  await own.getByText("Whoever takes care of you here sees what is measured.").waitFor();
});

test("a death ends what the patient's sign-in shows, and one recorded in error gives it back", {
  skip,
  timeout: 300_000,
}, async () => {
  await desk.goto(`${ward.url}/patients`);
  const facts = async () => {
    await desk.getByRole("button", { name: "Actions for Hansen, Kari" }).click();
    await desk.getByRole("menuitem", { name: "Death, incapacity, relations" }).click();
    await desk.getByText("Kari Hansen").waitFor();
  };
  await facts();
  await choose(desk, "Record", "Deceased");
  await desk.getByRole("textbox", { name: "On what it rests" }).fill("death certificate");
  await desk.getByRole("button", { name: "Record: deceased" }).click();
  await desk.getByRole("button", { name: "Recorded in error" }).waitFor();
  await picture(desk, "patient-facts");
  await own.goto(`${ward.url}/mine`);
  await own.getByText("Nothing is shown here any more").waitFor();
  await desk.getByRole("button", { name: "Recorded in error" }).click();
  await desk.getByRole("button", { name: "Recorded in error" }).waitFor({ state: "detached" });
  await own.goto(`${ward.url}/mine`);
  await own.getByText("This is your own record.").waitFor();
});

test("who is let in no more is out at once, on the page that is open", { skip, timeout: 300_000 }, async () => {
  await desk.goto(`${ward.url}/administration`);
  await act("Kari Hansen", "Let in no more");
  await desk.getByRole("dialog").getByRole("button", { name: "Let in no more" }).click();
  await desk.getByText("(may not sign in)").waitFor();
  assert.notEqual((await named("Kari Hansen")).disabledAt, null);
  const status = await own.evaluate(async () => (await fetch("/api/session")).status);
  assert.equal(status, 401);
  await own.goto(`${ward.url}/mine`);
  await own.getByText("You are signed out").waitFor();
  assert.deepEqual(errors, []);
});
