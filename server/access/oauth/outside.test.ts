import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createOutsideFetch } from "./outside.ts";

const nowhere = createOutsideFetch({ has: () => false });

test("nothing inside is asked, by whatever spelling, name or scheme", async () => {
  for (const address of [
    "https://127.0.0.1/keys",
    "https://localhost/keys",
    "https://10.1.2.3/keys",
    "https://169.254.169.254/latest/meta-data",
    "https://2130706433/keys",
    "https://0x7f.1/keys",
    "https://[::1]/keys",
    "https://[::ffff:127.0.0.1]/keys",
    "https://[fd00::1]/keys",
    "https://[64:ff9b::7f00:1]/keys",
    "https://[2002:7f00:1::]/keys",
    "http://93.184.215.14/keys",
    "file:///etc/passwd",
  ])
    await assert.rejects(nowhere(address), { code: "FIELD_INVALID" }, address);
});

test("a network that is named is asked; a redirect is an answer and not a way; what is too long is cut", async (t) => {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(request.url ?? "");
    if (request.url === "/moved") answer.writeHead(302, { location: "/keys" }).end();
    else if (request.url === "/long") answer.end("x".repeat(100_000));
    else answer.setHeader("content-type", "application/json").end('{"keys":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const here = createOutsideFetch({ has: (address) => address === "127.0.0.1" });
  const good = await here(`${base}/keys`);
  assert.deepEqual([good.status, await good.json()], [200, { keys: [] }]);
  assert.equal((await here(`${base}/moved`)).status, 302);
  await assert.rejects(here(`${base}/long`), /65536 bytes/);
  assert.deepEqual(asked, ["/keys", "/moved", "/long"]);
  await assert.rejects(here("http://localhost/keys"), { code: "FIELD_INVALID" });
});
