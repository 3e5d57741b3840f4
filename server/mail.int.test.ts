import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { OutsideTrouble } from "@openward/errors";
import { SMTPServer } from "smtp-server";
import { createMail } from "./mail.ts";

/** A real mail server that keeps what it is given. */
let server: SMTPServer;
let received: { to: string[]; text: string }[] = [];
let port = 0;

before(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    onRcptTo: ({ address }, _session, done) =>
      done(address.startsWith("nobody@") ? new Error("no such mailbox") : null),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        received.push({ to, text: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.server.address();
  assert.ok(address && typeof address === "object");
  port = address.port;
});
after(() => new Promise<void>((resolve) => server.close(() => resolve())));
beforeEach(() => {
  received = [];
});

const LINK = `https://ward.example/sign-in#token=${"x".repeat(43)}`;
const UNTIL = Date.UTC(2026, 10, 23, 6, 30);
const failed = (error: unknown) => error instanceof OutsideTrouble && error.code === "MAIL_NOT_SENT";
const mailOf = (url: string) => createMail({ url, from: "Openward <ward@hospital.example>" });

test("that nobody watches is said without a name or a value", async () => {
  const mail = mailOf(`smtp://127.0.0.1:${port}`);
  try {
    await mail.sendMonitoring("kari@home.example", { isWatched: false, isPatient: true }, "https://ward.example/mine");
  } finally {
    mail.close();
  }
  const text = received[0]?.text.replaceAll(/=\r?\n/g, "") ?? "";
  assert.match(text, /^Subject: Openward: nobody watches\r?$/m);
  assert.match(text, /At the moment nobody watches what is measured at your side\./);
  assert.match(text, /call for help yourself/);
  assert.ok(text.includes("https://ward.example/mine"));
});

test("a link arrives whole, once, and the mail names nobody", async () => {
  const mail = mailOf(`smtp://127.0.0.1:${port}`);
  try {
    await mail.sendLink("kari@home.example", LINK, UNTIL);
  } finally {
    mail.close();
  }
  assert.equal(received.length, 1);
  const [{ to, text } = { to: [], text: "" }] = received;
  assert.deepEqual(to, ["kari@home.example"]);
  // Quoted-printable breaks long lines and spells "=".
  const plain = text.replaceAll(/=\r?\n/g, "").replaceAll("=3D", "=");
  assert.ok(plain.includes(LINK));
  assert.match(plain, /until 2026-11-23 06:30 UTC/);
  assert.match(plain, /^From: Openward <ward@hospital\.example>\r?$/m);
  assert.doesNotMatch(plain, /patient|nurse|ward 4/i);
});

test("a mailbox that there is not, and a server that does not answer, are told", async () => {
  const mail = mailOf(`smtp://127.0.0.1:${port}`);
  const nowhere = mailOf("smtp://127.0.0.1:1");
  try {
    await assert.rejects(mail.sendLink("nobody@home.example", LINK, UNTIL), failed);
    await assert.rejects(nowhere.sendLink("kari@home.example", LINK, UNTIL), failed);
  } finally {
    mail.close();
    nowhere.close();
  }
  assert.deepEqual(received, []);
});

test("off this machine nothing is sent without TLS", async () => {
  // A name that leads here and does not say so: as another machine would, it offers no TLS.
  const mail = mailOf(`smtp://[::ffff:127.0.0.1]:${port}`);
  try {
    await assert.rejects(mail.sendLink("kari@home.example", LINK, UNTIL), (error: unknown) => {
      assert.ok(failed(error));
      assert.equal(((error as OutsideTrouble).cause as Error).message, "ETLS", "it was reached, and offered no TLS");
      return true;
    });
  } finally {
    mail.close();
  }
  assert.deepEqual(received, []);
});
