import { createServer } from "node:net";

const FIRST = 20_000;
const COUNT = 12_000;
const PER_PROCESS = 8;
let asked = 0;

/**
 * A port of the loopback that nobody else is given meanwhile: one that is stopped and started again finds it free. Free ports
 * that the system hands out lie above these, and another process of tests begins elsewhere among them.
 */
export async function lastingPort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = FIRST + ((process.pid * PER_PROCESS + asked++) % COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${FIRST} on is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once("error", () => resolve(false))
      .listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
