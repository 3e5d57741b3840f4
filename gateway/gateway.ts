import { statfs } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { GatewayReport } from "@openward/api";
import { OutsideTrouble } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import { createSpool, folderDisk } from "@openward/spool";
import { createMllpEndpoint } from "../server/connect/mllp/index.ts";
import { createMqttEndpoint } from "../server/connect/mqtt/index.ts";
import { closeServer, listenTcp, listenTls } from "../server/listen.ts";
import type { Logger } from "../server/log.ts";
import { type Condition, evaluate, inactive, rulesOf } from "../server/watch/condition.ts";
import { createAccess } from "./access/access.ts";
import { openBluez } from "./bluetooth/bus.ts";
import { type Bluetooth, createBluetooth } from "./bluetooth/collector.ts";
import { createDoor } from "./collect/door.ts";
import { createListener, type Listener, type Opened } from "./collect/listener.ts";
import { createConfiguration } from "./configuration/configuration.ts";
import { loadText, saveWhole } from "./configuration/file.ts";
import { createForwarder } from "./forward/forwarder.ts";
import { createHttpLine, type SignIn } from "./forward/http-line.ts";
import { createHttpUplink } from "./forward/http-uplink.ts";
import { refusalsOf } from "./health/refusals.ts";
import { createHeard, reportValues } from "./health/report.ts";
import { createBacklog } from "./keep/backlog.ts";
import packageJson from "./package.json" with { type: "json" };
import { readSecret, type Settings } from "./settings.ts";
import { createSound } from "./sound/play.ts";
import { createRinger } from "./sound/ringer.ts";
import { createLocalWatch, type Judge } from "./watch/alarms.ts";
import { melodyOf } from "./watch/melody.ts";
import { createWholeWatch } from "./watch/whole.ts";

export interface RunningGateway {
  readonly mqttPort: number | null;
  readonly mllpPort: number | null;
  /** Silent for two minutes: somebody is there. */
  pauseAudio(): void;
  /** Asks for its configuration, and reads the files of its certificate again, at once. */
  reload(): void;
  stop(): Promise<void>;
}

const FILE_BYTES = 4_000_000;
const AUDIO_PAUSED_MS = 120_000;
const AGAIN_MS = 30_000;
const SOUND_CHECK_MS = 3_600_000;
const CONFIGURATION_FILE = "configuration.json";

