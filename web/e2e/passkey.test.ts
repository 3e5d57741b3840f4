import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Secret, TOTP } from "otpauth";
import type { Page } from "playwright-core";
import { startProvider, type TestProvider } from "../../server/access/testing/provider.ts";
import { lastingPort } from "../../test/support/ports.ts";
import { type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

/** Signs up by a link and in by a passkey, with an authenticator that the browser plays. */
let ward: RunningWard;
let browser: Browser;
let page: Page;
let url = "";
let provider: TestProvider | undefined;
let secrets = "";
const errors: string[] = [];

before(async () => {
  if (skip) return;
  const httpPort = await lastingPort();
  provider = await startProvider(`http://127.0.0.1:${httpPort}/sign-in/external`);
  provider.subject = "nina-at-fjord";
  secrets = mkdtempSync(join(tmpdir(), "openward-oidc-"));
  writeFileSync(join(secrets, "secret"), "shared\n");
  ward = await startWard({
    command: "demo",
    httpPort,
    env: {
      OPENWARD_OIDC_ISSUER: provider.issuer,
      OPENWARD_OIDC_CLIENT_ID: "openward",
      OPENWARD_OIDC_SECRET_FILE: join(secrets, "secret"),
      OPENWARD_OIDC_NAME: "Fjord",
    },
  });
  // An address by number is nobody's name for a passkey.
  url = `http://localhost:${ward.httpPort}`;
  browser = await openBrowser({ width: 390, height: 844 });
  page = await browser.page();
  page.on("pageerror", (error) => errors.push(error.message));
  const devtools = await browser.context.newCDPSession(page);
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
});

after(async () => {
  if (skip) return;
  await browser?.close();
  await ward?.stop();
  await provider?.close();
  if (secrets) rmSync(secrets, { recursive: true, force: true });
  if (ward) removeDataDir(ward.dataDir);
});

const signOut = async () => {
  await page.getByRole("button", { name: "Account and appearance" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByText("You are signed out").waitFor();
};

test("a link signs up, a passkey is made, and it signs in from then on", { skip, timeout: 300_000 }, async () => {
  assert.ok(ward.links.nurse);
  await page.goto(`${url}/sign-in${new URL(ward.links.nurse).hash}`);
  await page.waitForSelector("article[data-patient]");
  await page.getByRole("button", { name: "Account and appearance" }).click();
  await page.getByRole("menuitem", { name: "Passkeys and sign-in" }).click();
  await page.getByLabel("Name of a new passkey").fill("my phone");
  await page.getByRole("button", { name: "Make a passkey" }).click();
  await page.getByRole("button", { name: "Remove my phone" }).waitFor();
  await picture(page, "account");
  await signOut();
  await picture(page, "sign-in-passkey");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForSelector("article[data-patient]");
  await page.goto(`${url}/account`);
  await page.getByText("by passkey").waitFor();
});

test("a passkey that was removed signs nobody in", { skip, timeout: 300_000 }, async () => {
  await page.getByRole("button", { name: "Remove my phone" }).click();
  // It began this session, which ends with it.
  await page.getByText("You are signed out").waitFor();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByRole("alert").getByText("What you signed in with was not accepted.").waitFor();
  assert.deepEqual(errors, []);
});

test("a screen is locked by hand, shows nothing of anybody, and opens by PIN", { skip, timeout: 300_000 }, async () => {
  assert.ok(ward.links["clinical-engineer"]);
  await page.goto(`${url}/sign-in${new URL(ward.links["clinical-engineer"]).hash}`);
  await page.getByRole("button", { name: "Account and appearance" }).waitFor();
  await page.goto(`${url}/account`);
  await page.getByRole("textbox", { name: "PIN", exact: true }).fill("284916");
  await page.getByRole("button", { name: "Set PIN" }).click();
  await page.getByRole("button", { name: "Remove PIN" }).waitFor();
  await page.getByLabel("Lock when nobody touches it for").selectOption("10");
  await page.locator('select:has(option[value="10"]:checked):not([disabled])').waitFor();
  await picture(page, "screen-lock");
  await page.goto(url);
  await page.waitForSelector("article[data-patient]");
  await page.getByRole("button", { name: "Account and appearance" }).click();
  await page.getByRole("menuitem", { name: "Lock this screen" }).click();
  await page.getByRole("heading", { name: "Locked" }).waitFor();
  assert.equal(await page.locator("article[data-patient]").count(), 0);
  await picture(page, "locked");
  const statuses = await page.evaluate(() =>
    Promise.all(["/api/patients", "/api/alarms", "/fhir/Patient"].map(async (path) => (await fetch(path)).status)),
  );
  assert.deepEqual(statuses, [423, 423, 401]);
  await page.reload();
  await page.getByRole("heading", { name: "Locked" }).waitFor();
  await page.getByRole("textbox", { name: "PIN" }).fill("000001");
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.getByRole("alert").getByText("What you signed in with was not accepted.").waitFor();
  await page.getByRole("textbox", { name: "PIN" }).fill("284916");
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.waitForSelector("article[data-patient]");
  await signOut();
});

test("an account at a provider outside opens nothing until it is linked, and signs in from then on", {
  skip,
  timeout: 300_000,
}, async () => {
  const { people } = await ward.json<{ people: { id: string; role: string }[] }>("person", "list");
  const nurse = people.find(({ role }) => role === "nurse");
  const { link } = await ward.json("person", "link", nurse?.id ?? "");
  // The provider sends back to the address that the server knows itself by.
  await page.goto(`${ward.url}/sign-in`);
  await page.getByRole("button", { name: "Sign in with Fjord" }).click();
  await page.getByRole("alert").getByText("This account opens nothing here.").waitFor();
  assert.equal(new URL(page.url()).search, "", "the answer does not stay in the address");
  await picture(page, "external-refused");
  await page.goto(`${ward.url}/sign-in${new URL(link ?? "").hash}`);
  await page.getByRole("button", { name: "Account and appearance" }).waitFor();
  await page.goto(`${ward.url}/account`);
  await page.getByRole("button", { name: "Link your account" }).click();
  await page.getByText("Your account there is linked.").waitFor();
  await signOut();
  await page.getByRole("button", { name: "Sign in with Fjord" }).click();
  await page.waitForSelector("article[data-patient]");
  await signOut();
});

test("a password and codes of an app are set up, sign in, and show once more who it is", {
  skip,
  timeout: 300_000,
}, async () => {
  assert.ok(ward.links.administrator);
  await page.goto(`${url}/sign-in${new URL(ward.links.administrator).hash}`);
  await page.getByRole("button", { name: "Account and appearance" }).waitFor();
  await page.goto(`${url}/account`);
  const password = "the red boat lies at the pier";
  await page.getByLabel("New password").fill(password);
  await page.getByRole("button", { name: "Set up password and codes" }).click();
  await page.getByRole("img", { name: /QR code/ }).waitFor();
  await picture(page, "codes-set-up");
  const line = (label: string) =>
    page
      .getByRole("button", { name: `Copy ${label}` })
      .locator("..")
      .locator("code");
  const [name, secret] = [await line("Your sign-in name").innerText(), await line("Secret").innerText()];
  const code = (offsetS: number) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + offsetS * 1000 });
  await page.getByLabel("Code that the app shows").fill(code(0));
  await page.getByRole("button", { name: "Finish" }).click();
  const recovery = (await line("Recovery codes").innerText()).split(/\s+/);
  assert.equal(recovery.length, 10);
  await picture(page, "recovery-codes");
  await page.getByRole("button", { name: "I have them" }).click();
  await page.getByText("10 recovery codes are left.").waitFor();
  await signOut();

  await page.getByRole("button", { name: "Sign in with password and code" }).click();
  await page.getByLabel("Sign-in name").fill(name);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  const codeField = page.getByLabel("Code of your authenticator app, or a recovery code");
  await codeField.fill("000000");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").getByText("What you signed in with was not accepted.").waitFor();
  await picture(page, "sign-in-codes");
  // The next one: that of now was taken when it was set up, or is about to end.
  await codeField.fill(code(30));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Account and appearance" }).waitFor();
  await page.goto(`${url}/account`);
  await page.getByText("by password and code").waitFor();

  // As if the proof were five minutes old; what is shown then, and asked again, is real.
  let refusals = 0;
  await page.route("**/api/me/codes", async (route) => {
    if (route.request().method() !== "DELETE" || refusals++ > 0) return route.continue();
    await route.fulfill({ status: 403, contentType: "application/problem+json", body: '{"code":"PROOF_NEEDED"}' });
  });
  await page.getByRole("button", { name: "Remove password and codes" }).click();
  const dialog = page.getByRole("dialog", { name: "Is it you?" });
  await dialog.getByRole("textbox", { name: "Password" }).fill(password);
  await dialog.getByLabel("Code of your authenticator app").fill(recovery[0] ?? "");
  await picture(page, "proof");
  await dialog.getByRole("button", { name: "Show that it is me" }).click();
  // They began this session, which ends with them.
  await page.getByText("You are signed out").waitFor();
  assert.equal(refusals, 2);
  assert.deepEqual(errors, []);
});
