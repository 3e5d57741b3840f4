import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createDownloads } from "./download.ts";

test("nothing inside is fetched, by whatever spelling, name or scheme", async () => {
  const nowhere = createDownloads({ has: () => false }, "NETWORKS");
  for (const address of [
    "https://127.0.0.1/x",
    "https://localhost/x",
    "https://a.localhost/x",
    "https://10.1.2.3/x",
    "https://169.254.169.254/latest/meta-data",
    "https://2130706433/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://user:secret@files.example/x",
    "http://93.184.215.14/x",
    "ftp://93.184.215.14/x",
    "file:///etc/passwd",
    "x",
  ]) {
    assert.throws(() => nowhere.check(address), { code: "FIELD_INVALID" }, address);
    assert.throws(() => nowhere.open(address), { code: "FIELD_INVALID" }, address);
  }
  nowhere.check("https://files.example/x?sig=1");
  await assert.rejects(nowhere.open("https://ip6-localhost./x"));
});

test("a network that is named is asked; a redirect is an answer and not a way; a line that stops is given up", async (t) => {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(request.url ?? "");
    if (request.url === "/moved") answer.writeHead(302, { location: "/file" }).end();
    else if (request.url === "/stalls") answer.writeHead(200).write("begun");
    else answer.writeHead(200, { "content-type": "Application/NDJSON", etag: '"7"' }).end("whole");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const here = createDownloads({ has: (address) => address === "127.0.0.1" }, "NETWORKS", 200);
  const read = async (body: AsyncIterable<Buffer>) => {
    let text = "";
    for await (const part of body) text += part;
    return text;
  };
  const good = await here.open(`${base}/file`);
  assert.deepEqual(
    [good.status, good.type, good.tag, await read(good.body)],
    [200, "application/ndjson", '"7"', "whole"],
  );
  const moved = await here.open(`${base}/moved`);
  assert.equal(moved.status, 302);
  moved.close();
  const stalls = await here.open(`${base}/stalls`);
  await assert.rejects(read(stalls.body));
  assert.deepEqual(asked, ["/file", "/moved", "/stalls"]);
});
