import { randomUUID } from "node:crypto";
import type { QuarantinedBody } from "@openward/api";
import {
  applyQuarantineRun,
  quarantineCounts,
  quarantineRun,
  quarantineRuns,
  startQuarantineRun,
  undoQuarantineRun,
} from "../fleet.ts";
import { type Answers, found } from "./call.ts";

const text = (s: string) => Buffer.from(s);
const quarantine: (QuarantinedBody & { raw: Buffer })[] = [
  {
    kind: "readings",
    deviceId: "ring-7781",
    contentType: "application/json",
    problems: [{ index: 0, code: "NO_ASSOCIATION", field: "", readings: 2 }],
    raw: text('{"at":"2026-11-22T06:00:00.000Z","values":{"heart-rate":61,"spo2":96}}'),
  },
  {
    kind: "readings",
    deviceId: "ring-7781",
    contentType: "application/json",
    problems: [
      { index: 0, code: "TIME_IN_FUTURE", field: "at", expected: "a time no more than 5 minutes ahead", readings: 1 },
    ],
    raw: text('{"at":"2090-01-01T00:00:00Z","values":{"heart-rate":63}}'),
  },
  {
    kind: "raw",
    deviceId: "cuff-100233",
    contentType: "application/octet-stream",
    problems: [{ index: 0, code: "CODEC_UNKNOWN", field: "raw/gatt/9999", readings: 1 }],
    raw: Buffer.from("00066e0100ff41c3d2", "hex"),
  },
].map(
  (q, i) =>
    ({
      ...q,
      id: randomUUID(),
      receivedAt: Date.now() - 60_000 * (i + 1) * 7,
      state: "open",
      size: q.raw.length,
      resolvedBy: null,
      resolvedAt: null,
      patientId: null,
    }) as QuarantinedBody & { raw: Buffer },
);

/** What could not be placed. */
export const quarantineAnswers = {
  quarantineCounts: () => quarantineCounts(quarantine),
  quarantineRuns,
  startQuarantineRun,
  quarantineRun,
  applyQuarantineRun: ({ body }) => applyQuarantineRun(body.reason),
  undoQuarantineRun: (c) => undoQuarantineRun(c.params.id ?? ""),
  quarantine: ({ query }) =>
    quarantine
      .filter((q) => q.state === query.state && (!query.device || q.deviceId === query.device))
      .map(({ raw: _, ...q }) => q),
  quarantined: (c) => {
    const { raw, ...q } = found(quarantine.find((x) => x.id === c.params.id));
    const isText = q.contentType.includes("json");
    return { ...q, text: isText ? raw.toString() : null, hex: isText ? null : raw.toString("hex") };
  },
  claim: (c) => {
    const q = found(quarantine.find((x) => x.id === c.params.id));
    if (q.problems[0]!.code === "TIME_IN_FUTURE" && !c.body.useReceivedTime)
      return { accepted: 0, quarantined: q.problems };
    Object.assign(q, { state: "claimed", patientId: c.body.patientId, resolvedBy: "Ada Moen", resolvedAt: Date.now() });
    return { accepted: q.problems[0]!.readings, quarantined: [] };
  },
  dismiss: (c) => {
    const { raw: _, ...q } = Object.assign(found(quarantine.find((x) => x.id === c.params.id)), {
      state: "dismissed" as const,
      resolvedBy: "Ada Moen",
      resolvedAt: Date.now(),
    });
    return q;
  },
} satisfies Answers;
