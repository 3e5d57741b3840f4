import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Api, root } from "../support/ward.ts";

/** A real gateway in a process of its own. */
export interface GatewayProcess {
  readonly mqttPort: number;
  readonly mllpPort: number | null;
  readonly process: ChildProcess;
  log(): string;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const READY_MS_MAX = 60_000;

export async function startGatewayProcess(env: Record<string, string>): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [join(root, "gateway/main.ts")], {
    env: { ...process.env, OPENWARD_GATEWAY_LOG_LEVEL: "info", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors = (errors + chunk).slice(-100_000);
  });
  const ready = await new Promise<{ mqttPort: number; mllpPort: number | null }>((resolve, reject) => {
    let out = "";
    const late = setTimeout(() => reject(new Error(`no gateway within a minute: ${errors}`)), READY_MS_MAX);
    child.stdout.on("data", (chunk) => {
      out += chunk;
      const end = out.indexOf("\n");
      if (end < 0 || !out.startsWith("{")) return;
      clearTimeout(late);
      resolve(JSON.parse(out.slice(0, end)));
    });
    child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}: ${errors}`)));
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  return { ...ready, process: child, log: () => errors, kill: () => end("SIGKILL"), stop: () => end("SIGTERM") };
}

/** A gateway of the ward's with these devices in its charge; its settings for a process. */
export async function addGateway(
  api: Api,
  {
    id,
    deviceIds,
    dataDir,
    serverPort,
  }: { id: string; deviceIds: readonly string[]; dataDir: string; serverPort: number },
): Promise<Record<string, string>> {
  const { token } = await api<{ token: string }>("POST", "/api/devices", { id, type: "generic", display: "Gateway" });
  for (const deviceId of deviceIds) await api("PUT", `/api/devices/${id}/charge`, { deviceId, isInCharge: true });
  const tokenFile = join(dataDir, "token");
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  return {
    OPENWARD_GATEWAY_SERVER: `http://127.0.0.1:${serverPort}`,
    OPENWARD_GATEWAY_ID: id,
    OPENWARD_GATEWAY_TOKEN_FILE: tokenFile,
    OPENWARD_GATEWAY_DATA_DIR: join(dataDir, "data"),
    OPENWARD_GATEWAY_MQTT_PORT: "0",
    OPENWARD_GATEWAY_SOUND: "off",
  };
}
