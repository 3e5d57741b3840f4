import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type MqttClient } from "mqtt";
import { lastingPort } from "../../test/support/ports.ts";

const MOSQUITTO = [
  "/usr/sbin/mosquitto",
  "/usr/bin/mosquitto",
  "/usr/local/sbin/mosquitto",
  "/opt/homebrew/sbin/mosquitto",
].find((path) => existsSync(path));

/** Say why tests with a real broker are skipped; false where there is one. */
export const noBroker: string | false = MOSQUITTO === undefined && "mosquitto is not installed here";

export interface Received {
  readonly topic: string;
  readonly device: string;
  readonly kind: string;
  readonly body: Buffer;
  readonly contentType: string | undefined;
}

/** A real broker that lets in each device with its token, into its own subtree, and a listener to everything. */
export interface TestBroker {
  readonly url: string;
  readonly received: readonly Received[];
  /** Resolves with the first message that fits, also one that has come already. */
  until(fits: (message: Received) => boolean, timeoutMs?: number): Promise<Received>;
  /** Stop listening on the port and break all connections; `start` brings it back on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startBroker(
  context: { after: (clean: () => Promise<void>) => void },
  devices: Readonly<Record<string, string>>,
): Promise<TestBroker> {
  const folder = mkdtempSync(join(tmpdir(), "openward-broker-"));
  const port = await lastingPort();
  const url = `mqtt://127.0.0.1:${port}`;
  const passwords = join(folder, "passwords");
  writeFileSync(
    passwords,
    [...Object.entries(devices), ["listener", "ear"]].map(([id, token]) => `${id}:${token}\n`).join(""),
  );
  spawnSync("mosquitto_passwd", ["-U", passwords]);
  writeFileSync(join(folder, "acl"), "user listener\ntopic read #\n\npattern write devices/%u/#\n");
  writeFileSync(
    join(folder, "mosquitto.conf"),
    [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous false",
      `password_file ${passwords}`,
      `acl_file ${join(folder, "acl")}`,
      "persistence false",
      "log_type error",
      "",
    ].join("\n"),
  );
  // As root the broker gives its rights up, and must still be able to read.
  chmodSync(folder, 0o755);
  for (const file of ["passwords", "acl", "mosquitto.conf"]) chmodSync(join(folder, file), 0o644);

  let broker: ReturnType<typeof spawn> | null = null;
  let listener: MqttClient | null = null;
  const received: Received[] = [];
  const waiting = new Set<(message: Received) => void>();

  const start = async () => {
    broker = spawn(MOSQUITTO!, ["-c", join(folder, "mosquitto.conf")], { stdio: "ignore" });
    for (const end = performance.now() + 60_000; ; ) {
      listener = connect(url, { username: "listener", password: "ear", protocolVersion: 5, reconnectPeriod: 0 });
      const isUp = await new Promise<boolean>((resolve) => {
        listener!.once("connect", () => resolve(true));
        listener!.once("error", () => resolve(false));
        listener!.once("close", () => resolve(false));
      });
      if (isUp) break;
      listener.end(true);
      if (performance.now() > end) throw new Error("the broker did not start within a minute");
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    listener!.on("error", () => {});
    listener!.on("message", (topic, body, packet) => {
      const [, device = "", kind = ""] = topic.split("/");
      const message = { topic, device, kind, body, contentType: packet.properties?.contentType };
      received.push(message);
      for (const tell of waiting) tell(message);
    });
    await listener!.subscribeAsync("devices/#", { qos: 1 });
  };
  const stop = async () => {
    const child = broker;
    broker = null;
    listener?.removeAllListeners();
    listener?.on("error", () => {});
    listener?.end(true);
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  };
  context.after(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  await start();

  return {
    url,
    received,
    until: (fits, timeoutMs = 60_000) =>
      new Promise((resolve, reject) => {
        const already = received.find(fits);
        if (already) return resolve(already);
        const tell = (message: Received) => {
          if (!fits(message)) return;
          clearTimeout(timer);
          waiting.delete(tell);
          resolve(message);
        };
        const timer = setTimeout(() => {
          waiting.delete(tell);
          reject(new Error(`no such message among ${received.length} within ${timeoutMs} ms`));
        }, timeoutMs);
        waiting.add(tell);
      }),
    stop,
    start,
  };
}
