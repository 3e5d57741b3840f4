import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, Socket } from "node:net";
import { after, before, beforeEach, test } from "node:test";
import { systemRuntime } from "@openward/runtime/system";
import { type FakeAccess, type FakeIngest, fakeAccess, fakeIngest } from "../testing/fakes.ts";
import { createMllpEndpoint, type MllpEndpoint, type MllpLimits } from "./index.ts";

const HEADER =
  "MSH|^~\\&|GW^0200^EUI-64|EAST|CORE|HUB|20261122060000+0000||ORU^R01^ORU_R01|M1|P|2.6|||AL|NE||UNICODE UTF-8";
const ORDER = "PID|||T-1^^^A^MR\rOBR|1||F1|X|||20261122060000";
const row = (n: number, within: string, device = "", value = "78") =>
  `OBX|${n}|NM|147842^MDC_ECG_HEART_RATE^MDC|${within}|${value}|/min^^UCUM|||||R|||||||${device}`;
const MESSAGE = [HEADER, ORDER, row(1, "1.1.1.1"), ""].join("\r");

let ingest: FakeIngest;
let access: FakeAccess;
let endpoint: MllpEndpoint;
const server = createServer((socket) => endpoint.handlePlain(socket, "gateway"));
const opened: { endpoint: MllpEndpoint; sockets: Socket[] }[] = [];

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(async () => {
  for (const { sockets } of opened) for (const socket of sockets) socket.destroy();
  await Promise.all(opened.map((each) => each.endpoint.stop()));
  server.close();
});
beforeEach(() => open());

function open(limits: Partial<MllpLimits> = {}): void {
  ingest = fakeIngest();
  access = fakeAccess();
  endpoint = createMllpEndpoint({ ingest, access, runtime: systemRuntime, log: { warn() {} }, limits });
  opened.push({ endpoint, sockets: [] });
}

/** A sender that gathers what it is answered. */
function dial() {
  const address = server.address();
  const socket = connect(typeof address === "object" && address ? address.port : 0, "127.0.0.1");
  opened.at(-1)?.sockets.push(socket);
  let text = "";
  const heard = new Set<() => void>();
  const tell = () => {
    for (const each of heard) each();
  };
  socket.on("data", (chunk) => {
    text += chunk.toString("utf8");
    tell();
  });
  socket.on("close", tell);
  socket.on("error", () => {});
  const until = (test: () => boolean, what: string) =>
    new Promise<void>((resolve, reject) => {
      const timeout = setTimeout(() => reject(new Error(`not within two minutes: ${what}; heard ${text}`)), 120_000);
      const look = () => {
        if (!test()) return;
        clearTimeout(timeout);
        heard.delete(look);
        resolve();
      };
      heard.add(look);
      look();
    });
  return {
    socket,
    send: (message: string) => void socket.write(`\x0b${message}\x1c\r`),
    answers: () =>
      text
        .split("\x1c\r")
        .slice(0, -1)
        .map((each) => each.replace("\x0b", "").split("\r")),
    async answer(count = 1): Promise<readonly string[]> {
      await until(() => this.answers().length >= count, `${count} answers`);
      return this.answers().at(-1) ?? [];
    },
    closed: () => until(() => socket.destroyed, "the connection is closed"),
  };
}

