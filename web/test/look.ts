/** Takes pictures of screens of a running server: `node web/test/look.ts URL OUT NAME PATH WIDTHxHEIGHT light|dark [waitMs]`. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "playwright-core";

const [base = "http://127.0.0.1:8080", out = "pictures", ...rest] = process.argv.slice(2);
await mkdir(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
while (rest.length >= 4) {
  const [name = "", path = "/", size = "1280x800", scheme = "light"] = rest.splice(0, 4);
  const [width = 1280, height = 800] = size.split("x").map(Number);
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme as "light" | "dark" });
  page.on("console", (m) => m.type() === "error" && console.log(name, "console:", m.text()));
  page.on("pageerror", (e) => console.log(name, "error:", e.message));
  const [route = "/", ...clicks] = path.split(">>");
  await page.goto(new URL(route, base).href);
  await page.waitForTimeout(2_500);
  for (const click of clicks) {
    const [role = "button", wanted = ""] = click.split("=");
    await page
      .getByRole(role as "button", { name: wanted })
      .first()
      .click({ timeout: 4_000 })
      .catch((e: Error) => console.log(name, e.message.split("\n")[0]));
    await page.waitForTimeout(700);
  }
  await page.waitForTimeout(Number(process.env.WAIT ?? 4_000));
  await page.screenshot({ path: join(out, `${name}.png`), fullPage: process.env.FULL === "1" });
  await page.close();
}
await browser.close();
