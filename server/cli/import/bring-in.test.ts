import assert from "node:assert/strict";
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { mappedFormat } from "@openward/codecs/files";
import type { Decoded } from "@openward/codecs/raw";
import { OutsideTrouble } from "@openward/errors";
import { systemRuntime } from "@openward/runtime/system";
import { ZipFile } from "yazl";
import { bringIn, type Wishes } from "./bring-in.ts";
import { createDatabases } from "./health-connect/open.ts";
import { createPreview } from "./preview.ts";
import { createSender, type Sender } from "./send.ts";
import { openSources } from "./sources.ts";
import { newTally, type Tally } from "./tally.ts";

const folder = mkdtempSync(join(tmpdir(), "openward-import-"));
const databases = createDatabases(systemRuntime.timers);
after(() => rmSync(folder, { recursive: true, force: true }));

const record = (value: number) =>
  `<Record type="HKQuantityTypeIdentifierHeartRate" unit="count/min" startDate="2026-03-14 10:15:30 +0100" endDate="2026-03-14 10:15:30 +0100" value="${value}"/>\n`;
const documentOf = (count: number) =>
  `<HealthData>${Array.from({ length: count }, (_, i) => record(60 + (i % 40))).join("")}</HealthData>`;

async function importing(path: string, wishes: Partial<Wishes> = {}, tally?: Tally): Promise<Tally> {
  const opened = await openSources(path, databases);
  try {
    const usual: Wishes = { format: null, sender: null, after: 0, now: 0, timeZone: null, onProgress: () => {} };
    return await bringIn(opened.sources, { ...usual, ...wishes }, tally);
  } finally {
    opened.close();
  }
}

async function zipOf(name: string, files: Readonly<Record<string, Readable>>): Promise<string> {
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(files)) zip.addReadStream(content, path);
  zip.end();
  const path = join(folder, name);
  await pipeline(zip.outputStream, createWriteStream(path));
  return path;
}

test("the export as it is, gzipped, and inside its archive beside what is not read, gives the same counts", async () => {
  const document = documentOf(5_000);
  const plain = join(folder, "export.xml");
  writeFileSync(plain, document);
  writeFileSync(`${plain}.gz`, gzipSync(document));
  const zip = await zipOf("export.zip", {
    "apple_health_export/export.xml": Readable.from([document]),
    "apple_health_export/export_cda.pdf": Readable.from(["%PDF-"]),
  });
  const told: number[] = [];
  for (const path of [plain, `${plain}.gz`, zip]) {
    const tally = await importing(path, { onProgress: (read, of) => told.push(read / of) });
    assert.deepEqual(tally.found, { "pulse-rate": 5_000 });
    assert.deepEqual(tally.problems, {});
    assert.deepEqual(tally.refused, []);
    assert.deepEqual(tally.ignored, path === zip ? { "file .pdf of no format that is read here": 1 } : {});
    assert.equal(told.at(-1), 1, "at the end all is read");
  }
  assert.ok(told.every((share) => share >= 0 && share <= 1));
});

test("a bomb of an archive is stopped, whatever its header says", async () => {
  async function* bomb() {
    yield Buffer.from("<HealthData>");
    for (let i = 0; i < 80; i++) yield Buffer.alloc(1_048_576, " ");
    yield Buffer.from("</HealthData>");
  }
  const path = await zipOf("bomb.zip", { "export.xml": Readable.from(bomb()) });
  await assert.rejects(importing(path), { code: "BODY_TOO_LARGE" });
});

/** A recording of two segments, the second with its samples packed. */
const RECORDING: Readonly<Record<string, string | Buffer>> = {
  "night.hea": "night/2 1 250 500 22:00:00 14/03/2026\nnight1 250\nnight2 250\n",
  "night1.hea": "night1 1 250 250\nnight1.dat 16 1000(0)/mV 16 0 7 1750 0 II\n",
  "night2.hea": "night2 1 250 250\nnight2.dat 16 1000(0)/mV 16 0 -1 -250 0 II\n",
  "night1.dat": Buffer.from(Int16Array.from({ length: 250 }, () => 7).buffer),
  "night2.dat.gz": gzipSync(Buffer.from(Int16Array.from({ length: 250 }, () => -1).buffer)),
  // A beat at sample 100, and one at 350.
  "night.atr": Buffer.from("6404fa040000", "hex"),
};

test("a recording is brought in with the files beside its header, in the open and in an archive, each segment once", async () => {
  for (const [name, content] of Object.entries(RECORDING)) writeFileSync(join(folder, name), content);
  const zip = await zipOf(
    "nights.zip",
    Object.fromEntries(Object.entries(RECORDING).map(([name, content]) => [`study/${name}`, Readable.from([content])])),
  );
  for (const path of [join(folder, "night.hea"), zip]) {
    const decoded: Decoded[] = [];
    const tally = await importing(path, { onDecoded: (each) => decoded.push(each) });
    assert.deepEqual(tally.found, { "ecg-lead-ii (samples)": 500, "rr-interval": 1 });
    assert.deepEqual([tally.problems, tally.refused, tally.ignored], [{}, [], {}]);
    const waves = decoded.flatMap(({ waveforms }) => waveforms);
    assert.deepEqual(
      waves.map(({ start, samples }) => [start - Date.UTC(2026, 2, 14, 22), samples[0], samples.length]),
      [
        [0, 7, 250],
        [1_000, -1, 250],
      ],
    );
  }
});

