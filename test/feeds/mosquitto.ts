import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import mqtt, { type MqttClient } from "mqtt";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A certificate of an authority of one's own, for this machine's loopback: made by OpenSSL as people do at home. */
function makeCertificate(folder: string): { ca: string; settings: string[] } {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=At home");
  openssl("req", ...key, "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=broker");
  writeFileSync(join(folder, "names"), "subjectAltName=IP:127.0.0.1");
  const by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names"];
  openssl("x509", "-req", "-in", "broker.csr", ...by, "-out", "broker.crt");
  const files = [`certfile ${join(folder, "broker.crt")}`, `keyfile ${join(folder, "broker.key")}`];
  return { ca: readFileSync(join(folder, "ca.crt"), "utf8"), settings: files };
}

/**
 * A broker as people have it at home: Mosquitto, with a user name and a password, and a listener with TLS.
 *
 * @param more lines of its configuration
 */
export async function startMosquitto(username: string, password: string, more: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "openward-mosquitto-"));
  const passwords = join(folder, "passwords");
  execFileSync("mosquitto_passwd", ["-b", "-c", passwords, username, password], { stdio: "ignore" });
  const port = await freePort();
  const settings = [`listener ${port} 127.0.0.1`, "allow_anonymous false", `password_file ${passwords}`, "user root"];
  const { ca, settings: tls } = makeCertificate(folder);
  const securePort = await freePort();
  settings.push(`listener ${securePort} 127.0.0.1`, ...tls, ...more);
  writeFileSync(join(folder, "mosquitto.conf"), `${settings.join("\n")}\n`);
  const broker = spawn("mosquitto", ["-c", join(folder, "mosquitto.conf")], { stdio: "ignore" });
  let client: MqttClient | undefined;
  for (const end = performance.now() + 120_000; !client; ) {
    client = await mqtt
      .connectAsync(`mqtt://127.0.0.1:${port}`, { username, password, reconnectPeriod: 0 }, false)
      .catch(() => undefined);
    if (!client && performance.now() > end) throw new Error("mosquitto did not start within 15 seconds");
    if (!client) await wait(100);
  }
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    secureUrl: `mqtts://127.0.0.1:${securePort}`,
    ca,
    client,
    async stop() {
      client?.end(true);
      broker.kill();
      await new Promise((resolve) => broker.once("exit", resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What `mosquitto_sub` prints: topic and payload of each message. */
export function subscribe(options: { port: number; username: string; password: string; topics: readonly string[] }) {
  const { port, username, password, topics } = options;
  const args = ["-h", "127.0.0.1", "-p", String(port), "-u", username, "-P", password, "-q", "1", "-V", "mqttv5"];
  const child: ChildProcess = spawn("mosquitto_sub", [...args, "-v", ...topics.flatMap((topic) => ["-t", topic])], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  let errors = "";
  child.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    errors += chunk;
  });
  const messages = () =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => ({ topic: line.slice(0, line.indexOf(" ")), payload: line.slice(line.indexOf(" ") + 1) }));
  return {
    messages,
    errors: () => errors,
    async until(what: string, isThere: (all: ReturnType<typeof messages>) => boolean) {
      for (const end = performance.now() + 120_000; ; await wait(20)) {
        if (isThere(messages())) return messages();
        if (performance.now() > end) throw new Error(`waited for ${what}; there is ${text.slice(-2000)} ${errors}`);
      }
    },
    async stop(signal: NodeJS.Signals = "SIGTERM") {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await new Promise((resolve) => child.once("exit", resolve));
    },
    gone: new Promise<void>((resolve) => child.once("exit", () => resolve())),
  };
}
