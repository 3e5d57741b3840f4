import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { rmSync } from "node:fs";
import { Agent, request } from "node:http";
import type { Runtime } from "@openward/runtime";
import { systemRuntime } from "@openward/runtime/system";
import type { FastifyInstance } from "fastify";
import { readConfig } from "../../server/config.ts";
import { type Foundation, openFoundation } from "../../server/foundation.ts";
import { createLog } from "../../server/log.ts";
import { startServer } from "../../server/main.ts";
import { preparedDataDir } from "../../server/store/database/testing/prepared.ts";
import type { Answer } from "./marks.ts";

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export type TestServer = Awaited<ReturnType<typeof startTestServer>>;

/** The whole server in this process, so that a test stands on what it stands on. */
export async function startTestServer(
  options: {
    readonly change?: (foundation: Foundation) => Foundation;
    readonly runtime?: Runtime;
    readonly publicUrl?: string;
    /** Told of Fastify before anything is registered. */
    readonly onFastify?: (fastify: FastifyInstance) => void;
  } = {},
) {
  const { change = (foundation) => foundation, runtime = systemRuntime } = options;
  const dataDir = await preparedDataDir();
  const config = readConfig({
    OPENWARD_DATA_DIR: dataDir,
    OPENWARD_HTTP_PORT: "0",
    OPENWARD_MQTT_PORT: "0",
    OPENWARD_LOG_LEVEL: "silent",
    // The matrix asks in a second what people ask in a day, and takes longer than a proof lasts on a busy machine.
    OPENWARD_RATE_LIMIT: "0",
    OPENWARD_STEP_UP_MINUTES: "720",
    ...(options.publicUrl === undefined ? {} : { OPENWARD_PUBLIC_URL: options.publicUrl }),
  });
  const registered: { method: string; url: string }[] = [];
  const onFastify = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance };
    options.onFastify?.(fastify);
    fastify.addHook("onRoute", ({ method, url }) => {
      for (const one of [method].flat()) registered.push({ method: one, url });
    });
  };
  subscribe("fastify.initialization", onFastify);
  let laid: Foundation | undefined;
  try {
    const server = await startServer({
      config,
      isDemo: false,
      newLinks: false,
      runtime,
      log: createLog("silent"),
      progress: () => {},
      onSuperseded: (error) => {
        throw error;
      },
      open: async (how) => {
        laid = await openFoundation(how);
        return change(laid);
      },
    });
    const foundation = laid as Foundation; // the server is open, and stands on it
    return {
      ...server,
      foundation,
      /** Every route of the one HTTP port, as it was registered. */
      registered,
      ask: (question: Question) => ask(`http://127.0.0.1:${server.httpPort}`, question),
      async close() {
        await server.stop();
        rmSync(dataDir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(dataDir, { recursive: true, force: true });
    throw error;
  } finally {
    unsubscribe("fastify.initialization", onFastify);
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

function ask(url: string, { method, path, headers = {}, body }: Question): Promise<Answer> {
  const sent = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const type =
    sent === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(sent) };
  return new Promise((resolve, reject) => {
    const question = request(`${url}${path}`, { method, agent, headers: { ...type, ...headers } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.rawHeaders.join("\n"), bytes: Buffer.concat(parts) }),
      );
    });
    question.on("error", reject);
    question.end(sent);
  });
}

/** The answer's JSON. @throws where the status is another than 2xx */
export async function json<T>(server: Pick<TestServer, "ask">, question: Question): Promise<T> {
  const { status, bytes } = await server.ask(question);
  const text = bytes.toString("utf8");
  if (status < 200 || status > 299) throw new Error(`${question.method} ${question.path}: ${status} ${text}`);
  return (text === "" ? null : JSON.parse(text)) as T;
}

/** Of many things to do, so many at the same time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>, most = 12): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
}
