import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { type RunningWard, removeDataDir, startWard } from "../../test/support/ward.ts";
import { type Browser, openBrowser, picture, skipWithoutBrowser as skip } from "./browser.ts";

/** Signs up by a link and in by a passkey, with an authenticator that the browser plays. */
let ward: RunningWard;
let browser: Browser;
let page: Page;
let url = "";
const errors: string[] = [];

before(async () => {
  if (skip) return;
  ward = await startWard({ command: "demo" });
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
  await page.getByRole("alert").getByText("The passkey was not accepted.").waitFor();
  assert.deepEqual(errors, []);
});
