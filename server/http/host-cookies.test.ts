import assert from "node:assert/strict";
import { test } from "node:test";
import { innerCookies, outerCookie } from "./host-cookies.ts";

test("over TLS a cookie of ours has the prefix and is Secure; in the clear, on this machine, it cannot", () => {
  const cookie = "openward_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict";
  assert.equal(outerCookie(cookie, true), `__Host-${cookie}; Secure`);
  assert.equal(outerCookie(`${cookie}; Secure`, true), `__Host-${cookie}; Secure`);
  assert.equal(outerCookie(cookie, false), cookie);
});

test("over TLS one of ours without the prefix does not count, wherever it stands among others", () => {
  const ours = "__Host-openward_session=mine";
  const theirs = "openward_session=theirs";
  for (const header of [`${theirs}; ${ours}; a=b`, `${ours}; a=b;${theirs}`, `a=b; ${ours}; ${theirs}`])
    assert.deepEqual(innerCookies(header, true)?.split("; ").sort(), ["a=b", "openward_session=mine"]);
  assert.equal(innerCookies(theirs, true), "");
  assert.equal(innerCookies("openward_app=1; __Host-other=2", true), "openward_app=1; __Host-other=2");
  assert.equal(innerCookies(theirs, false), theirs);
  assert.equal(innerCookies(undefined, true), undefined);
});
