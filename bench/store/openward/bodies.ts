/** A CBOR body whose columns can be filled anew: its heads are written once, the numbers before each sending. */
export interface ColumnsBody {
  readonly bytes: Buffer;
  /** Little-endian doubles, not aligned: by DataView. */
  setTime(row: number, time: number): void;
  /** Copies `rows` values in units of the resolution from `from` on; offered as bytes, or as doubles of the unit. */
  fill(vital: number, values: Uint16Array, from: number): void;
}

const UINT8 = 64;
const FLOAT64_LE = 86;

/**
 * `{"t": <float64>, "signals": {key: <uint8 or float64>}}` as RFC 8949 and RFC 8746 have it. A monitor's whole numbers
 * are bytes; what has decimals is a double, so that 36.6 is 36.6.
 */
export function columnsBody(
  vitals: readonly { readonly signal: string; readonly perUnit: number }[],
  rows: number,
): ColumnsBody {
  const parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer) => {
    parts.push(part);
    length += part.length;
    return length - part.length;
  };
  const array = (tag: number, width: number) => {
    add(Buffer.from([0xd8, tag, 0x5a, 0, 0, 0, 0]));
    parts.at(-1)?.writeUInt32BE(rows * width, 3);
    return add(Buffer.alloc(rows * width));
  };
  add(Buffer.from([0xa2]));
  add(text("t"));
  const timesAt = array(FLOAT64_LE, 8);
  add(text("signals"));
  if (vitals.length > 23) throw new Error("more signals than a short map holds");
  add(Buffer.from([0xa0 + vitals.length]));
  const columns = vitals.map(({ signal, perUnit }) => {
    add(text(signal));
    return perUnit === 1 ? { perUnit, width: 1, at: array(UINT8, 1) } : { perUnit, width: 8, at: array(FLOAT64_LE, 8) };
  });
  const bytes = Buffer.concat(parts);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    bytes,
    setTime: (row, time) => view.setFloat64(timesAt + row * 8, time, true),
    fill(vital, values, from) {
      const column = columns[vital];
      if (!column) return;
      const { at, width, perUnit } = column;
      if (width === 1) for (let i = 0; i < rows; i++) bytes[at + i] = values[from + i] ?? 0;
      else for (let i = 0; i < rows; i++) view.setFloat64(at + i * 8, (values[from + i] ?? 0) / perUnit, true);
    },
  };
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = bytes.length < 24 ? [0x60 + bytes.length] : [0x78, bytes.length];
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Request line and headers of a device's message, as far as they are the same for all of one length. */
export function ingestHead(
  bed: { deviceId: string; token: string },
  kind: string,
  type: string,
  length: number,
): string {
  const basic = Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64");
  return (
    `POST /ingest/devices/${bed.deviceId}/${kind} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${basic}\r\n` +
    `Content-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`
  );
}
