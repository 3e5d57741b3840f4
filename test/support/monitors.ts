import { connect, type Socket } from "node:net";
import type { Ledger } from "./ledger.ts";

/** A monitor that speaks HL7 over MLLP; what was not answered is sent again as it was, on the next connection. */
export interface Monitor {
  /** Messages that were answered with AA. */
  readonly acknowledged: number;
  /** How many readings there have been. */
  readonly sequence: number;
  /** Nothing new is sent; resolves when every message is answered. */
  pause(): Promise<void>;
  stop(): void;
}

const WINDOW = 8;
const PAUSE_MS = 5;
const ANSWER = /MSA\|(A[AER])\|(\d+)/;

export function startMonitor(options: {
  readonly mllpPort: number;
  readonly ledger: Ledger;
  /** Time of the reading before the first. */
  readonly base: number;
  /** Its number in the ledger. */
  readonly device: number;
}): Monitor {
  const { mllpPort, ledger, base, device } = options;
  const again: number[] = [];
  let open = 0;
  let sequence = 0;
  let acknowledged = 0;
  let isPaused = false;
  let isStopped = false;
  let socket: Socket | undefined;
  let failed: ((error: Error) => void) | undefined;
  let done: (() => void) | undefined;
  const look = () => {
    if (isPaused && open === 0 && again.length === 0) done?.();
  };

  const begin = () => {
    if (isStopped) return;
    const mine = connect(mllpPort, "127.0.0.1");
    socket = mine;
    const sent: number[] = [];
    let text = "";
    const fill = () => {
      while (!mine.destroyed && sent.length < WINDOW) {
        const n = again.shift() ?? (isPaused ? undefined : ++sequence);
        if (n === undefined) break;
        sent.push(n);
        open++;
        mine.write(Buffer.concat([Buffer.of(0x0b), observationOf(base, n), Buffer.of(0x1c, 0x0d)]));
      }
    };
    mine.on("connect", fill);
    mine.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (let end = text.indexOf("\x1c\r"); end >= 0; end = text.indexOf("\x1c\r")) {
        const [, code, id] = ANSWER.exec(text.slice(0, end)) ?? [];
        text = text.slice(end + 2);
        const n = sent.shift();
        if (code !== "AA" || n === undefined || id !== String(n)) {
          failed?.(new Error(`${code} ${id} for the good message ${n}`));
          mine.destroy();
          return;
        }
        open--;
        acknowledged++;
        ledger.note(`${device} ${n}`);
      }
      look();
      setTimeout(fill, PAUSE_MS);
    });
    mine.on("error", () => {});
    mine.on("close", () => {
      // Whether the server has them is not known.
      open -= sent.length;
      again.unshift(...sent);
      setTimeout(begin, 50);
    });
  };
  begin();

  return {
    get acknowledged() {
      return acknowledged;
    },
    get sequence() {
      return sequence;
    },
    pause() {
      isPaused = true;
      return new Promise((resolve, reject) => {
        done = resolve;
        failed = reject;
        look();
      });
    },
    stop() {
      isStopped = true;
      socket?.destroy();
    },
  };
}

/** One reading a message: its time and its value both tell the sequence number, so that a mix-up would show. */
function observationOf(base: number, sequence: number): Buffer {
  const time = `${new Date(base + sequence * 10).toISOString().replaceAll(/[-:T]|Z$/g, "")}+0000`;
  return Buffer.from(
    `MSH|^~\\&|MON||||${time}||ORU^R01|${sequence}|P|2.6\rOBR|1||F${sequence}|X|||${time}\r` +
      `OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|${40 + (sequence % 160)}|/min^^UCUM|||||R\r`,
  );
}
