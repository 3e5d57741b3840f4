import { connect, type Socket } from "node:net";

/** One kept-alive connection, one request at a time, read as bytes: a client library is not what is measured. */
export class BareClient {
  readonly #socket: Socket;
  readonly #headers: string;
  #received: Buffer[] = [];
  #missing = -1;
  #waiting: { resolve: (body: Buffer) => void; reject: (error: Error) => void } | undefined;

  constructor(port: number, headers: Readonly<Record<string, string>>) {
    this.#headers = Object.entries({ host: "127.0.0.1", ...headers })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join("");
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#socket.on("error", (error) => this.#waiting?.reject(error));
  }

  /** The body of a 200; anything else is an error. The answer must have its length in front. */
  get(path: string): Promise<Buffer> {
    this.#received = [];
    this.#missing = -1;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(`GET ${path} HTTP/1.1\r\n${this.#headers}\r\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let body = chunk;
    if (this.#missing < 0) {
      const head = this.#received.length > 0 ? Buffer.concat([...this.#received, chunk]) : chunk;
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) {
        this.#received = [head];
        return;
      }
      const text = head.toString("latin1", 0, end);
      const length = /content-length: (\d+)/i.exec(text)?.[1];
      if (!text.startsWith("HTTP/1.1 200") || length === undefined) {
        this.#waiting?.reject(new Error(head.toString("utf8", 0, 600)));
        return;
      }
      this.#missing = Number(length);
      this.#received = [];
      body = head.subarray(end + 4);
    }
    this.#received.push(body);
    this.#missing -= body.length;
    if (this.#missing === 0) this.#waiting?.resolve(Buffer.concat(this.#received));
  }
}
