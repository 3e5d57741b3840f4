import { Agent, request } from "node:http";
import { connect } from "node:net";
import { createPublisher, type Publisher } from "../../bench/load/publisher.ts";
import type { Supply } from "./supply.ts";

export interface Sending {
  readonly deviceId: string;
  readonly token: string;
  readonly port: number;
  readonly supply: Supply;
  readonly bodyOf: (n: number) => Buffer;
  readonly onAck: (n: number) => void;
  /** False when it is to end, whatever is left. */
  readonly goesOn: () => boolean;
}

/** One device over MQTT, QoS 1, 20 in flight; what is not acknowledged is sent again over a new connection. */
export function sendOverMqtt({ deviceId, token, port, supply, bodyOf, onAck, goesOn }: Sending): Promise<void> {
  return new Promise((resolve) => {
    let publisher: Publisher<number>;
    const fill = () => {
      while (publisher.free() > 0) {
        const n = supply.take();
        if (n === undefined) break;
        publisher.publish(bodyOf(n), n);
      }
      publisher.flush();
    };
    const open = () => {
      publisher = createPublisher<number>({
        port,
        deviceId,
        token,
        topic: `devices/${deviceId}/readings`,
        window: 20,
        onConnected: () => fill(),
        onAck(n) {
          onAck(n);
          supply.acknowledged();
          if (supply.isDone || !goesOn()) publisher.destroy();
          else fill();
        },
        onClosed() {
          supply.giveBack(publisher.unacknowledged());
          if (supply.isDone || !goesOn()) resolve();
          else setTimeout(open, 10);
        },
      });
    };
    open();
  });
}

/** One device over HTTP, eight requests at a time; 503 and a broken connection mean: again. */
export async function sendOverHttp(sending: Sending): Promise<void> {
  const { deviceId, token, port, supply, bodyOf, onAck, goesOn } = sending;
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const authorization = `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`;
  const post = (n: number): Promise<number> =>
    new Promise((resolve) => {
      const headers = { authorization, "content-type": "application/json" };
      const path = `/ingest/devices/${deviceId}/readings`;
      const asked = request({ host: "127.0.0.1", port, path, method: "POST", agent, headers }, (response) => {
        const { statusCode = 0 } = response;
        // The status line is the acknowledgement, whatever comes of the body.
        if (statusCode === 200) onAck(n);
        response.resume();
        response.on("close", () => resolve(statusCode));
      });
      asked.on("error", () => resolve(0));
      asked.end(bodyOf(n));
    });
  const work = async () => {
    while (goesOn()) {
      const n = supply.take();
      if (n === undefined) return;
      for (;;) {
        const status = await post(n);
        if (status === 200) {
          supply.acknowledged();
          break;
        }
        if (status !== 503 && status !== 0) throw new Error(`HTTP ${status} for a good reading`);
        if (!goesOn()) {
          supply.giveBack([n]);
          break;
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: 8 }, work));
  } finally {
    agent.destroy();
  }
}

const MLLP_WINDOW = 8;
const CONTROL_ID = /MSA\|(A[AER])\|(\d+)/;

/** One monitor over MLLP, eight messages in flight; a broken connection means: those without an answer again. */
export function sendOverMllp({ port, supply, bodyOf, onAck, goesOn }: Omit<Sending, "token">): Promise<void> {
  return new Promise((resolve, reject) => {
    const open = () => {
      const socket = connect(port, "127.0.0.1");
      const sent: number[] = [];
      let text = "";
      const fill = () => {
        while (sent.length < MLLP_WINDOW) {
          const n = supply.take();
          if (n === undefined) break;
          sent.push(n);
          socket.write(Buffer.concat([Buffer.of(0x0b), bodyOf(n), Buffer.of(0x1c, 0x0d)]));
        }
      };
      socket.on("connect", fill);
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
        for (let end = text.indexOf("\x1c\r"); end >= 0; end = text.indexOf("\x1c\r")) {
          const [, code, id] = CONTROL_ID.exec(text.slice(0, end)) ?? [];
          text = text.slice(end + 2);
          const n = sent.shift();
          if (code !== "AA" || n === undefined || id !== String(n)) {
            reject(new Error(`${code} ${id} for the good message ${n}`));
            socket.destroy();
            return;
          }
          onAck(n);
          supply.acknowledged();
        }
        if (supply.isDone || !goesOn()) socket.destroy();
        else fill();
      });
      socket.on("error", () => {});
      socket.on("close", () => {
        supply.giveBack(sent);
        if (supply.isDone || !goesOn()) resolve();
        else setTimeout(open, 10);
      });
    };
    open();
  });
}
