import assert from "node:assert/strict";
import { test } from "node:test";
import type { Amendment, Stream } from "@openward/model";
import { Book, holds } from "./book.ts";
import { readsOf } from "./reads.ts";
import { editOf, resolve } from "./resolve.ts";

const PATIENTS = ["a", "b", "c"];
const TIMES = 12;
const VALUES = [1, 2];
const streamIdOf = ({ patientId, signal }: Omit<Stream, "id">) => `${patientId}-${signal}`;

function streamOf(patientId: string): Stream {
  const stream: Omit<Stream, "id"> = {
    organisationId: "o",
    patientId,
    deviceId: "d",
    signal: "spo2",
    unit: "%",
    kind: "numeric",
  };
  return { ...stream, id: streamIdOf(stream) };
}

function randomBook(random: () => number): Book {
  const book = new Book();
  const made: Amendment[] = [];
  const below = (n: number) => Math.floor(random() * n);
  for (let sequence = 1; sequence <= 14; sequence++) {
    const patientId = PATIENTS[below(3)] as string;
    // Minutes and milliseconds apart: the index is by minute.
    const [first, length] = [below(TIMES), 1 + below(5)];
    const base: Amendment = {
      id: `${sequence}`,
      sequence,
      organisationId: "o",
      kind: "entered-in-error",
      patientId,
      toPatientId: null,
      deviceId: "d",
      streamId: streamOf(patientId).id,
      from: timeOf(first),
      to: timeOf(first + length),
      reading: null,
      corrected: null,
      withdraws: null,
      by: "x",
      byDisplay: "X",
      reason: "y",
      at: sequence,
      via: random() < 0.5 ? "person" : "reprocess",
    };
    const kind = below(6);
    const reading = { ordinal: 0, received: VALUES[below(2)] as number };
    const open = made.filter((each) => {
      const record = book.find(each.id);
      return record !== undefined && holds(record);
    });
    let amendment = base;
    if (kind <= 1) amendment = { ...base, to: base.from + 1, reading, corrected: kind === 0 ? 100 + sequence : null };
    if (kind <= 1 && kind === 0) amendment = { ...amendment, kind: "corrected" };
    if (kind >= 4) {
      const toPatientId = PATIENTS[(PATIENTS.indexOf(patientId) + 1 + below(2)) % 3] as string;
      amendment = { ...base, kind: "re-attributed", streamId: null, toPatientId };
    }
    const last = open.at(-1);
    if (kind === 3 && last) amendment = { ...base, kind: "withdrawn", withdraws: last.id };
    if (amendment.kind !== "withdrawn") made.push(amendment);
    book.add(amendment);
  }
  return book;
}

const timeOf = (n: number) => n * 25_000;

test("forward through the amendments a reading comes to where a stream, asked for what it is made of, has it", () => {
  let given = 0;
  let hidden = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const book = randomBook(randomOf(seed));
    for (const patientId of PATIENTS) {
      for (let n = 0; n < TIMES; n++) {
        for (const received of VALUES) {
          const stream = streamOf(patientId);
          const time = timeOf(n);
          const places = PATIENTS.flatMap((whose) =>
            resolve(book, streamIdOf, streamOf(whose), time, time + 1)
              .filter((part) => part.stream.id === stream.id)
              .map((part) => ({ whose, edit: editOf(part.edits, time, received) })),
          ).filter(({ edit }) => edit?.value !== null);
          const reads = readsOf(book, streamIdOf, { stream, from: time, to: time + 1, received });
          const expected = places.map(({ whose, edit }) => [whose, edit?.value ?? received]);
          const found = reads.isHidden ? [] : [[reads.stream.patientId, reads.value]];
          assert.deepEqual(found, expected, `seed ${seed}: ${patientId} ${n} ${received}`);
          if (reads.isGiven) given++;
          if (reads.isHidden) hidden++;
        }
      }
    }
  }
  assert.ok(given > 1000 && hidden > 1000, `${given} given, ${hidden} hidden`);
});

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
