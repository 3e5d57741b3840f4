import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "./chain.ts";
import { decodeCheckpoint, nextCheckpoint, type SignedCheckpoint, signerOf } from "./checkpoint.ts";
import { chained, line, logLines, type StoredRecord } from "./log-file.ts";
import { type AuditRecord, decodeRecord, encodeRecord } from "./record.ts";
import { verifyLog } from "./verify.ts";

const signer = signerOf(new Uint8Array(32).fill(7));
const stranger = signerOf(new Uint8Array(32).fill(8));
const SEED = Number(process.env.SEED ?? 1);
const MUTATIONS = Number(process.env.MUTATIONS ?? 1_500);

/** Mulberry32: small, seeded, and enough to choose places. */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const uuid = (n: number) => `0190a000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const recordOf = (n: number): AuditRecord => ({
  id: uuid(n),
  at: 1_795_327_200_000 + n,
  organisationId: uuid(1),
  who: { kind: "person", id: uuid(2), display: "Nina Berg", role: "nurse" },
  action: "R",
  code: "api.trend",
  patients: [uuid(3 + (n % 3))],
  entity: "Observation",
  via: "GET /api/patients/:id/trend",
  outcome: "allowed",
});

/** Three segments of two nodes, each closed by a checkpoint, and a tail behind them. */
async function makeLog(mayShow: (body: string) => boolean = () => true) {
  const all: Record<string, StoredRecord[]> = {};
  const checkpoints: SignedCheckpoint[] = [];
  const counts = [
    { a: 4, b: 3 },
    { a: 9, b: 3 },
    { a: 12, b: 8 },
  ];
  const bodies = (from: number, n: number) => Array.from({ length: n }, (_, i) => encodeRecord(recordOf(from + i)));
  all.a = chained("a", bodies(0, 14));
  all.b = chained("b", bodies(100, 9));
  for (const [i, { a, b }] of counts.entries()) {
    const chains = [
      { node: "a", position: a, hash: all.a[a - 1]?.hash ?? "" },
      { node: "b", position: b, hash: all.b[b - 1]?.hash ?? "" },
    ];
    checkpoints.push(nextCheckpoint(checkpoints.at(-1), chains, { at: 1_795_327_200_000 + i, signer }));
  }
  const source = {
    nodes: ["a", "b"],
    async *checkpoints() {
      yield* checkpoints;
    },
    async *records(node: string, from: number, to: number | null) {
      yield* (all[node] ?? []).filter(({ position }) => position > from && (to === null || position <= to));
    },
  };
  const lines: string[] = [];
  for await (const text of logLines(source, { key: signer.publicKey, mayShow })) lines.push(text);
  const body = checkpoints.at(-1)?.body ?? "";
  return { lines, known: { number: decodeCheckpoint(body).number, digest: digestOf(body) } };
}

test("a log as it was written is whole, and says up to where it is signed", async () => {
  const { lines, known } = await makeLog();
  const verdict = verifyLog(lines.join(""), { known });
  assert.equal(verdict.broken, null);
  assert.deepEqual([verdict.records, verdict.checkpoints, verdict.unsealed], [23, 3, 3]);
  assert.deepEqual(verdict.last, { ...known, at: 1_795_327_200_002 });
  assert.equal(verdict.key, signer.fingerprint);
});

test("a record comes out of its text as it went in", () => {
  const record: AuditRecord = { ...recordOf(1), purpose: "TREAT", change: { position: 3, digest: "ab" } };
  assert.deepEqual(decodeRecord(encodeRecord(record)), record);
});

test("a log in which another organisation's records are withheld is verified all the same", async () => {
  const { lines, known } = await makeLog((body) => decodeRecord(body).at % 2 === 0);
  const text = lines.join("");
  const verdict = verifyLog(text, { known });
  assert.equal(verdict.broken, null);
  assert.equal(verdict.withheld, 11);
  assert.ok(!text.includes(uuid(101)));
});

test("the first broken record is named by its node and position", async () => {
  const { lines } = await makeLog();
  const at = lines.findIndex((text) => text.includes('"node":"b","position":2'));
  const edited = lines.with(at, (lines[at] ?? "").replace("Nina", "Nora"));
  assert.deepEqual(verifyLog(edited.join("")).broken, {
    line: at + 1,
    node: "b",
    position: 2,
    reason: "its hash is not that of its content and of the record before",
  });
});

test("records that were chained anew after an edit do not meet the signed checkpoint", async () => {
  const { lines } = await makeLog();
  const bodies = Array.from({ length: 4 }, (_, i) => encodeRecord(recordOf(i === 1 ? 77 : i)));
  const forged = chained("a", bodies).map(({ body, ...head }) => line.record({ node: "a", ...head }, body));
  const broken = verifyLog([lines[0], ...forged, ...lines.slice(5)].join("")).broken;
  assert.equal(broken?.reason, "it has another head of node a");
});

test("a log that somebody signed anew with a key of their own fails against the key that is known", async () => {
  const { lines } = await makeLog();
  const text = lines.join("");
  assert.match(verifyLog(text, { key: stranger.publicKey }).broken?.reason ?? "", /another public key/);
  const own = line.head(stranger.publicKey) + lines.slice(1).join("");
  assert.match(verifyLog(own).broken?.reason ?? "", /signature is not the key's/);
});

test("a tail that was cut at a checkpoint is found against a known one, and only so", async () => {
  const { lines, known } = await makeLog();
  const cut = lines.slice(0, lines.findIndex((text) => text.includes('"number":2')) + 1).join("");
  assert.equal(verifyLog(cut).broken, null);
  assert.match(verifyLog(cut, { known }).broken?.reason ?? "", /ends before checkpoint 3/);
});

test(`of ${MUTATIONS} random edits, deletions, insertions, reorderings and cuts none goes unseen (seed ${SEED})`, async () => {
  const { lines, known } = await makeLog();
  // What no checkpoint covers yet can be cut off unseen: that is the promise of 60 seconds, and not of this test.
  const sealed = lines.slice(0, lines.findLastIndex((text) => text.includes('"checkpoint"')) + 1);
  const whole = sealed.join("");
  const random = randomOf(SEED);
  const below = (n: number) => Math.floor(random() * n);
  const mutations: Record<string, () => string> = {
    "edit of a character": () => {
      const at = below(whole.length);
      return whole.slice(0, at) + String.fromCharCode(32 + below(95)) + whole.slice(at + 1);
    },
    "edit of a bit": () => {
      const bytes = Buffer.from(whole);
      const at = below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
      return bytes.toString("latin1");
    },
    "deletion of lines": () => sealed.toSpliced(below(sealed.length), 1 + below(3)).join(""),
    "deletion of characters": () => {
      const at = below(whole.length);
      return whole.slice(0, at) + whole.slice(at + 1 + below(9));
    },
    "insertion of a line again": () =>
      sealed.toSpliced(below(sealed.length + 1), 0, sealed[below(sealed.length)] ?? "").join(""),
    "insertion of a character": () => {
      const at = below(whole.length + 1);
      return `${whole.slice(0, at)}${String.fromCharCode(32 + below(95))}${whole.slice(at)}`;
    },
    reordering: () => {
      const [i, j] = [below(sealed.length), below(sealed.length)];
      return sealed
        .with(i, sealed[j] ?? "")
        .with(j, sealed[i] ?? "")
        .join("");
    },
    "cut tail": () => whole.slice(0, below(whole.length)),
    "cut lines": () => sealed.slice(0, below(sealed.length)).join(""),
  };
  const names = Object.keys(mutations);
  let tried = 0;
  while (tried < MUTATIONS) {
    const name = names[tried % names.length] ?? "";
    const mutated = mutations[name]?.() ?? whole;
    if (mutated === whole) continue;
    tried++;
    assert.notEqual(verifyLog(mutated, { known }).broken, null, `${name}, number ${tried} of seed ${SEED}`);
  }
});
