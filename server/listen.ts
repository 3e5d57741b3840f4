import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type TlsOptions, type Server as TlsServer } from "node:tls";
import { OutsideTrouble } from "@openward/errors";

/** Where to listen, and the setting that changes it. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly setting: string;
}

/** A plain TCP listener. @throws OutsideTrouble PORT_TAKEN naming the port and the setting */
export async function listenTcp(
  { host, port, setting }: Address,
  onConnection: (socket: Socket) => void,
): Promise<{ server: Server; port: number }> {
  const server = createServer({ noDelay: true }, onConnection);
  await listenOn(server, { host, port, setting });
  return { server, port: portOf(server) };
}

/** The same over TLS; `server.setSecureContext` changes what later connections are shown. */
export async function listenTls(
  { host, port, setting }: Address,
  options: TlsOptions,
  onConnection: (socket: TLSSocket) => void,
): Promise<{ server: TlsServer; port: number }> {
  const server = createTlsServer({ noDelay: true, handshakeTimeout: 10_000, ...options }, onConnection);
  // A handshake that fails has told its client why, as far as TLS tells anybody.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  await listenOn(server, { host, port, setting });
  return { server, port: portOf(server) };
}

/** @throws as listenTcp */
export async function listenOn(server: Server, { host, port, setting }: Address): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(explainListening(error, { host, port, setting })));
    server.listen(port, host, 1024, resolve);
  });
}

/** Before anything is made: a port that is taken is said at once. @throws as listenTcp */
export async function refuseTaken(addresses: readonly Address[]): Promise<void> {
  for (const address of addresses) {
    if (address.port === 0) continue;
    const { server } = await listenTcp(address, (socket) => socket.destroy());
    await closeServer(server);
  }
}

export function portOf(server: Pick<Server, "address">): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** What an error of `listen` means to the operator. */
export function explainListening(error: unknown, { host, port, setting }: Address): unknown {
  const { code } = error as { code?: string };
  if (code === "EADDRINUSE") {
    return new OutsideTrouble(
      "PORT_TAKEN",
      false,
      { at: setting, expected: "a free port, or 0 to pick one", received: `${port}` },
      { cause: error },
    );
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL") {
    const at = code === "EACCES" ? setting : "OPENWARD_BIND";
    return new OutsideTrouble(
      "CONFIG_INVALID",
      false,
      { at, expected: "an address and port that may be used", received: `${host}:${port}` },
      { cause: error },
    );
  }
  return error;
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
