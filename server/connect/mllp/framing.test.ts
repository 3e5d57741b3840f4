import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@openward/runtime/manual";
import { Framer } from "./framing.ts";

function framesIn(chunks: readonly Buffer[], limit = 1_000) {
  const framer = new Framer(limit);
  const messages: string[] = [];
  for (const chunk of chunks) {
    const fault = framer.push(chunk, (message) => void messages.push(message.toString("latin1")));
    if (fault) return { messages, fault, waiting: framer.waiting };
  }
  return { messages, fault: undefined, waiting: framer.waiting };
}

const bytes = (text: string) => Buffer.from(text, "latin1");

test("messages are the same however the network cuts them", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1e9);
  const random = seededRandom(seed);
  const whole = bytes("stray\x0bone\x1c\r\r\n\x0btwo\x1cx\x1c\x1c\r\x0b\x1c\r\x0bcut\x0bthree\x1c\r");
  for (let run = 0; run < 200; run++) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < whole.length; ) {
      const end = Math.min(whole.length, at + 1 + Math.floor(random.float() * 6));
      chunks.push(whole.subarray(at, end));
      at = end;
    }
    assert.deepEqual(framesIn(chunks).messages, ["one", "two\x1cx\x1c", "", "three"], `SEED=${seed}`);
  }
});

test("a message without an end is given up at the limit, and nothing of it is kept", () => {
  const chunk = Buffer.alloc(400, 65);
  assert.deepEqual(framesIn([bytes("\x0b"), chunk, chunk, chunk]), { messages: [], fault: "too-large", waiting: 0 });
  assert.equal(framesIn([bytes("\x0b"), chunk, chunk]).waiting, 800);
});

test("bytes that never begin a message are given up", () => {
  assert.equal(framesIn([Buffer.alloc(1_001, 65)]).fault, "not-mllp");
});
