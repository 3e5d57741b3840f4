import { z } from "zod";
import { device, deviceId } from "./bodies/index.ts";
import { telling } from "./redaction.ts";

const millis = z.number().int();
const count = z.number().int().min(0);
const id = z.uuid();
const isoDate = z.iso.date();

/** In which states a device can be; several at once. */
export const DEVICE_STATES = [
  "in-use",
  "free",
  "silent",
  "battery-low",
  "clock-wrong",
  "in-quarantine",
  "used-twice",
  "certificate-ending",
  "firmware-old",
  "service-due",
  "out-of-service",
  "no-access",
] as const;
export type DeviceState = (typeof DEVICE_STATES)[number];
export const DEVICE_ORDERS = ["concern", "name", "seen", "battery", "certificate", "firmware"] as const;

export const fleetQuery = z.object({
  state: z.enum(DEVICE_STATES).optional(),
  q: z.string().max(120).optional(),
  order: z.enum(DEVICE_ORDERS).default("concern"),
  page: z.coerce.number().int().min(0).max(10_000).default(0),
});

export const fleet = z.object({
  /** Of all devices with access, and `no-access` of the others: how many are in each state. */
  counts: z.record(z.enum(DEVICE_STATES), count),
  total: count,
  /** Those that were asked for, of which `devices` is one page. */
  found: count,
  pageSize: count,
  devices: z.array(
    z.object({
      device,
      states: z.array(z.enum(DEVICE_STATES)),
      /** What it says that it runs, and the newest that a device of the same model here says. */
      firmware: z.object({ version: z.string(), newest: z.string() }).nullable(),
    }),
  ),
});

export const causes = z.enum([
  "battery",
  "out-of-range",
  "link-down",
  "clock",
  "quarantined",
  "not-worn",
  "sensor",
  "maintenance",
  "unknown",
]);

const days = z.array(
  z.object({
    /** Of the patient's own zone. */
    day: isoDate,
    expected: count,
    received: count,
    /** Missing in gaps, by cause. What is missing beside those was lost reading by reading. */
    missing: z.partialRecord(causes, count),
  }),
);

export const completenessQuery = z.object({
  by: z.enum(["patient", "device"]).default("patient"),
  days: z.coerce.number().int().min(1).max(92).default(30),
  page: z.coerce.number().int().min(0).max(10_000).default(0),
  q: z.string().max(120).optional(),
});

export const completenessTable = z.object({
  found: count,
  pageSize: count,
  rows: z.array(
    z.object({
      /** Of a table of patients. */
      patient: z
        .object({
          id,
          name: telling("name", z.string()),
          mrn: telling("identifier", z.string()),
          bed: telling("location", z.string().nullable()),
        })
        .nullable(),
      /** Of a table of devices. */
      device: z.object({ id: deviceId, display: z.string() }).nullable(),
      days,
    }),
  ),
});

/** What a cause is read from; which fields there are depends on `by`. */
const proof = z.object({
  by: z.enum([
    "server",
    "connection",
    "gateway",
    "others-heard",
    "battery",
    "quarantine",
    "clock-state",
    "standby",
    "sensor-off",
    "heard",
    "other-signals",
    "out-of-service",
  ]),
  at: millis.nullable(),
  percent: z.number().nullable(),
  /** Percent, once it was charged. */
  after: z.number().nullable(),
  /** Messages in quarantine, or others that the gateway heard. */
  count: count.nullable(),
  gateway: z.object({ id: deviceId }).nullable(),
  /** A code of quarantine, a kind of clock, or the name of an event. */
  what: z.string().nullable(),
  reason: telling("free-text", z.string().nullable()),
});

export const completenessDay = z.object({
  /** The day, from midnight to midnight of the patient's zone. */
  from: millis,
  to: millis,
  timeZone: z.string(),
  streams: z.array(
    z.object({
      patientId: id,
      deviceId,
      deviceDisplay: z.string(),
      signal: z.string(),
      /** ms; a minute for samples, which are looked at by minutes. */
      intervalMs: z.number(),
      expected: count,
      received: count,
      /** Came more than five minutes after they were measured; null: not known. */
      late: count.nullable(),
      gaps: z.array(z.object({ from: millis, to: millis, missing: count, cause: causes, proofs: z.array(proof) })),
    }),
  ),
});

/** Everything that ends by itself and that somebody must renew. */
export const endings = z.array(
  z.object({
    kind: z.enum(["device-certificate", "device-token", "api-token", "server-certificate", "authority"]),
    /** Of a device. */
    deviceId: deviceId.nullable(),
    isGateway: z.boolean(),
    /** Of a device its display, of a token its name, of the server whom the certificate names. */
    display: z.string(),
    endsAt: millis,
    /** It has something else to sign in with, that lasts longer. */
    isCovered: z.boolean(),
    /** On a patient now. */
    isInUse: z.boolean(),
  }),
);

const filter = {
  /** Of one of its problems. */
  code: z.string().max(64).optional(),
  device: z.string().max(64).optional(),
  contentType: z.string().max(160).optional(),
  /** Of arrival, `to` exclusive. */
  from: millis.optional(),
  to: millis.optional(),
};

export const quarantineQuery = z.object({
  state: z.enum(["open", "claimed", "dismissed"]).default("open"),
  ...filter,
  from: z.coerce.number().int().optional(),
  to: z.coerce.number().int().optional(),
  before: id.optional(),
});

/** Open messages by their first problem, device and format. */
export const quarantineCounts = z.array(
  z.object({ code: z.string(), deviceId, contentType: z.string(), messages: count }),
);

export const newQuarantineRun = z.object({ ...filter, ids: z.array(id).min(1).max(5_000).optional() });

export const quarantineRunState = z.object({
  id,
  phase: z.enum(["looking", "looked", "applying", "applied", "failed"]),
  messages: count,
  /** Of this phase. */
  done: count,
  /** There are more than are run at once: the rest with the next run. */
  isCut: z.boolean(),
  /** Messages that would leave the quarantine, or have left it. */
  placed: count,
  stays: z.array(z.object({ code: z.string(), messages: count })),
  readings: count,
  byHand: count,
  leftAlone: count,
  fault: z.string().nullable(),
});

export const runReason = z.object({ reason: z.string().trim().min(1).max(480) });

export const quarantineRuns = z.array(
  z.object({
    id,
    startedBy: telling("staff", z.string()),
    startedAt: millis,
    reason: telling("free-text", z.string()),
    messages: count,
    /** null: it did not come to its end; run it again. */
    endedAt: millis.nullable(),
    placed: count.nullable(),
    readings: count.nullable(),
    undoneAt: millis.nullable(),
    undoneBy: telling("staff", z.string().nullable()),
  }),
);

export const undoneRun = z.object({ opened: count, amended: count, leftAlone: count });

export type QuarantineCountsBody = z.infer<typeof quarantineCounts>;
export type QuarantineRunStateBody = z.infer<typeof quarantineRunState>;
export type QuarantineRunBody = z.infer<typeof quarantineRuns>[number];
export type FleetBody = z.infer<typeof fleet>;
export type CompletenessTableBody = z.infer<typeof completenessTable>;
export type CompletenessDayBody = z.infer<typeof completenessDay>;
export type GapBody = CompletenessDayBody["streams"][number]["gaps"][number];
export type GapCauseBody = z.infer<typeof causes>;
export type EndingBody = z.infer<typeof endings>[number];
