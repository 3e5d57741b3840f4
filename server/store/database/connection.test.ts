import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { clientConfig, loginFromUrl } from "./connection.ts";

const clientOf = (url: string) =>
  new pg.Client(clientConfig(loginFromUrl(url), "api")) as unknown as { connectionParameters: Record<string, unknown> };

test("an operator's address keeps its parts, and the role is added to its options", () => {
  const { connectionParameters: parts } = clientOf(
    "postgresql://ward:s%40fe@db.example:6432/openward?options=-c%20search_path%3Dward",
  );
  assert.equal(parts.host, "db.example");
  assert.equal(parts.port, 6432);
  assert.equal(parts.user, "ward");
  assert.equal(parts.password, "s@fe");
  assert.equal(parts.database, "openward");
  assert.equal(parts.options, "-c search_path=ward -c role=openward_api");
});

test("an address of a socket folder works too", () => {
  const { connectionParameters: parts } = clientOf("postgres:///openward?host=/run/postgresql&port=5433&user=ward");
  assert.equal(parts.host, "/run/postgresql");
  assert.equal(parts.options, "-c role=openward_api");
});
