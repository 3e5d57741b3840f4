import type { Server } from "node:http";
import type { LiveMessage } from "@openward/api";
import { type WebSocket, WebSocketServer } from "ws";
import { people } from "../people.ts";
import { waveAt } from "../physiology.ts";
import { state } from "./state.ts";
import { latestOf, streams, tileOf } from "./ward.ts";

export const screens = new Map<
  WebSocket,
  { ids: Set<string>; wardId?: string | undefined; waveforms: "none" | "one" | "all" }
>();

function say(socket: WebSocket, message: LiveMessage): void {
  if (!state.isSilent && socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
}
export function sendAll(message: LiveMessage): void {
  for (const socket of screens.keys()) say(socket, message);
}
export function tell(patientId: string): void {
  for (const [socket, screen] of screens) {
    const tile = tileOf(patientId);
    const isHere =
      screen.wardId === undefined ? screen.ids.has(patientId) : tile?.patient.stay?.wardId === screen.wardId;
    if (isHere) screen.ids.add(patientId);
    else if (!screen.ids.delete(patientId)) continue;
    say(socket, { type: "patient", patientId, tile: isHere ? tile : null });
  }
}

/** Feeds the screens of this server. */
export function serveLive(server: Server): void {
  new WebSocketServer({ server, path: "/live" }).on("connection", (socket) => {
    socket.on("message", (data) => {
      const watch = JSON.parse(String(data));
      const ids = new Set<string>(
        watch.patients ?? people.filter((p) => p.patient.stay?.wardId === watch.wardId).map((p) => p.patient.id),
      );
      screens.set(socket, { ids, wardId: watch.wardId, waveforms: watch.waveforms ?? "one" });
      if (state.isSilent) return;
      say(socket, { type: "snapshot", serverTime: Date.now(), tiles: [...ids].flatMap((id) => tileOf(id) ?? []) });
      say(socket, { type: "heartbeat", serverTime: Date.now(), storage: state.storage });
    });
    socket.on("close", () => screens.delete(socket));
  });

  setInterval(() => sendAll({ type: "heartbeat", serverTime: Date.now(), storage: state.storage }), 3_000);
  setInterval(() => {
    for (const [socket, { ids }] of screens) {
      const items = [...ids].flatMap((patientId) => {
        const person = people.find((p) => p.patient.id === patientId);
        if (!person) return [];
        return (streams.get(patientId) ?? [])
          .filter((s) => s.kind === "numeric" && s.expectedIntervalMs !== null && person.scenario !== "offline")
          .map((s) => ({ ...latestOf(patientId, s), patientId }));
      });
      say(socket, { type: "numerics", serverTime: Date.now(), items });
    }
  }, 1_000);
  let waveAtMs = Date.now();
  setInterval(() => {
    const start = waveAtMs;
    const seconds = Math.floor((Date.now() - start) / 4) * 0.004;
    waveAtMs = start + seconds * 1000;
    for (const [socket, { ids, waveforms }] of screens) {
      if (waveforms === "none") continue;
      const chunks = [...ids].flatMap((patientId) => {
        const person = people.find((p) => p.patient.id === patientId);
        if (!person || person.scenario === "offline") return [];
        const waves = (streams.get(patientId) ?? []).filter((s) => s.kind === "waveform");
        return (waveforms === "one" ? waves.slice(0, 1) : waves).map((s) => ({
          ...waveAt(person, s, start, seconds),
          patientId,
        }));
      });
      if (chunks.length > 0) say(socket, { type: "waveform", chunks });
    }
  }, 250);
}