/** Builds everything and starts it; `stop` goes backwards. */
export async function startGateway({
  settings,
  runtime,
  log,
  bell,
}: {
  settings: Settings;
  runtime: Runtime;
  log: Logger;
  /** The terminal's. */
  bell: () => void;
}): Promise<RunningGateway> {
  const { clock, timers } = runtime;
  const now = () => clock.now();
  const startedAt = now();
  const stops: (() => Promise<void> | void)[] = [];
  stops.push(await holdAlone(settings.dataDir));

  const folder = join(settings.dataDir, "spool");
  const disk = folderDisk(folder);
  const { bytesMax } = settings;
  const spool = createSpool(disk, bytesMax, log, FILE_BYTES);
  const backlog = createBacklog({ spool, disk, bytesMax, now, log });
  stops.push(() => backlog.close());

  // A file that cannot be read is told at the start, not as a line that is down.
  signInOf(settings);
  const line = createHttpLine({ baseUrl: settings.server, signIn: () => signInOf(settings), timers });
  stops.push(() => line.close());
  const configurationPath = join(settings.dataDir, CONFIGURATION_FILE);
  const configuration = createConfiguration({
    gatewayId: settings.id,
    line,
    kept: await loadText(configurationPath),
    save: (text) => saveWhole(configurationPath, text),
    runtime,
    log,
  });
  stops.push(() => configuration.stop());
  const current = () => configuration.current;
  const access = createAccess({ configuration: current, now });

  const report = (error: unknown) => log.error({ err: error }, "at the gateway");
  const box = createSound(settings.sound, { timers, bell });
  const silent = createSound("off", { timers, bell });
  const sound = () => (current()?.settings.sound === "off" ? silent : box);
  const ringer = createRinger({
    play: (wave, priority) => sound().play(wave, priority),
    check: () => sound().check(),
    melodyOf,
    runtime,
    report: (error) => log.warn({ reason: (error as Error).message }, "an alarm could not be heard"),
    onFault() {
      nextReportAt = 0;
    },
  });
  stops.push(() => ringer.stop());
  const checking = timers.every(SOUND_CHECK_MS, () => void ringer.check());
  stops.push(() => checking.cancel());
  const local = createLocalWatch({ configuration: current, judge, now, onChange: () => whole.look(), report });
  const forwarder = createForwarder({
    backlog,
    uplink: createHttpUplink(line),
    runtime,
    maySend: (deviceId) => deviceId === settings.id || current()?.devices.some(({ id }) => id === deviceId) !== false,
    onLink({ isUp }) {
      if (isUp) {
        local.linkIsUp();
        configuration.look();
        void tell();
      }
      whole.look();
    },
    log,
  });
  stops.push(() => forwarder.stop());
  const whole = createWholeWatch({
    settings: () => current()?.settings,
    link: () => forwarder.state.link,
    local: () => local.alarms,
    room: () => backlog.state,
    isWatching: () => current()?.devices.some(({ limits }) => limits.length > 0) === true,
    runtime,
    onChange(alarms) {
      for (const { key, priority } of alarms) log.warn({ key, priority }, "an alarm at the gateway");
      ringer.set(alarms);
    },
  });
  stops.push(() => whole.stop());

  const heard = createHeard();
  const door = createDoor({
    backlog,
    forward: forwarder.take,
    watch(deviceId, values) {
      // What it says of itself is no news of a device.
      if (deviceId === settings.id) return;
      heard.note(deviceId, now());
      local.take(deviceId, values);
    },
    runtime,
  });
  await backlog.open((message) => {
    door.remember(message);
    if (message.deviceId !== settings.id) heard.note(message.deviceId, message.keptAt);
  });

  const connected = new Map<string, Set<string>>();
  const doorOf = (source: string) => {
    const devices = new Set<string>();
    connected.set(source, devices);
    return {
      accept: door.accept,
      connection(deviceId: string, _organisationId: string, isConnected: boolean) {
        if (isConnected) devices.add(deviceId);
        else devices.delete(deviceId);
      },
    };
  };
  const mqtt = createListener(settings.mqttPort, openMqtt);
  const mllp = createListener(settings.mllpPort, openMllp);
  stops.push(() => mqtt.stop());
  stops.push(() => mllp.stop());

  async function openMqtt(port: number): Promise<Opened> {
    const endpoint = createMqttEndpoint({ ingest: doorOf("mqtt"), access, runtime, log });
    const address = { host: settings.mqttBind, port, setting: "OPENWARD_GATEWAY_MQTT_PORT" };
    const take = (socket: Socket) => endpoint.handleStream(socket, socket.remoteAddress);
    const material = () => localTls(settings);
    const tls = material();
    if (!tls) return opened(await listenTcp(address, take), endpoint);
    const listening = await listenTls(address, tls, take);
    let shown = tls;
    return {
      ...opened(listening, endpoint),
      renewed() {
        const next = material();
        if (!next || (next.cert.equals(shown.cert) && next.key.equals(shown.key))) return;
        listening.server.setSecureContext(next);
        shown = next;
        log.info({}, "the certificate of the local MQTT was renewed");
      },
    };
  }

  async function openMllp(port: number): Promise<Opened> {
    const endpoint = createMllpEndpoint({
      ingest: doorOf("mllp"),
      access,
      runtime,
      log,
      mayComeInTheClear: (address) => settings.mllpFrom.includes(address),
    });
    const address = { host: settings.mllpBind, port, setting: "OPENWARD_GATEWAY_MLLP_PORT" };
    return opened(await listenTcp(address, (socket) => endpoint.handlePlain(socket, settings.id)), endpoint);
  }

  /** As the box is set up, less what was switched off from afar. */
  const listen = () =>
    Promise.all([mqtt.set(current()?.settings.mqtt !== "off"), mllp.set(current()?.settings.mllp !== "off")]);

  let bluetooth: Bluetooth | undefined;
  let bluetoothFault: string | null = null;
  /** The bus may come up after us, and go: it is tried again. */
  async function openBluetooth(busAddress: string): Promise<void> {
    try {
      const bluez = await openBluez(busAddress);
      bluez.onGone(() => {
        void bluetooth?.stop();
        bluetooth = undefined;
      });
      bluetooth = createBluetooth({
        bluez,
        wanted: () => {
          const known = new Set(current()?.devices.map(({ id }) => id));
          return (current()?.settings.bluetooth ?? []).filter(({ deviceId }) => known.has(deviceId));
        },
        keep: door.keep,
        runtime,
        log,
      });
    } catch (error) {
      bluetoothFault = (error as Error).message.slice(0, 200);
    }
  }
  const { bluetoothBus } = settings;
  if (bluetoothBus !== null) {
    await openBluetooth(bluetoothBus);
    const again = timers.every(AGAIN_MS, () => {
      if (!bluetooth) void openBluetooth(bluetoothBus);
    });
    stops.push(async () => {
      again.cancel();
      await bluetooth?.stop();
    });
  }
  const connectedTo = (source: string, { port }: Listener) => (port === null ? 0 : (connected.get(source)?.size ?? 0));
  const sources = () => ({
    mqtt: { ...mqtt.state, connected: connectedTo("mqtt", mqtt) },
    mllp: { ...mllp.state, connected: connectedTo("mllp", mllp) },
    bluetooth: { isOn: bluetoothBus !== null, ...(bluetooth?.state ?? { connected: 0, fault: bluetoothFault }) },
  });

  async function tell(): Promise<void> {
    const at = now();
    const { link, confirmedAt, aside } = forwarder.state;
    const { messages, bytes, oldestAt, refused, damaged } = backlog.state;
    const disk = await statfs(settings.dataDir).then(
      ({ bavail, bsize }) => ({ freeBytes: bavail * bsize }),
      () => null,
    );
    const told: GatewayReport = {
      version: packageJson.version,
      startedAt,
      clock: at,
      configuration: current()?.version ?? null,
      takenUpAt: current()?.takenUpAt ?? null,
      refused: refusalsOf(current(), { settings, mqtt: mqtt.state, mllp: mllp.state }),
      link: { isUp: link.isUp, since: link.since, confirmedAt },
      kept: { messages, bytes, bytesMax, oldestAt, refused, damaged, aside },
      disk,
      sources: sources(),
      devices: heard.all(),
      alarms: [...whole.alarms.map(({ key }) => key.slice(0, 100)), ...(ringer.fault === null ? [] : ["sound"])],
      sound: { by: sound().by, fault: ringer.fault?.reason ?? null, since: ringer.fault?.since ?? null },
    };
    try {
      await door.keep(settings.id, reportValues(told, at));
    } catch (error) {
      log.warn({ reason: (error as Error).message }, "the report could not be kept");
    }
  }

  let nextReportAt = 0;
  const reporting = timers.every(5_000, () => {
    if (clock.monotonic() < nextReportAt) return;
    nextReportAt = clock.monotonic() + (current()?.settings.reportSeconds ?? 300) * 1_000;
    void tell();
  });
  stops.push(() => reporting.cancel());

  configuration.onChange((_next, before) => {
    access.changed(before);
    local.reconfigured();
    bluetooth?.reconfigured();
    forwarder.retryAside();
    whole.look();
    void ringer.check();
    // What it took up is told when its doors are as they are to be.
    void listen().finally(() => {
      nextReportAt = 0;
    });
  });

  const renew = () => {
    try {
      mqtt.renewed();
    } catch (error) {
      log.warn({ reason: (error as Error).message }, "the certificate of the local MQTT could not be read again");
    }
  };
  try {
    await listen();
    // Also what could not be opened when it was to be.
    const again = timers.every(AGAIN_MS, () => {
      void listen();
      renew();
    });
    stops.push(() => again.cancel());
    void ringer.check();
    configuration.start();
    log.info({ mqttPort: mqtt.port, mllpPort: mllp.port, kept: backlog.state.messages }, "the gateway is ready");
    return {
      mqttPort: mqtt.port,
      mllpPort: mllp.port,
      pauseAudio: () => ringer.pause(AUDIO_PAUSED_MS),
      reload() {
        configuration.look();
        renew();
      },
      async stop() {
        for (const stop of stops.reverse()) await stop();
      },
    };
  } catch (error) {
    for (const stop of stops.reverse()) await stop();
    throw error;
  }
}

