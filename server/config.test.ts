import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RefusedInput } from "@openward/errors";
import { readConfig, settings } from "./config.ts";

test("an empty environment gives the defaults", () => {
  const config = readConfig({}, false);
  assert.equal(config.httpPort, 8080);
  assert.equal(config.mqttPort, 1883);
  assert.equal(config.bind, "127.0.0.1");
  assert.equal(config.databaseUrl, null);
  assert.match(config.dataDir, /data$/);
  assert.match(config.archive, /data.archive$/);
});

const refused = [
  { env: { OPENWARD_HTPP_PORT: "80" }, code: "CONFIG_UNKNOWN", at: "OPENWARD_HTPP_PORT" },
  { env: { OPENWARD_HTTP_PORT: "80a" }, code: "CONFIG_INVALID", at: "OPENWARD_HTTP_PORT" },
  { env: { OPENWARD_MQTT_PORT: "70000" }, code: "CONFIG_INVALID", at: "OPENWARD_MQTT_PORT" },
  { env: { OPENWARD_DATABASE_URL: "mysql://x" }, code: "CONFIG_INVALID", at: "OPENWARD_DATABASE_URL" },
  { env: { OPENWARD_ARCHIVE: "s3://B" }, code: "CONFIG_INVALID", at: "OPENWARD_ARCHIVE" },
  {
    env: { OPENWARD_ARCHIVE_WAVEFORM_KEEP_DAYS: "14" },
    code: "CONFIG_INVALID",
    at: "OPENWARD_ARCHIVE_WAVEFORM_KEEP_DAYS",
  },
  {
    env: { OPENWARD_OIDC_ISSUER: "https://id.example" },
    code: "CONFIG_INVALID",
    at: "OPENWARD_OIDC_ISSUER, OPENWARD_OIDC_CLIENT_ID, OPENWARD_OIDC_SECRET_FILE",
  },
  { env: { OPENWARD_OIDC_ISSUER: "http://id.example" }, code: "CONFIG_INVALID", at: "OPENWARD_OIDC_ISSUER" },
  { env: { OPENWARD_LOG_LEVEL: "loud" }, code: "CONFIG_INVALID", at: "OPENWARD_LOG_LEVEL" },
];
for (const { env, code, at } of refused) {
  test(`${JSON.stringify(env)} is refused as ${code}, by its name`, () => {
    assert.throws(
      () => readConfig(env, false),
      (error) => error instanceof RefusedInput && error.code === code && error.facts.at === at,
    );
  });
}

test("a master key that is none is refused without being shown", () => {
  const secret = Buffer.from("not 32 bytes").toString("base64");
  const isSilent = (error: unknown) =>
    error instanceof RefusedInput && error.code === "CONFIG_INVALID" && !error.message.includes(secret);
  assert.throws(() => readConfig({ OPENWARD_MASTER_KEY: secret }, false), isSilent);
  const both = { OPENWARD_MASTER_KEY: Buffer.alloc(32).toString("base64"), OPENWARD_MASTER_KEY_FILE: "master.key" };
  assert.throws(() => readConfig(both, false), { code: "CONFIG_INVALID" });
});

test("the README's table of settings is this table", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const rows = [...readme.matchAll(/^\| `(OPENWARD_[A-Z0-9_]+)` +\| (.*?) *\| (.*?) *\|$/gm)].map((row) =>
    row.slice(1, 4),
  );
  const wanted = Object.values(settings)
    .filter((setting) => !setting.env.includes("_TEST_"))
    .map(({ env, fallback, about }) => [env, fallback === "" ? "" : `\`${fallback}\``, about]);
  assert.deepEqual(rows, wanted);
});

test("a mail server needs to know from whom, and its password is not repeated", () => {
  const smtp = "smtp://ward:secret@mail.example:587";
  for (const from of [undefined, "", "nobody"]) {
    const given = { OPENWARD_SMTP_URL: smtp, ...(from === undefined ? {} : { OPENWARD_MAIL_FROM: from }) };
    assert.throws(() => readConfig(given), /OPENWARD_MAIL_FROM/);
  }
  assert.equal(readConfig({ OPENWARD_SMTP_URL: smtp, OPENWARD_MAIL_FROM: "ward@hospital.example" }).smtpUrl, smtp);
  assert.throws(
    () => readConfig({ OPENWARD_SMTP_URL: "mail:secret" }),
    (error: Error) => /OPENWARD_SMTP_URL/.test(error.message) && !/secret/.test(error.message),
  );
});
