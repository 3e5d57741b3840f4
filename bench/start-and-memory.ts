import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { addBeds, apiOf, removeDataDir, startWard, temporaryDataDir } from "../test/support/ward.ts";
import { connectPacket } from "./load/publisher.ts";
import { type Row, residentBytes, round } from "./support.ts";

const IDLE_DEVICES = 2_000;

/** Start-up of an empty and of a known data directory, resident memory, and what an idle connected device costs. */
export async function startAndMemory(): Promise<Row[]> {
  const dataDir = temporaryDataDir();
  const first = await startWard({ dataDir });
  const firstMs = first.startMs;
  await first.stop();
  const ward = await startWard({ dataDir });
  const rows: Row[] = [
    { what: "first start, empty data directory, to ready", value: `${round(firstMs / 1000, 2)} s` },
    { what: "second start, to ready", value: `${round(ward.startMs / 1000, 2)} s` },
  ];
  const pid = ward.process.pid ?? 0;
  await wait(1_000);
  rows.push({ what: "resident memory, nothing connected", value: `${round(residentBytes(pid) / 2 ** 20)} MiB` });

  const beds = await addBeds(ward, 100);
  const fleet: { deviceId: string; token: string }[] = [...beds];
  const api = await apiOf(ward);
  while (fleet.length < IDLE_DEVICES) {
    const { id, token } = await api<{ id: string; token: string }>("POST", "/api/devices", {
      type: "generic",
      display: "Idle",
    });
    fleet.push({ deviceId: id, token });
  }
  await wait(2_000);
  const before = residentBytes(pid);
  const sockets: Socket[] = [];
  // A few at a time: connections that have not signed in yet are bounded.
  for (let i = 0; i < fleet.length; i += 100) {
    const some = fleet.slice(i, i + 100).map(({ deviceId, token }) => idle(ward.mqttPort, deviceId, token));
    sockets.push(...(await Promise.all(some)));
  }
  await wait(3_000);
  rows.push({
    what: `an idle connected device (${sockets.length} connected)`,
    value: `${round((residentBytes(pid) - before) / sockets.length / 1000)} kB`,
  });
  for (const socket of sockets) socket.destroy();
  await ward.stop();
  removeDataDir(dataDir);
  return rows;
}

function idle(port: number, deviceId: string, token: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(connectPacket(deviceId, token)));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the server closed an idle connection")));
    socket.once("data", (answer) => (answer[3] === 0 ? resolve(socket) : reject(new Error(`CONNACK ${answer[3]}`))));
  });
}
