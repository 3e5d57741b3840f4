import assert from "node:assert/strict";
import { test } from "node:test";
import { hasNfc, listenToTags, writeTag } from "./nfc.ts";

const said: string[] = [];
class Tag extends EventTarget {
  async scan({ signal }: { signal: AbortSignal }): Promise<void> {
    const data = (text: string) => new DataView(new TextEncoder().encode(text).buffer);
    const records = [
      { recordType: "mime", data: data("image") },
      { recordType: "url", data: data("https://ward.example/ingest/claim#K7QM") },
    ];
    if (!signal.aborted) this.dispatchEvent(Object.assign(new Event("reading"), { message: { records } }));
  }
  async write(message: unknown): Promise<void> {
    said.push(JSON.stringify(message));
  }
}

test("the address on a tag is heard and written, and a browser without NFC does nothing", async () => {
  const heard: string[] = [];
  const hear = (text: string) => void heard.push(text);
  await listenToTags({ NDEFReader: Tag }, new AbortController().signal, hear);
  await listenToTags({ NDEFReader: Tag }, AbortSignal.abort(), hear);
  await listenToTags({}, new AbortController().signal, hear);
  assert.deepEqual(heard, ["https://ward.example/ingest/claim#K7QM"]);
  await writeTag({ NDEFReader: Tag }, "https://ward.example/ingest/claim#K7QM");
  assert.deepEqual(said, ['{"records":[{"recordType":"url","data":"https://ward.example/ingest/claim#K7QM"}]}']);
  assert.deepEqual([hasNfc({}), hasNfc({ NDEFReader: Tag })], [false, true]);
});
