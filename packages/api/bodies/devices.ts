import { CLOCK_TREATMENTS, DEVICE_OWNERS, WRONG_CLOCKS } from "@openward/model";
import { z } from "zod";
import { telling } from "../redaction.ts";
import { deviceId, id, isoDate, millis, text } from "./common.ts";

export const deviceType = z.object({
  key: z.string(),
  display: z.string(),
  signals: z.array(z.object({ signal: z.string(), intervalMs: z.number().nullable() })),
});

export const device = z.object({
  id: deviceId,
  type: z.string(),
  typeDisplay: z.string(),
  display: z.string(),
  manufacturer: z.string().nullable(),
  model: z.string().nullable(),
  serial: z.string().nullable(),
  createdAt: millis,
  revokedAt: millis.nullable(),
  connected: z.boolean(),
  /** Two at once use its identity. */
  hasTwin: z.boolean(),
  state: z.string().nullable(),
  battery: z.number().nullable(),
  lastSeenAt: millis.nullable(),
  /** Device clock minus server clock as it is thought to be now, ms. */
  clockOffsetMs: z.number().nullable(),
  /** What is known of its clock; null: not seen often enough. */
  clock: z
    .object({
      /** What is wrong with it; null: nothing. */
      kind: z.enum(WRONG_CLOCKS).nullable(),
      /** What comes of its times: taken as they are, corrected, taken and marked, or quarantined as no times at all. */
      leadsTo: z.enum(CLOCK_TREATMENTS),
      /** false: data that is late would look the same. */
      isCertain: z.boolean(),
      /** It was set before `since`, and after `notBefore` (null: nobody knows). */
      since: millis,
      notBefore: millis.nullable(),
      decidedAt: millis,
      /** It is ahead by the offset less this at least, and by this more at most, ms. */
      lessMs: z.number(),
      moreMs: z.number(),
      /** Parts per million; null: too little was seen to tell. */
      driftPpm: z.number().nullable(),
      driftBoundPpm: z.number().nullable(),
      /** By how many comparisons it is borne out. */
      sightings: z.number().int(),
      /** Which of what was decided of it this is. */
      sequence: z.number().int(),
      /** A person decided it, and why: it holds until the clock is set again. */
      byPerson: z.boolean(),
      because: telling("free-text", z.string().nullable()),
    })
    .nullable(),
  patient: z
    .object({
      id,
      name: telling("name", z.string()),
      mrn: telling("identifier", z.string()),
      bed: telling("location", z.string().nullable()),
      /** Where they lie. */
      wardId: id.nullable(),
      since: millis,
    })
    .nullable(),
  openQuarantine: z.number().int(),
  /** When the newest thing it can sign in with ends, where that is a certificate; it may be over. */
  certificateEndsAt: millis.nullable(),
  /** Its UDI, as it was read. */
  label: z
    .object({
      agency: z.enum(["GS1", "HIBCC", "ICCBBA", "ICCBBA-blood"]),
      di: z.string(),
      lot: z.string().nullable(),
      serial: z.string().nullable(),
      madeOn: isoDate.nullable(),
      expiresOn: isoDate.nullable(),
      din: z.string().nullable(),
      text: z.string(),
      check: z.enum(["right", "wrong", "none"]),
      entry: z.enum(["barcode", "manual"]),
    })
    .nullable(),
  owner: z.enum(DEVICE_OWNERS),
  /** Of a loan: from whom. */
  ownerName: telling("free-text", z.string().nullable()),
  location: telling("location", z.string().nullable()),
  /** The ward in which it stands; null: none, or it goes with its patient. */
  wardId: id.nullable(),
  /** Its patient lies in another ward. */
  isElsewhere: z.boolean(),
  service: z.object({
    /** "due": the day has come. Out of service it can be put on nobody. */
    state: z.enum(["in-service", "due", "out-of-service"]),
    dueOn: isoDate.nullable(),
    note: telling("free-text", z.string().nullable()),
  }),
  /** What it said of itself (maker, model, firmware ...) and since when, newest first. */
  says: z.array(z.object({ fact: z.string(), text: z.string(), since: millis })),
  /** What it said last that it can be asked to do, with its own words on it; null: it has not said. Nothing is sent to it yet. */
  commands: z
    .object({ since: millis, list: z.array(z.object({ command: z.string(), about: z.string().nullable() })) })
    .nullable(),
  /** What it says, or its label, is another device than the type it is registered as. */
  misfit: z
    .object({ type: z.string(), typeDisplay: z.string(), by: z.enum(["udi", "model", "name", "mds", "service"]) })
    .nullable(),
});
/** Takes the place of what was written down of the device before. */
export const deviceDescription = z.object({
  type: z.string().max(64),
  display: text(120),
  manufacturer: text(120).nullable(),
  model: text(120).nullable(),
  /** null: that of the label. */
  serial: text(120).nullable(),
  label: z
    .object({
      /** As scanned (FNC1 as GS) or as people read it; two symbols on two lines. */
      text: z.string().min(4).max(400),
      entry: z.enum(["barcode", "manual"]),
    })
    .nullable(),
  owner: z.enum(DEVICE_OWNERS),
  ownerName: text(120).nullable(),
  location: text(120).nullable(),
  wardId: id.nullable().default(null),
  service: z.object({ isOut: z.boolean(), dueOn: isoDate.nullable(), note: text(500).nullable() }),
});
/** `seen`: the sequence of what was known of the clock; 409 where it is no more the newest, or where the clock is not only marked. */
export const clockDecision = z.strictObject({
  seen: z.number().int(),
  leadsTo: z.enum(["kept", "corrected"]),
  reason: text(500),
});
export const newDevice = z.object({
  id: deviceId.optional(),
  type: z.string().default("generic"),
  display: text(120).optional(),
  manufacturer: text(120).nullish(),
  model: text(120).nullish(),
  serial: text(120).nullish(),
});
/** The token is shown once and never again. */
export const deviceWithToken = z.object({ id: deviceId, token: z.string() });
export const assignment = z.object({
  patientId: id,
  /** Defaults to now; may lie in the past to cover readings that came before. */
  from: millis.optional(),
});

export type DeviceBody = z.infer<typeof device>;
export type DeviceDescriptionBody = z.infer<typeof deviceDescription>;
export type DeviceTypeBody = z.infer<typeof deviceType>;
