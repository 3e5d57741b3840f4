import assert from "node:assert/strict";
import { test } from "node:test";
import { ownScript, plainTextOnly } from "./trusted-types.ts";

const PAGE = "https://ward.example/patients/7";

test("a style sheet passes as text; whatever could become an element does not", () => {
  const css = ":root{--x: calc(1rem * 2)} @media (max-width: 40em) { a > b { color: red } }";
  assert.equal(plainTextOnly(css), css);
  for (const text of ["<img src=x onerror=a()>", "</style><script>", "&lt;img&gt;", "a<b"])
    assert.equal(plainTextOnly(text), null, text);
});

test("a script of the bundle is let in, and no other", () => {
  assert.equal(ownScript("/assets/ticker-1.js", PAGE), "https://ward.example/assets/ticker-1.js");
  assert.equal(ownScript("https://ward.example/assets/a.js", PAGE), "https://ward.example/assets/a.js");
  for (const address of [
    "https://evil.example/assets/a.js",
    "//evil.example/assets/a.js",
    "data:text/javascript,1",
    "blob:https://ward.example/1",
    "/api/about",
    "/assets/../api/about",
    "/assets/%2e%2e/api/about",
    "/api/about?/assets/a.js",
    "/assets/a%2ejs",
  ])
    assert.throws(() => ownScript(address, PAGE), TypeError, address);
});
