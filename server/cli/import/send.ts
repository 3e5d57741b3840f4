import { createHash } from "node:crypto";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { OutsideTrouble, type RefusalCode, RefusedInput } from "@openward/errors";
import type { Timers } from "@openward/runtime";
import type { Answer } from "./tally.ts";

const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);
/** Waiting longer each time: some five minutes in all. */
const WAITS_S = [1, 2, 4, 8, 15, 30, 60, 60, 60, 60];

/** Sends pieces as the device does. A piece that was sent before is known again by its bytes. */
export interface Sender {
  /**
   * @throws RefusedInput what the server refuses the piece with
   * @throws OutsideTrouble SERVER_UNREACHABLE
   */
  send(bytes: Uint8Array, codec: string): Promise<Answer>;
  close(): void;
}

/** @throws RefusedInput FIELD_INVALID where the token would travel in the open */
export function createSender({
  url,
  deviceId,
  token,
  timers,
  onWait,
}: {
  url: string;
  deviceId: string;
  token: string;
  timers: Timers;
  onWait: (seconds: number, why: string) => void;
}): Sender {
  const base = URL.parse(url);
  if (!base || !(base.protocol === "https:" || (base.protocol === "http:" && LOOPBACK.has(base.hostname)))) {
    throw new RefusedInput("FIELD_INVALID", { at: "--url", expected: "https, or http on this machine" });
  }
  const isSecure = base.protocol === "https:";
  const agent = isSecure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const authorization = `Basic ${Buffer.from(`${deviceId}:${token}`).toString("base64")}`;

  function post(bytes: Uint8Array, codec: string): Promise<{ status: number; retryS: number | null; body: string }> {
    const target = new URL(`/ingest/devices/${encodeURIComponent(deviceId)}/raw/${codec}`, base as URL);
    const headers = {
      authorization,
      "content-type": "application/octet-stream",
      "content-length": bytes.length,
      "idempotency-key": createHash("sha256").update(bytes).digest("hex"),
    };
    return new Promise((resolve, reject) => {
      const send = isSecure ? httpsRequest : httpRequest;
      const request = send(target, { method: "POST", headers, agent }, (response) => {
        read(response).then((body) => {
          const retry = Number(response.headers["retry-after"]);
          resolve({ status: response.statusCode ?? 0, retryS: Number.isFinite(retry) ? retry : null, body });
        }, reject);
      });
      request.on("error", reject);
      request.end(bytes);
    });
  }

  const pause = (seconds: number) => new Promise<void>((resolve) => timers.after(seconds * 1000, resolve));

  return {
    async send(bytes, codec) {
      for (let tries = 0; ; tries++) {
        let why: string;
        let waitS = WAITS_S[tries];
        let cause: unknown;
        try {
          const { status, retryS, body } = await post(bytes, codec);
          if (status === 200) return JSON.parse(body) as Answer;
          if (status !== 429 && status < 500) throw refusalOf(body, status);
          why = status === 429 ? "the server asks to send more slowly" : `the server answers ${status}`;
          // Being asked to wait is no trouble.
          if (status === 429) tries--;
          waitS = retryS ?? waitS ?? 1;
          if (status >= 500 && tries >= WAITS_S.length) waitS = undefined;
        } catch (error) {
          if (error instanceof RefusedInput) throw error;
          cause = error;
          why = "the server does not answer";
        }
        if (waitS === undefined) {
          throw new OutsideTrouble("SERVER_UNREACHABLE", true, { at: url, received: why }, { cause });
        }
        onWait(waitS, why);
        await pause(waitS);
      }
    },
    close: () => agent.destroy(),
  };
}

async function read(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const part of response) text += part;
  return text;
}

/** Problem details as the refusal that they tell of. */
function refusalOf(body: string, status: number): RefusedInput {
  let told: { code?: RefusalCode; field?: string; expected?: string } = {};
  try {
    told = JSON.parse(body) as typeof told;
  } catch {
    // Whoever answered is no Openward: the status is what is known.
  }
  const { code = "UNEXPECTED", field, expected = `an answer of 200, not ${status}` } = told;
  return new RefusedInput(code as RefusalCode, { ...(field !== undefined && { at: field }), expected });
}
