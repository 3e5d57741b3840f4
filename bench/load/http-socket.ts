import { connect, type Socket } from "node:net";

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** One kept-alive HTTP/1.1 connection on a bare socket, one request at a time: a client that costs next to nothing. */
export interface HttpSocket {
  /** @param head request line and headers, the empty line included */
  send(head: string | Uint8Array, body?: Uint8Array): Promise<HttpAnswer>;
  close(): void;
}

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const NOTHING = Buffer.alloc(0);

/** A server ends what is idle for long: the next request then opens the connection anew. */
export async function openHttpSocket(port: number, host = "127.0.0.1"): Promise<HttpSocket> {
  let waiting: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | undefined;
  let received: Buffer = NOTHING;
  let socket: Socket | undefined;
  const fail = (error: Error) => {
    waiting?.reject(error);
    waiting = undefined;
  };
  const open = async () => {
    const opened = connect({ port, host, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      opened.once("connect", resolve);
      opened.once("error", reject);
    });
    received = NOTHING;
    opened.on("error", fail);
    opened.on("close", () => {
      socket = undefined;
      fail(new Error("the server closed the connection"));
    });
    opened.on("data", (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const answer = readAnswer(received);
      if (!answer) return;
      received = NOTHING;
      const { resolve } = waiting ?? {};
      waiting = undefined;
      resolve?.(answer);
    });
    return opened;
  };
  socket = await open();
  const sendOn = (to: Socket, head: string | Uint8Array, body: Uint8Array) =>
    new Promise<HttpAnswer>((resolve, reject) => {
      waiting = { resolve, reject };
      write(to, head, body);
    });
  return {
    async send(head, body = NOTHING) {
      socket ??= await open();
      return sendOn(socket, head, body);
    },
    close: () => void socket?.destroy(),
  };
}

function write(socket: Socket, head: string | Uint8Array, body: Uint8Array): void {
  socket.cork();
  socket.write(head);
  if (body.length > 0) socket.write(body);
  socket.uncork();
}

/** undefined while it is not all there. */
function readAnswer(bytes: Buffer): HttpAnswer | undefined {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end < 0) return undefined;
  const head = bytes.toString("latin1", 0, end).toLowerCase();
  const status = Number(head.slice(9, 12));
  const from = end + END_OF_HEAD.length;
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) {
    const to = from + Number(length);
    return bytes.length < to ? undefined : { status, body: bytes.subarray(from, to) };
  }
  if (head.includes("\r\ntransfer-encoding: chunked")) return readChunks(bytes, from, status);
  return { status, body: NOTHING };
}

function readChunks(bytes: Buffer, from: number, status: number): HttpAnswer | undefined {
  const parts: Buffer[] = [];
  for (let at = from; ; ) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const length = Number.parseInt(bytes.toString("latin1", at, end), 16);
    const next = end + 2 + length + 2;
    if (bytes.length < next) return undefined;
    if (length === 0) return { status, body: Buffer.concat(parts) };
    parts.push(bytes.subarray(end + 2, end + 2 + length));
    at = next;
  }
}
