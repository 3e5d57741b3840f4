import { setTimeout as wait } from "node:timers/promises";
import type { LiveMessage } from "@openward/api";
import WebSocket from "ws";
import type { RunningWard } from "./ward.ts";

/** A screen that is open over the live view. */
export interface Screen {
  readonly messages: readonly LiveMessage[];
  /** What the last heartbeat said of the storage. */
  storage(): string | undefined;
  /** @throws after `ms`, with what was waited for */
  until(isSo: () => boolean, what: string, ms?: number): Promise<void>;
  close(): void;
}

export async function openScreen(ward: RunningWard, patients: readonly string[]): Promise<Screen> {
  const { token } = await ward.json<{ token: string }>("token", "issue", "--role", "nurse");
  const socket = new WebSocket(`${ward.url.replace("http", "ws")}/live`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const messages: LiveMessage[] = [];
  let storage: string | undefined;
  socket.on("message", (data) => {
    const message = JSON.parse(String(data)) as LiveMessage;
    if (message.type === "heartbeat") storage = message.storage;
    if (message.type === "heartbeat" || message.type === "alarm") messages.push(message);
  });
  socket.on("error", () => {});
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  socket.send(JSON.stringify({ type: "watch", patients, waveforms: "none" }));
  const until = async (isSo: () => boolean, what: string, ms = 60_000) => {
    for (const end = performance.now() + ms; !isSo(); ) {
      if (performance.now() > end) throw new Error(`waited ${ms} ms for: ${what}; the storage is ${storage}`);
      await wait(50);
    }
  };
  return { messages, storage: () => storage, until, close: () => socket.close() };
}

/** Twenty readings of 70 %, a second apart by the device's clock, the newest now: an alarm, whether they are kept or not. */
export async function breachLimit(
  ward: RunningWard,
  bed: { readonly deviceId: string; readonly token: string },
): Promise<{ status: number; code: string | undefined }> {
  const now = Date.now();
  const readings = Array.from({ length: 20 }, (_, i) => ({ at: now - (19 - i) * 1000, values: { spo2: 70 } }));
  const response = await fetch(`${ward.url}/ingest/devices/${bed.deviceId}/readings`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${bed.deviceId}:${bed.token}`).toString("base64")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(readings),
  });
  const body = (await response.json()) as { code?: string };
  return { status: response.status, code: body.code };
}