async function waitFor(test: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 120_000;
  while (!test()) {
    assert.ok(performance.now() < end, `not within two minutes: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("an answer goes out after the commit, in the mode that was asked for, with the sender's id", async () => {
  ingest.isAutomatic = false;
  const peer = dial();
  peer.send(MESSAGE);
  await waitFor(() => ingest.waiting.length === 1, "it is handed over");
  assert.deepEqual(peer.answers(), []);
  ingest.waiting[0]?.resolve({ accepted: 1, quarantined: [] });
  const [msh = "", msa] = await peer.answer();
  assert.match(
    msh,
    /^MSH\|\^~\\&\|CORE\|HUB\|GW\^0200\^EUI-64\|EAST\|\d{14}\.\d{3}\+0000\|\|ACK\^R01\^ACK\|[0-9a-f-]{36}\|P\|2\.6\|{6}UNICODE UTF-8$/,
  );
  assert.equal(msa, "MSA|CA|M1");
  const [sent] = ingest.messages;
  assert.deepEqual([sent?.deviceId, sent?.kind, sent?.format], ["gateway", "raw", "hl7v2/pcd01"]);
  assert.equal(sent?.text, MESSAGE);
});

test("original mode, both modes, and none", async () => {
  const modes: [string, readonly string[]][] = [
    ["|||||", ["AA"]],
    ["|||AL|AL|", ["CA", "AA"]],
    ["|||NE|AL|", ["AA"]],
    ["|||ER|NE|", []],
    ["|||SU||", ["CA"]],
  ];
  for (const [asked, expected] of modes) {
    const peer = dial();
    peer.send(MESSAGE.replace("|||AL|NE|", asked));
    // What is not answered is followed by something that is.
    peer.send(MESSAGE.replace("|M1|", "|last|"));
    await peer.answer(expected.length + 1);
    const codes = peer.answers().map((segments) => segments[1]?.split("|")[1]);
    assert.deepEqual(codes, [...expected, "CA"], asked);
    peer.socket.destroy();
  }
});

test("a failed commit is not answered, and the sender hears that by a closed connection", async () => {
  ingest.isAutomatic = false;
  const peer = dial();
  peer.send(MESSAGE);
  await waitFor(() => ingest.waiting.length === 1, "it is handed over");
  ingest.waiting[0]?.fail();
  await peer.closed();
  assert.deepEqual(peer.answers(), []);
});

test("the same message twice has the same delivery key, and another one under the same id has not", async () => {
  const peer = dial();
  for (const message of [MESSAGE, MESSAGE, MESSAGE.replace("|78|", "|79|")]) peer.send(message);
  await peer.answer(3);
  const [one, two, three] = ingest.messages.map(({ deliveryKey, isRedelivery }) => `${deliveryKey} ${isRedelivery}`);
  assert.equal(one, two);
  assert.notEqual(one, three);
});

test("what is all quarantined is an error, what is so in part a warning, each at its row", async () => {
  const problem = { index: 0, code: "UNIT_UNKNOWN", field: "OBX[1]-6", expected: "a unit, such as /min", readings: 1 };
  ingest.receipt = () => ({ accepted: 0, quarantined: [problem] });
  const peer = dial();
  peer.send(MESSAGE);
  assert.deepEqual((await peer.answer(1)).slice(1, 3), [
    "MSA|CE|M1",
    "ERR||OBX^1^6|103^Table value not found^HL70357|E|UNIT_UNKNOWN^^L|||a unit, such as /min",
  ]);
  ingest.receipt = () => ({
    accepted: 1,
    quarantined: [{ ...problem, code: "PATIENT_DIFFERS", field: "values.spo2" }],
  });
  peer.send(MESSAGE);
  assert.deepEqual((await peer.answer(2)).slice(1, 3), [
    "MSA|CA|M1",
    "ERR||OBX^1^5|204^Unknown key identifier^HL70357|W|PATIENT_DIFFERS^^L|||a unit, such as /min",
  ]);
});

test("what is no message for here is rejected with the field and the code, and nothing of it is kept", async () => {
  const cases: [string, string][] = [
    [MESSAGE.replace("ORU^R01^ORU_R01", "ADT^A01^ADT_A01"), "MSH^1^9|200"],
    [MESSAGE.replace("ORU^R01^ORU_R01", "ORU^R40^ORU_R40"), "MSH^1^9|201"],
    [MESSAGE.replace("|P|2.6", "|T|2.6"), "MSH^1^11|202"],
    [MESSAGE.replace("|P|2.6", "|P|3.1"), "MSH^1^12|203"],
    [MESSAGE.replace("|M1|", "||"), "MSH^1^10|101"],
    [`MSH|^~\\&|GW||||20261122||constructor^__proto__|M1|P|2.6\r`, "MSH^1^9|200"],
    ["hello", "MSH^1|100"],
  ];
  const peer = dial();
  for (const [i, [message, expected]] of cases.entries()) {
    peer.send(message);
    const [, msa, err] = await peer.answer(i + 1);
    assert.match(msa ?? "", /^MSA\|[AC]R\|/, message);
    assert.ok(err?.startsWith(`ERR||${expected}^`), `${err} for ${expected}`);
  }
  assert.deepEqual(ingest.messages, []);
});

test("a message whose rest cannot be read goes to quarantine as it is", async () => {
  const peer = dial();
  peer.send(`${HEADER}\rnonsense\r`);
  await peer.answer();
  assert.deepEqual(
    ingest.messages.map(({ deviceId, text }) => [deviceId, text]),
    [["gateway", `${HEADER}\rnonsense\r`]],
  );
});

test("each device of a gateway gets its own rows, an unknown one is quarantined, and faults keep their place", async () => {
  const mds = (within: string, id: string) =>
    `OBX||| 69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|${within}|||||||X|||||||${id}`;
  const message = [
    HEADER,
    ORDER,
    mds("1.0.0.0", "x^y^d1^EUI-64"),
    row(1, "1.1.1.1"),
    "NTE|1||of the first",
    mds("2.0.0.0", "d2"),
    row(2, "2.1.1.1"),
    row(3, "3.1.1.1", "", "79"),
    "",
  ].join("\r");
  const gateway = "gateway";
  access.inCharge.set(gateway, new Set(["d1", "d3"]));
  ingest.receipt = ({ deviceId, unplaceable }) => {
    if (deviceId === "d1") return { accepted: 1, quarantined: [] };
    const code = unplaceable ?? "NO_ASSOCIATION";
    return { accepted: 0, quarantined: [{ index: unplaceable ? 0 : 0, code, field: "at", readings: 1 }] };
  };
  const peer = dial();
  peer.send(message);
  const answer = await peer.answer();
  const segments = (text: string) => text.split("\r").map((each) => each.split("|").slice(0, 2).join(" "));
  const [first, ...others] = ingest.messages;
  assert.equal(first?.deviceId, "d1");
  assert.deepEqual(segments(first?.text ?? ""), ["MSH ^~\\&", "PID ", "OBR 1", "OBX ", "OBX 1", "NTE 1", ""]);
  // MSH-3 names the sender for the row that stands alone: nobody in its charge.
  assert.deepEqual(
    others.map(({ deviceId }) => deviceId),
    ["gateway"],
  );
  assert.deepEqual(segments(others[0]?.text ?? ""), ["MSH ^~\\&", "PID ", "OBR 1", "OBX ", "OBX 2", "OBX 3", ""]);
  assert.deepEqual(answer.slice(1, 3), [
    "MSA|CA|M1",
    "ERR||OBX^3^14|204^Unknown key identifier^HL70357|W|DEVICE_UNKNOWN^^L|||",
  ]);
});

test("nothing that a sender says can add a segment or a field to its answer", async () => {
  const peer = dial();
  peer.send(MESSAGE.replace("|M1|", "|M1\\F\\X\\X0D\\MSA\\S\\AA\\E\\\\T\\\\X1C0D0B\\|"));
  const [, msa, ...rest] = await peer.answer();
  assert.equal(msa, "MSA|CA|M1\\F\\X\\X0D\\MSA\\S\\AA\\E\\\\T\\\\X1C\\\\X0D\\\\X0B\\");
  assert.deepEqual(rest, [""]);
  assert.equal(peer.answers().length, 1);
});

test("answers keep the order of their messages, and what waits is bounded", async () => {
  open({ waitingPerConnection: 2 });
  ingest.isAutomatic = false;
  const peer = dial();
  peer.send(MESSAGE.replace("|M1|", "|M1|"));
  peer.send(MESSAGE.replace("|M1|", "|M2|"));
  await waitFor(() => ingest.waiting.length === 2, "two are handed over");
  ingest.waiting[1]?.resolve({ accepted: 1, quarantined: [] });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(peer.answers(), []);
  ingest.waiting[0]?.resolve({ accepted: 1, quarantined: [] });
  await peer.answer(2);
  assert.deepEqual(
    peer.answers().map((segments) => segments[1]),
    ["MSA|CA|M1", "MSA|CA|M2"],
  );
});

test("an endless message, and bytes that are none, close the connection in bounded memory", async () => {
  open({ messageBytes: 100_000 });
  const endless = dial();
  endless.socket.write("\x0b");
  const more = () => endless.socket.writable && endless.socket.write(Buffer.alloc(16_384, 65), () => more());
  more();
  await endless.closed();
  const stray = dial();
  stray.socket.write(Buffer.alloc(200_000, 65));
  await stray.closed();
  assert.deepEqual([endpoint.stats().refused, endpoint.stats().partialBytes], [2, 0]);
  assert.deepEqual(ingest.messages, []);
});

test("a message that has begun and does not end is given up after its time", async () => {
  open({ messageMs: 1 });
  const peer = dial();
  peer.socket.write("\x0bMSH");
  await peer.closed();
  assert.equal(endpoint.stats().refused, 1);
});

test("who is revoked is closed, and who is not named is not let in", async () => {
  const peer = dial();
  peer.send(MESSAGE);
  await peer.answer();
  assert.deepEqual(ingest.connections, [["gateway", true]]);
  access.revoke("gateway");
  await peer.closed();
  const other = dial();
  await other.closed();
  assert.equal(endpoint.stats().signInsRefused, 1);
});

test("in the clear speak this machine, and from elsewhere only those whom the settings name", async () => {
  const ours = createMllpEndpoint({
    ingest,
    access,
    runtime: systemRuntime,
    log: { warn() {} },
    mayComeInTheClear: (address) => address === "10.0.0.7",
  });
  const isLetIn = (at: MllpEndpoint, remoteAddress: string) => {
    // It is connected to nothing: who it is, is judged before anything is read.
    const socket = new Socket();
    Object.defineProperty(socket, "remoteAddress", { value: remoteAddress });
    at.handlePlain(socket, "gateway");
    const isIn = !socket.destroyed;
    socket.destroy();
    return isIn;
  };
  assert.equal(isLetIn(ours, "10.0.0.7"), true);
  assert.equal(isLetIn(ours, "::ffff:10.0.0.7"), true);
  assert.equal(isLetIn(ours, "127.0.0.1"), true);
  assert.equal(isLetIn(ours, "10.0.0.8"), false);
  assert.equal(isLetIn(endpoint, "10.0.0.7"), false);
  await ours.stop();
});

test("a sender that connects anew for each message stays one that is there", async () => {
  for (let n = 1; n <= 3; n++) {
    const peer = dial();
    peer.send(MESSAGE);
    await peer.answer();
    peer.socket.destroy();
    await waitFor(() => endpoint.stats().connections === 0, "it is gone");
  }
  assert.deepEqual(ingest.connections, [["gateway", true]]);
});
