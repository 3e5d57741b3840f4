import { Agent, request } from "node:http";

export interface HttpLoadResult {
  readonly readingsPerSecond: number;
  readonly latencies: readonly number[];
  readonly accepted: number;
}

/** Batches over a few kept-alive connections, one request in flight on each. */
export async function httpLoad(options: {
  port: number;
  credentials: readonly { deviceId: string; token: string }[];
  connections: number;
  seconds: number;
  warmUpSeconds: number;
  contentType: string;
  /** Body and how many readings are in it. */
  body: (connection: number, sequence: number) => Buffer;
}): Promise<HttpLoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const latencies: number[] = [];
  let accepted = 0;
  const measureFrom = performance.now() + options.warmUpSeconds * 1000;
  const until = measureFrom + options.seconds * 1000;
  await Promise.all(
    Array.from({ length: options.connections }, async (_, connection) => {
      const credential = options.credentials[connection % options.credentials.length];
      if (!credential) throw new Error("no credentials");
      for (let sequence = 1; performance.now() < until; sequence++) {
        const began = performance.now();
        const answer = await post(
          agent,
          options.port,
          credential,
          options.contentType,
          options.body(connection, sequence),
        );
        if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
        if (began >= measureFrom) {
          latencies.push(performance.now() - began);
          accepted += (JSON.parse(answer.text) as { accepted: number }).accepted;
        }
      }
    }),
  );
  const elapsed = (performance.now() - measureFrom) / 1000;
  agent.destroy();
  return { readingsPerSecond: accepted / elapsed, latencies, accepted };
}

function post(
  agent: Agent,
  port: number,
  { deviceId, token }: { deviceId: string; token: string },
  contentType: string,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const req = request(
      {
        agent,
        port,
        host: "127.0.0.1",
        method: "POST",
        path: `/ingest/devices/${deviceId}/readings`,
        auth: `${deviceId}:${token}`,
        headers: { "content-type": contentType, "content-length": body.length },
      },
      (res) => {
        let text = "";
        res.on("data", (chunk) => (text += chunk));
        res.on("end", () => resolve({ status: res.statusCode ?? 0, text }));
      },
    );
    req.on("error", reject);
    req.end(body);
  });
}