/** The server's own rules, so that both ring for the same. */
const judge: Judge<Condition> = {
  conditionsOf: (limits, sparse) =>
    rulesOf({ ...limits, latching: false, enabled: true, setBy: "", setAt: 0 }, sparse).map(inactive),
  evaluate,
  priorityOf: ({ rule }) => rule.priority,
  nameOf: ({ rule }) => rule.rule,
};

function opened({ server, port }: { server: Server; port: number }, endpoint: { stop(): Promise<void> }): Opened {
  return {
    port,
    async stop() {
      const closed = closeServer(server);
      await endpoint.stop();
      await closed;
    },
  };
}

/** null: in the clear. */
function localTls({ localCertFile, localKeyFile }: Settings): { cert: Buffer; key: Buffer } | null {
  if (localCertFile === null || localKeyFile === null) return null;
  return { cert: readSecret(localCertFile, "TLS_CERT"), key: readSecret(localKeyFile, "TLS_KEY") };
}

function signInOf({ id, tokenFile, certFile, keyFile, caFile }: Settings): SignIn {
  return {
    deviceId: id,
    token: tokenFile === null ? null : readSecret(tokenFile, "TOKEN_FILE").toString("utf8").trim(),
    tls: {
      ...(caFile !== null && { ca: readSecret(caFile, "CA") }),
      ...(certFile !== null && { cert: readSecret(certFile, "CERT") }),
      ...(keyFile !== null && { key: readSecret(keyFile, "KEY") }),
    },
  };
}

/** Two on one folder would write over one another. The name goes with the process, however it ends. */
async function holdAlone(dataDir: string): Promise<() => void> {
  if (process.platform !== "linux") return () => {};
  const { resolve } = await import("node:path");
  const server = createServer();
  await new Promise<void>((done, reject) => {
    server.once("error", () => reject(new OutsideTrouble("DATA_DIR_IN_USE", false, { received: dataDir })));
    server.listen(`\0openward-gateway:${resolve(dataDir)}`.slice(0, 100), done);
  });
  server.unref();
  return () => void server.close();
}
