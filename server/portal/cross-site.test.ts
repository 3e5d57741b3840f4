import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Route, routes } from "@openward/api";
import { createWorld } from "./testing/world.ts";

/**
 * What another site's page can make a browser send: a form, text, or a request with our cookie. SameSite keeps the cookie
 * at home; these tests say that nothing depends on it.
 */
const SOME_ID = "00000000-0000-7000-8000-000000000001";
const FORMS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"];
const FOREIGN: readonly Record<string, string>[] = [
  { origin: "https://evil.example", host: "ward.example" },
  { origin: "null", host: "ward.example" },
  { origin: "https://ward.example.evil.example", host: "ward.example" },
  { origin: "https://evil.example", host: "ward.example", "sec-fetch-site": "cross-site" },
  { origin: "https://other.ward.example", host: "ward.example", "sec-fetch-site": "same-site" },
];

const world = await createWorld();
after(() => world.app.close());
const changing = (Object.entries(routes) as [string, Route][]).filter(([, { method }]) => method !== "GET");
assert.ok(changing.length > 30);

for (const [name, route] of changing) {
  const isPublic = route.allow === "public";
  const jar = route.allow.includes("kiosk") ? "openward_kiosk" : "openward_session";
  const cookie = isPublic ? {} : { cookie: `${jar}=${route.allow[0]}` };
  const send = (headers: Record<string, string>, payload = "{}") =>
    world.app.inject({
      method: route.method,
      url: route.path.replaceAll(/:\w+/g, SOME_ID),
      headers: { ...cookie, ...headers },
      payload,
    });

  test(`${name} does nothing for another site's page`, async () => {
    const before = world.asked.length;
    for (const headers of FOREIGN) {
      const answer = await send({ "content-type": "application/json", ...headers });
      assert.deepEqual([answer.statusCode, answer.json().code, answer.json().field], [403, "NOT_PERMITTED", "Origin"]);
      assert.equal(answer.headers["set-cookie"], undefined);
    }
    for (const type of FORMS) {
      // Said by a browser that tells neither origin nor site: the form itself is what gives it away.
      const answer = await send({ "content-type": type, host: "ward.example" }, "name=x");
      assert.equal(answer.statusCode, 415, type);
    }
    assert.equal(world.asked.length, before);
    const own = await send({
      "content-type": "application/json",
      origin: "http://ward.example",
      host: "ward.example",
      "sec-fetch-site": "same-origin",
    });
    assert.ok(!own.payload.includes('"field":"Origin"'), "our own page is let in");
  });
}

test("reading changes nothing: no route that reads is more than a read", () => {
  for (const [name, route] of Object.entries(routes) as [string, Route][])
    if (route.method === "GET") assert.equal(route.body, undefined, name);
});
