import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import { createHttp, silentLog } from "../../http/index.ts";
import { createGuesses } from "../../limits/index.ts";
import type { Claims } from "../ports.ts";
import { registerClaim } from "./claim.ts";

async function open(claims: Claims) {
  const app = await createHttp({ log: silentLog, ids: systemRuntime.ids });
  registerClaim(app, { claims, guesses: createGuesses(systemRuntime) });
  const post = (payload: object, remoteAddress = "127.0.0.1") =>
    app.inject({ method: "POST", url: "/ingest/claim", payload, remoteAddress });
  return { app, post };
}

test("guessing is stopped after ten wrong codes of one address, and nobody else is", async (t) => {
  let asked = 0;
  const { app, post } = await open({
    claim: async (code) => {
      asked++;
      if (code !== "right") throw new RefusedInput("CLAIM_EXPIRED", { at: "code" });
      return { deviceId: "mon", token: "t", certificate: null };
    },
  });
  t.after(() => app.close());
  for (let i = 0; i < 10; i++) {
    const wrong = await post({ code: `wrong-${i}` });
    assert.equal(wrong.statusCode, 403);
    assert.equal(wrong.json().code, "CLAIM_EXPIRED");
    assert.ok(!wrong.body.includes(`wrong-${i}`));
  }
  const blocked = await post({ code: "right" });
  assert.equal(blocked.statusCode, 429);
  assert.match(blocked.headers["retry-after"] as string, /^[12]$/);
  assert.equal(asked, 10);
  assert.deepEqual((await post({ code: "right" }, "127.0.0.2")).json(), { id: "mon", token: "t" });
});

test("a request that is wrong is no guess, and its field is named", async (t) => {
  const { app, post } = await open({
    claim: async () => {
      throw new RefusedInput("FIELD_INVALID", { at: "csr", expected: "a certificate signing request" });
    },
  });
  t.after(() => app.close());
  for (let i = 0; i < 12; i++) assert.equal((await post({ code: "right", csr: "x" })).json().field, "csr");
  assert.equal((await post({})).json().field, "code");
  assert.equal((await post({ code: "x", device: "mon" })).json().field, "device");
});
