import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { root } from "../../test/support/ward.ts";

const found = [
  process.env.OPENWARD_TEST_BROWSER,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path && existsSync(path));

/** false, or why there is no browser test here. In CI a missing browser is a failure. */
export const skipWithoutBrowser: string | false =
  found || process.env.CI === "true" ? false : "no Chromium on this machine";

export interface Browser {
  readonly context: BrowserContext;
  page(): Promise<Page>;
  /** What its pages' policies forbade so far: of scripts, styles, connections, sinks. */
  readonly violations: string[];
  /** What its pages have asked for. */
  readonly addresses: ReadonlySet<string>;
  /** @throws where a page did something that its content security policy forbids */
  close(): Promise<void>;
}

/** Written to the console by each page, as a page that goes away takes its events along. */
const VIOLATION = "forbidden by this page's policy:";
const TELL_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) => {
  const { effectiveDirective, blockedURI, sourceFile, lineNumber, sample } = event;
  console.error(${JSON.stringify(VIOLATION)}, effectiveDirective, blockedURI, sourceFile + ":" + lineNumber, sample);
});`;

/** A browser of its own, with an empty profile. */
export async function openBrowser(
  options: { width?: number; height?: number; colorScheme?: "light" | "dark"; args?: readonly string[] } = {},
): Promise<Browser> {
  if (!found) throw new Error("CI needs a browser: install Chromium");
  const profile = mkdtempSync(join(tmpdir(), "openward-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: found,
    headless: true,
    timeout: 180_000,
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.colorScheme ?? "light",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--autoplay-policy=document-user-activation-required",
      ...(options.args ?? []),
    ],
  });
  context.setDefaultTimeout(120_000);
  const violations: string[] = [];
  const addresses = new Set<string>();
  context.on("request", (request) => void addresses.add(request.url()));
  await context.addInitScript(TELL_VIOLATIONS);
  context.on("console", (message) => {
    const text = message.text();
    // Our pages allow themselves Bluetooth, which browsers on Linux do not know without a switch.
    if (/Permissions-Policy header: Unrecognized feature: 'bluetooth'/.test(text)) return;
    if (text.startsWith(VIOLATION) || /Content Security Policy|Permissions-Policy/i.test(text)) violations.push(text);
  });
  return {
    context,
    violations,
    addresses,
    page: async () => context.pages()[0] ?? (await context.newPage()),
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
      if (violations.length > 0) throw new Error(`a page did what its policy forbids:\n${violations.join("\n")}`);
    },
  };
}

/**
 * Pictures for people: into docs/pictures when UPDATE_PICTURES=1, else beside the test's own output, so that a test
 * run leaves the clone as it was.
 */
export async function picture(page: Page, name: string): Promise<void> {
  const folder =
    process.env.UPDATE_PICTURES === "1" ? join(root, "docs/pictures") : join(tmpdir(), "openward-pictures");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
