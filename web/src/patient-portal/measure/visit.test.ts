import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCurrentTime } from "@openward/codecs/raw";
import { readingOf } from "./shown.ts";
import { beginVisit, type Received } from "./visit.ts";
import type { BluetoothDevice, Characteristic } from "./web-bluetooth.ts";

const NOW = Date.UTC(2026, 10, 27, 12);
const whole = (short: string) => `0000${short}-0000-1000-8000-00805f9b34fb`;

class Fake extends EventTarget implements Characteristic {
  readonly uuid: string;
  readonly properties;
  readonly did: string[];
  value?: DataView;
  readonly says: Uint8Array | undefined;

  constructor(short: string, does: string, did: string[], says?: Uint8Array) {
    super();
    this.uuid = whole(short);
    this.did = did;
    this.says = says;
    const has = (what: string) => does.includes(what);
    this.properties = { read: has("read"), write: has("write"), notify: has("notify"), indicate: has("indicate") };
  }
  async readValue(): Promise<DataView> {
    this.did.push(`read ${this.uuid.slice(4, 8)}`);
    if (!this.says) throw new DOMException("not permitted", "NetworkError");
    return new DataView(this.says.slice().buffer);
  }
  async writeValueWithResponse(bytes: BufferSource): Promise<void> {
    this.did.push(`write ${this.uuid.slice(4, 8)} ${Buffer.from(bytes as ArrayBuffer).toString("hex")}`);
  }
  async startNotifications(): Promise<void> {
    this.did.push(`subscribe ${this.uuid.slice(4, 8)}`);
  }
  send(bytes: Uint8Array): void {
    this.value = new DataView(bytes.slice().buffer);
    this.dispatchEvent(new Event("characteristicvaluechanged"));
  }
}

async function visited(all: readonly Fake[], isAdmitted = true) {
  const taken: (readonly Received[])[] = [];
  const troubles: string[] = [];
  const timers: (() => void)[] = [];
  let isConnected = true;
  const device = Object.assign(new EventTarget(), {
    id: "x",
    gatt: {
      connected: true,
      connect: async () => ({
        getPrimaryServices: async () => [{ uuid: whole("1810"), getCharacteristics: async () => [...all] }],
      }),
      disconnect() {
        isConnected = false;
      },
    },
  }) satisfies BluetoothDevice;
  const was = await beginVisit(device, {
    now: () => NOW,
    after: (_ms, run) => void timers.push(run),
    timeZone: "Europe/Oslo",
    admit: async () => isAdmitted,
    take: (values) => void taken.push(values),
    onTrouble: (codec) => void troubles.push(codec),
  });
  const run = async () => {
    for (const timer of timers.splice(0)) timer();
    for (let i = 0; i < 50; i++) await Promise.resolve();
  };
  return { was, taken, troubles, run, isConnected: () => isConnected };
}

test("the clock of a device that has no records is put right, in the zone of the person", async () => {
  const did: string[] = [];
  const hourAhead = encodeCurrentTime(NOW + 3_600_000, 60);
  const cuff = new Fake("2a35", "indicate", did);
  const { run, taken } = await visited([cuff, new Fake("2a2b", "read write", did, hourAhead)]);
  assert.deepEqual(did, ["read 2a2b", "subscribe 2a35"], "what it has stored comes first");
  await run();
  const set = did.find((one) => one.startsWith("write"));
  assert.equal(set, `write 2a2b ${Buffer.from(encodeCurrentTime(NOW, 60)).toString("hex")}`);
  assert.deepEqual(
    taken.at(-1)?.map(({ codec }) => codec),
    ["gatt/2a2b", "gatt/2a2b"],
    "what it showed is told",
  );
});

test("the clock of a meter that keeps its records is read and not moved under them", async () => {
  const did: string[] = [];
  const hourAhead = encodeCurrentTime(NOW + 3_600_000, 60);
  const record = new Fake("2a18", "notify", did);
  const { run, taken } = await visited([
    record,
    new Fake("2a52", "write indicate", did),
    new Fake("2a2b", "read write", did, hourAhead),
  ]);
  assert.deepEqual(did.slice(-1), ["write 2a52 0101"]);
  record.send(Buffer.from("060100ea070b1a16360138c011", "hex"));
  record.send(Buffer.from("060200ea070b1a16370138c011", "hex"));
  await run();
  assert.ok(!did.some((one) => one.startsWith("write 2a2b")));
  assert.deepEqual(
    taken.at(-1)?.map(({ codec }) => codec),
    ["gatt/2a18", "gatt/2a18"],
    "in one capture",
  );
});

test("what cannot be used keeps nothing else from being heard, and nobody's device is not listened to", async () => {
  const did: string[] = [];
  const strap = new Fake("2a37", "notify", did);
  const { taken, troubles } = await visited([new Fake("2a19", "read", did), strap, new Fake("2aff", "notify", did)]);
  assert.deepEqual(troubles, ["gatt/2a19"]);
  strap.send(Buffer.from("0648", "hex"));
  assert.equal(taken.length, 1);
  const unheard: string[] = [];
  const left = await visited([new Fake("2a37", "notify", unheard)], false);
  assert.deepEqual([left.was, left.isConnected(), unheard], [false, false, []]);
});

test("a value is shown in the unit that it came in, with its digits", () => {
  const shown = (codec: string, hex: string) =>
    readingOf([{ codec, at: NOW, bytes: Buffer.from(hex, "hex") }], NOW, "Europe/Oslo");
  const [glucose] = shown("gatt/2a18", "060100ea070b1a16360138c011").shown;
  assert.deepEqual([glucose?.label, glucose?.text, glucose?.unit], ["Blood glucose", "5.6", "mmol/L"]);
  const [pressure] = shown("gatt/2a35", "00800052006100").shown;
  assert.deepEqual([pressure?.text, pressure?.unit], ["128/82", "mmHg"]);
  assert.deepEqual([shown("gatt/2a37", "0448").isOff, shown("gatt/2a37", "0448").shown], [true, []]);
  assert.equal(shown("gatt/2a35", "0080").isUnreadable, true);
});
