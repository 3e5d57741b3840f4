import { join } from "node:path";
import type { TlsOptions } from "node:tls";
import type { Config } from "./config.ts";
import type { Ground } from "./ground.ts";
import { isLoopback } from "./http/addresses.ts";
import { createSecureHttp, isInTheClear } from "./http/index.ts";
import { type Address, closeServer, explainListening, listenOn, listenTcp, listenTls, portOf } from "./listen.ts";
import type { OpenDoors } from "./open-doors.ts";
import type { openHttp } from "./open-http.ts";
import type { OpenPortal } from "./open-portal.ts";
import { namesOf, reachable } from "./reachable.ts";
import type { OperatorChain } from "./tls/index.ts";

/** Where it is meant to listen; null: not at all. */
export function addressesOf({ bind, httpPort, mqttPort, httpsPort, mqttsPort, mllpPort, mllpsPort }: Config) {
  return {
    mllps: mllpsPort === null ? null : { host: bind, port: mllpsPort, setting: "OPENWARD_MLLPS_PORT" },
    // Whoever reaches it is believed to be the gateway: it is open to this machine and to nobody else.
    mllp:
      mllpPort === null
        ? null
        : { host: isLoopback(bind) ? bind : "127.0.0.1", port: mllpPort, setting: "OPENWARD_MLLP_PORT" },
    https: httpsPort === null ? null : { host: bind, port: httpsPort, setting: "OPENWARD_HTTPS_PORT" },
    mqtts: mqttsPort === null ? null : { host: bind, port: mqttsPort, setting: "OPENWARD_MQTTS_PORT" },
    http: { host: bind, port: httpPort, setting: "OPENWARD_HTTP_PORT" },
    mqtt: { host: bind, port: mqttPort, setting: "OPENWARD_MQTT_PORT" },
  } satisfies Record<string, Address | null>;
}

/** Readiness is the last thing: whoever can connect is served. */
export async function listen(
  { config, runtime, log, where, now, onStop }: Ground,
  { operators, kept, mqtt, mllp }: OpenDoors,
  { app, webSockets, subscriptions }: Awaited<ReturnType<typeof openHttp>>,
  { feeding }: OpenPortal,
) {
  const { trustProxy: proxies } = config;
  const { http, mqtt: mqttAddress, https, mqtts, mllp: mllpAddress, mllps } = addressesOf(config);
  let mllpPort: number | null = null;
  let mllpsPort: number | null = null;
  let mqttsPort: number | null = null;
  const tls = await openTls({ config, runtime, log, operators: operators?.chain ?? null });
  onStop(() => tls?.close());
  await kept.look();
  try {
    await app.listen({ host: http.host, port: http.port, backlog: 1024 });
  } catch (error) {
    throw explainListening(error, http);
  }
  const httpPort = portOf(app.server);
  where.url = (config.publicUrl ?? `http://${reachable(config.bind)}:${httpPort}`).replace(/\/+$/, "");
  const listener = await listenTcp(mqttAddress, (socket) =>
    mqtt.handleStream(socket, socket.remoteAddress, { isInTheClear: isInTheClear(socket, proxies) }),
  );
  where.mqttPort = listener.port;
  const closing = [listener.server];
  if (mllpAddress) {
    const plain = await listenTcp(mllpAddress, (socket) => mllp.handlePlain(socket, config.mllpGateway));
    closing.push(plain.server);
    mllpPort = plain.port;
  }
  onStop(async () => {
    const closed = Promise.all(closing.map(closeServer));
    // Its connections are the endpoint's to end, and the listener is closed when they are.
    await Promise.all([mqtt.stop(), mllp.stop()]);
    await closed;
  });
  if (tls && mqtts) {
    const secure = await listenTls(mqtts, tls.options(), (socket) => mqtt.handleStream(socket, socket.remoteAddress));
    closing.push(secure.server);
    tls.show(secure.server);
    mqttsPort = secure.port;
  }
  if (tls && mllps) {
    const secure = await listenTls(mllps, tls.options(), (socket) => mllp.handleSecure(socket));
    closing.push(secure.server);
    tls.show(secure.server);
    mllpsPort = secure.port;
  }
  if (tls && https) {
    const secure = createSecureHttp(app, tls.options());
    webSockets.listenOn(secure);
    await listenOn(secure, https);
    tls.show(secure);
    where.httpsPort = portOf(secure);
    onStop(() => {
      secure.close();
      // Requests that run are let finish with those of the plain listener.
      secure.closeIdleConnections();
    });
  }
  await feeding.start();
  await subscriptions.start();
  const { url, mqttPort, httpsPort } = where;
  log.info({ httpPort, mqttPort, httpsPort, mqttsPort, mllpPort, mllpsPort, at: now() }, "ready");
  return { httpPort, mqttPort, httpsPort, mqttsPort, mllpPort, mllpsPort, url };
}

interface ListeningOptions extends Pick<Ground, "config" | "runtime" | "log"> {
  readonly operators: OperatorChain | null;
}

/** What the listeners with TLS show; null where there are none. */
async function openTls({ config, runtime, log, operators }: ListeningOptions) {
  if (config.httpsPort === null && config.mqttsPort === null && config.mllpsPort === null) return null;
  // A server without these listeners does not wait for what makes certificates.
  const { openAuthority, openMaterial } = await import("./tls/index.ts");
  const material = await openMaterial({
    files: config.tlsCert === "" ? null : { cert: config.tlsCert, key: config.tlsKey },
    dataDir: config.dataDir,
    names: namesOf(config),
    runtime,
    log,
  });
  const devices = await openAuthority(join(config.dataDir, "tls"), runtime);
  // Who shows no certificate, or one that is not good, may still have a token; which it is, is asked at sign-in.
  const options = (): TlsOptions => ({
    ...material.now(),
    minVersion: "TLSv1.2",
    requestCert: true,
    rejectUnauthorized: false,
    ca: [devices.cert, ...(operators?.certs ?? [])],
  });
  return {
    options,
    show(server: { setSecureContext(context: object): void }) {
      const change = () => server.setSecureContext(options());
      material.onChange(change);
      operators?.onChange(change);
    },
    close: () => material.close(),
  };
}
