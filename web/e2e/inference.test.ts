import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { openModel } from "@openward/inference";
import { seededRandom } from "@openward/runtime/manual";
import { build } from "vite";
import { portalPolicy } from "../../server/http/headers.ts";
import { root } from "../../test/support/ward.ts";
import { type Browser, openBrowser, skipWithoutBrowser as skip } from "./browser.ts";

const MODEL = readFileSync(join(root, "models/falls/model.onnx"));
const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".wasm": "application/wasm" };
const NONCE = "bm9uY2Utb2YtdGhpcy1hbnN3ZXI=";

let folder: string;
let server: Server;
let url: string;
let browser: Browser;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), "openward-inference-"));
  await build({
    configFile: false,
    logLevel: "error",
    root: import.meta.dirname,
    build: {
      outDir: folder,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: join(import.meta.dirname, "inference-page.ts"),
        output: { entryFileNames: "page.js" },
      },
    },
  });
  server = createServer((request, response) => {
    const { pathname, host } = new URL(request.url ?? "/", `http://${request.headers.host}`);
    if (pathname === "/portal" || pathname === "/allowed") {
      const policy = portalPolicy(NONCE, { host, isSecure: false });
      const allowed = policy.replace("script-src ", "script-src 'wasm-unsafe-eval' ");
      const headers = { "content-security-policy": pathname === "/portal" ? policy : allowed };
      response.writeHead(200, { "content-type": "text/html", ...headers });
      response.end(
        `<!doctype html><title>model</title><script type="module" nonce="${NONCE}" src="/page.js"></script>`,
      );
    } else if (pathname === "/model.onnx") response.end(MODEL);
    else {
      const file = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((name) => `/${name}` === pathname);
      response.writeHead(file ? 200 : 404, { "content-type": TYPES[extname(pathname)] ?? "text/plain" });
      response.end(file ? readFileSync(join(folder, file)) : "");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await openBrowser();
});
after(async () => {
  if (skip) return;
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** @param path which policy its page has */
async function asked(path: string, rows: readonly number[]): Promise<unknown> {
  const page = await browser.context.newPage();
  await page.goto(`${url}${path}`);
  await page.waitForFunction("typeof ask === 'function'");
  const found = await page.evaluate(`ask("/model.onnx", ${JSON.stringify(rows).replaceAll("null", "NaN")})`);
  await page.close();
  return found;
}

test("a model says the same numbers in a browser as on the server", { skip, timeout: 240_000 }, async () => {
  const seed = Number(process.env.SEED ?? 20261128);
  console.log(`seed ${seed}`);
  const random = seededRandom(seed).float;
  const model = await openModel(MODEL);
  const scale = [8, 1, 0.5, 8, 2, 180, 1, 1, 1.5, 1.5, 4, 180];
  assert.equal(model.width, scale.length);
  const rows = Array.from({ length: 500 * scale.length }, (_, i) =>
    random() < 0.1 ? Number.NaN : random() * (scale[i % scale.length] as number),
  );
  const here = await model.predict(Float32Array.from(rows));
  assert.ok(Math.max(...here) > 0.8 && Math.min(...here) < 0.2, "rows that are falls, and rows that are none");
  assert.deepEqual(await asked("/allowed", rows), [...here]);
});

test("a page that asks no model fetches none of it", { skip, timeout: 240_000 }, async () => {
  const page = await browser.context.newPage();
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  await page.goto(`${url}/allowed`);
  await page.waitForFunction("typeof ask === 'function'");
  assert.deepEqual(fetched, ["/allowed", "/page.js"]);
  // Asked, it does: what was looked for above is what would have come.
  await page.evaluate(`ask("/model.onnx", [])`);
  assert.ok(fetched.some((path) => path.endsWith(".wasm")));
  await page.close();
  assert.ok(statSync(join(folder, "page.js")).size < 10_000, "the runtime is no part of the page");
  const wasm = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".wasm"));
  assert.equal(wasm.length, 1, `one runtime, not those for graphics cards as well: ${wasm}`);
});

test("the policy of the portals lets no model run, and whoever asks is told", { skip, timeout: 240_000 }, async () => {
  const said = await asked(
    "/portal",
    Array.from({ length: 12 }, () => 0),
  );
  assert.match(String(said), /^ModelError: /);
  assert.ok(browser.violations.length > 0 && browser.violations.every((one) => /wasm-eval|WebAssembly/i.test(one)));
  browser.violations.length = 0;
});
