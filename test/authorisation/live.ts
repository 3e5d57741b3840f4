import { liveMessagePolicies } from "@openward/api";
import WebSocket from "ws";
import { hiddenMarks, wrongOfShared } from "./kept.ts";
import { marksIn } from "./marks.ts";
import type { Finding } from "./matrix.ts";
import { bearer, raise, send } from "./patients.ts";
import { json } from "./server.ts";
import type { Subject, World } from "./world.ts";

/** A screen that is told of somebody hears all of these; "refused" is for those who are not let in. */
const HEARD = Object.keys(liveMessagePolicies).filter((type) => type !== "watch" && type !== "refused");

/** Everybody opens a screen on everybody; then all of it happens to every patient, and each screen is looked through. */
export async function runLive(world: World): Promise<Finding[]> {
  const findings: Finding[] = [];
  const screens = world.subjects.map((subject) => open(world, subject));
  try {
    await Promise.all(screens.map(({ settled }) => settled));
    for (const { subject, isIn, heard } of screens) {
      const mayBeIn = subject.role !== null;
      if (isIn() !== mayBeIn)
        findings.push({ cell: `live as ${subject.name}`, what: mayBeIn ? `was not let in: ${heard}` : "was let in" });
    }
    const inside = screens.filter(({ isIn }) => isIn());
    for (const { socket } of inside) {
      const patients = Object.values(world.known).map(({ id }) => id);
      socket.send(JSON.stringify({ type: "watch", patients, waveforms: "all" }));
    }
    await until("snapshots", () => inside.every(({ heard }) => heard.some((text) => text.includes('"snapshot"'))));
    await happen(world);
    const isTold = ({ subject, heard }: (typeof screens)[number]) =>
      [...subject.targets.values()].every(
        (target) =>
          !subject.sees.has(target.key) ||
          HEARD.every(
            (type) =>
              subject.keeps.get(target.key)?.unheard.includes(type) ||
              heard.some(
                (text) => text.startsWith(`{"type":"${type}"`) && (type === "heartbeat" || text.includes(target.id)),
              ),
          ),
      );
    await until("all messages on all screens", () => inside.every(isTold)).catch((error: Error) => {
      for (const one of inside.filter((screen) => !isTold(screen)))
        findings.push({
          cell: `live as ${one.subject.name}`,
          what: `${error.message}; heard ${[...new Set(one.heard.map((text) => /"type":"(\w+)"/.exec(text)?.[1]))]}`,
        });
    });
    for (const { subject, heard } of screens) {
      const bytes = Buffer.from(heard.join("\n"));
      for (const known of Object.values(world.known)) {
        const told = marksIn({ status: 101, headers: "", bytes }, known);
        const found = subject.sees.has(known.key)
          ? told.filter((mark) => hiddenMarks(subject, known).includes(mark))
          : told;
        for (const mark of found)
          findings.push({ cell: `live as ${subject.name}`, what: `told the ${mark} of "${known.key}"` });
        const isIn = subject.role !== null;
        const wrong = wrongOfShared(subject, known, { status: 101, headers: "", bytes }, isIn);
        if (wrong) findings.push({ cell: `live as ${subject.name}`, what: wrong });
      }
    }
    return findings;
  } finally {
    for (const { socket } of screens) socket.terminate();
  }
}

function open({ server }: World, subject: Subject) {
  const door = subject.kind === "kiosk" ? "/live/kiosk" : "/live";
  const socket = new WebSocket(`${server.url.replace("http", "ws")}${door}`, { headers: subject.headers });
  const heard: string[] = [];
  socket.on("message", (data) => heard.push(String(data)));
  socket.on("error", () => {});
  const isIn = () => socket.readyState === WebSocket.OPEN && !heard.some((text) => text.includes('"refused"'));
  const settled = new Promise<void>((resolve) => {
    // Who is refused by a message hears it with the opening.
    socket.once("open", () => setTimeout(resolve, 300));
    socket.once("close", () => resolve());
    socket.once("unexpected-response", () => resolve());
  });
  return { subject, socket, heard, isIn, settled };
}

async function happen(world: World): Promise<void> {
  for (const known of Object.values(world.known)) {
    const isHome = known.key !== "foreign";
    const house = isHome ? world.home : { ...world.home, organisationId: known.organisationId, wardId: known.wardId };
    const now = Date.now();
    const value = Number(known.marks.get("value")?.[0]);
    await send(house, known, "readings", { at: now, values: { "heart-rate": value, spo2: 97 } });
    await send(house, known, "waveform", {
      signal: "ecg-lead-ii",
      start: now - 2000,
      rate: 250,
      unit: "mV",
      scale: Number(known.marks.get("value")?.[2]),
      origin: 0,
      samples: new Array(250).fill(1000),
    });
    if (!isHome) continue;
    await raise(house, known, `live-${known.key}-${now}`);
    const headers = bearer(house.token);
    const body = { reason: known.marks.get("reason")?.[0], minutes: 5 };
    await json(world.server, { method: "POST", path: `/api/patients/${known.id}/standby`, headers, body });
    await json(world.server, { method: "PATCH", path: `/api/patients/${known.id}`, headers, body: { sex: "female" } });
  }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + 120_000; performance.now() < end; await new Promise((go) => setTimeout(go, 20)))
    if (isSo()) return;
  throw new Error(`waited two minutes for: ${what}`);
}