test("a recording that does not say when it began needs to be told; one that is damaged sends nothing", async () => {
  writeFileSync(join(folder, "bare.hea"), "bare 1 250 2\nbare.dat 16 1000(0)/mV 16 0 1 3 0 II\n");
  writeFileSync(join(folder, "bare.dat"), Buffer.from(Int16Array.from([1, 2]).buffer));
  await assert.rejects(importing(join(folder, "bare.hea")), { code: "FIELD_INVALID", message: /--start/ });
  const decoded: Decoded[] = [];
  await importing(join(folder, "bare.hea"), { beganAt: 5_000, onDecoded: (each) => decoded.push(each) });
  assert.deepEqual(
    decoded.flatMap(({ waveforms }) => waveforms.map(({ start, quality }) => [start, quality])),
    [[5_000, 0]],
  );
  writeFileSync(join(folder, "bare.dat"), Buffer.from(Int16Array.from([1, 4]).buffer));
  const sender = fakeSender();
  await assert.rejects(importing(join(folder, "bare.hea"), { beganAt: 5_000, sender }), { code: "FILE_CORRUPT" });
  assert.deepEqual(sender.bodies, []);
});

/** Takes what it gets until it is told to break. */
function fakeSender(breaksAt = Number.POSITIVE_INFINITY): Sender & { readonly bodies: string[] } {
  const bodies: string[] = [];
  return {
    bodies,
    async send(bytes) {
      if (bodies.length >= breaksAt) throw new OutsideTrouble("SERVER_UNREACHABLE", true);
      bodies.push(Buffer.from(bytes).toString("base64"));
      return { accepted: 1, quarantined: [{ code: "NO_ASSOCIATION", field: "at" }], ignored: [{ what: "3 x Me" }] };
    },
    close: () => {},
  };
}

test("an import that broke off goes on with the piece behind the last that was acknowledged", async () => {
  const path = join(folder, "long.xml");
  writeFileSync(path, documentOf(8_000));
  const whole = fakeSender();
  const all = await importing(path, { sender: whole });
  assert.ok(whole.bodies.length >= 4);
  assert.equal(all.accepted, whole.bodies.length);
  assert.deepEqual(all.problems, { "NO_ASSOCIATION at": whole.bodies.length });
  assert.deepEqual(all.ignored, { Me: 3 * whole.bodies.length });

  const first = fakeSender(2);
  const tally = newTally();
  await assert.rejects(importing(path, { sender: first }, tally), { code: "SERVER_UNREACHABLE" });
  assert.equal(tally.pieces, 2);
  const second = fakeSender();
  await importing(path, { sender: second, after: tally.pieces });
  assert.deepEqual([...first.bodies, ...second.bodies], whole.bodies);
});

test("a file of no format that is known, and a format that nobody knows, are refused", async () => {
  const path = join(folder, "letter.txt");
  writeFileSync(path, "Dear Sir");
  await assert.rejects(importing(path), { code: "FILE_FORMAT" });
  await assert.rejects(importing(path, { format: "nonsense" }), { code: "FIELD_INVALID" });
  await assert.rejects(openSources(join(folder, "nothing.xml"), databases), { code: "FILE_UNREADABLE" });
  writeFileSync(join(folder, "no.zip"), "PK no");
  await assert.rejects(openSources(join(folder, "no.zip"), databases), { code: "FILE_FORMAT" });
});

test("a table of one's own is previewed by its mapping, and a word of it steers no terminal", async () => {
  const path = join(folder, "diary.csv");
  const esc = String.fromCharCode(27);
  writeFileSync(
    path,
    `Title\nWhen;Temp;Note\n14.03.2026 10:15;36,6;\n14.03.2026 11:00;;${esc}[2J=cmd()\n14.03.2026 12:00;hot;\n`,
  );
  const mapping = {
    delimiter: ";",
    decimal: ",",
    time: { column: "When", form: "eu", zone: "Europe/Paris" },
    values: [{ column: "Temp", signal: "body-temperature", unit: "Cel" }],
    events: [{ when: { Temp: "" }, event: "diary", detail: { note: "Note" } }],
  };
  const preview = createPreview();
  const format = mappedFormat(mapping);
  const tally = await importing(path, { format, onDecoded: (decoded) => preview.add(decoded) });
  assert.deepEqual(tally.found, { "body-temperature": 1, "diary (events)": 1 });
  assert.deepEqual(tally.problems, { "VALUE_NOT_A_NUMBER Temp (a decimal number)": 1 });
  assert.deepEqual(preview.lines, [
    "  2026-03-14T09:15:00.000Z  body-temperature  36.6 Cel",
    `  2026-03-14T10:00:00.000Z  diary  {"note":"\\u001b[2J=cmd()","zone":"assumed"}`,
  ]);
});

test("a token does not travel in the open", () => {
  const options = { deviceId: "d", token: "t", timers: { after: () => ({}), every: () => ({}) } as never, onWait() {} };
  assert.throws(() => createSender({ ...options, url: "http://ward.example" }), { code: "FIELD_INVALID" });
  createSender({ ...options, url: "https://ward.example" }).close();
  createSender({ ...options, url: "http://127.0.0.1:1" }).close();
});
