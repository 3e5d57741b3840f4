import { CLOCK_TREATMENTS, DEVICE_OWNERS, FACTS, RELATIONS, ROLES, WRONG_CLOCKS } from "@openward/model";
import { z } from "zod";
import * as grants from "./grants.ts";
import { telling } from "./redaction.ts";

/** Milliseconds since 1970, UTC. */
const millis = z.number().int();
const id = z.uuid();
export const deviceId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 of A-Z a-z 0-9 . _ -");
const isoDate = z.iso.date();
const timeZone = z.string().min(1).max(64);
const text = (max: number) => z.string().trim().min(1).max(max);

export const role = z.enum(ROLES);
export const sex = z.enum(["male", "female", "other", "unknown"]);
export const ageGroup = z.enum(["neonate", "pediatric", "adult"]);
export const priority = z.enum(["high", "medium", "low"]);

export const principal = z.object({
  kind: z.enum(["person", "token", "system"]),
  id: z.string(),
  display: z.string(),
  role,
});

export const session = z.object({
  principal,
  organisation: z.object({ id, name: z.string(), isDemo: z.boolean() }),
  serverTime: millis,
  expiresAt: millis,
  /** This screen is locked after so long without input; null: never. */
  lockAfterMs: millis.nullable(),
});

export const signIn = z.object({ token: z.string().min(20).max(200) });

export const ward = z.object({ id, name: z.string(), timeZone });
export const newWard = z.object({ name: text(80), timeZone });

export const patient = z.object({
  id,
  name: telling("name", z.string()),
  birthDate: telling("birth", isoDate.nullable()),
  sex: telling("sex", sex),
  mrn: telling("identifier", z.string()),
  isUnknown: z.boolean(),
  timeZone,
  /** From the birth date, or chosen; null where neither tells: then no limits are set until a person chooses. */
  ageGroup: telling("birth", ageGroup.nullable()),
  ageGroupSource: z.enum(["birth-date", "chosen", "unknown"]),
  /** Whose default limits are watched; null: nobody's (the age is not known and nobody has chosen, or not admitted). */
  limitsProfile: ageGroup.nullable(),
  mergedInto: id.nullable(),
  /** Where the patient lies now; null when not admitted. */
  stay: z
    .object({
      wardId: id,
      wardName: telling("location", z.string()),
      bed: telling("location", z.string()),
      from: millis,
    })
    .nullable(),
});

/** More than one patient lies in this bed, and somebody says so; else an occupied bed is refused. */
const shareBed = z.boolean().default(false);

export const admission = z
  .object({
    name: text(200).optional(),
    birthDate: isoDate.nullish(),
    sex: sex.default("unknown"),
    mrn: text(64).optional(),
    /** No identity yet: a name and a record number are made, and shown as unknown. */
    isUnknown: z.boolean().default(false),
    ageGroup: ageGroup.nullish(),
    wardId: id,
    bed: text(32),
    shareBed,
    timeZone: timeZone.optional(),
    /** The ids of the patients with a same or similar name that the person has looked at. */
    seenSimilar: z.array(id).default([]),
  })
  .refine((a) => a.isUnknown || (a.name && a.mrn), { message: "name and mrn are needed unless isUnknown" });

export const patientChange = z.object({
  name: text(200).optional(),
  birthDate: isoDate.nullish(),
  sex: sex.optional(),
  mrn: text(64).optional(),
  ageGroup: ageGroup.nullish(),
  isUnknown: z.boolean().optional(),
  seenSimilar: z.array(id).default([]),
});

export const transfer = z.object({ wardId: id, bed: text(32), shareBed });
export const merge = z.object({ into: id });

export const latest = z.object({
  streamId: id,
  signal: z.string(),
  deviceId,
  /** As received. */
  value: z.number(),
  unit: z.string(),
  /** Device time. */
  at: millis,
  receivedAt: millis,
  quality: z.number().int(),
});

export const streamInfo = z.object({
  id,
  signal: z.string(),
  kind: z.enum(["numeric", "waveform"]),
  unit: z.string(),
  deviceId,
  deviceDisplay: z.string(),
  lastAt: millis.nullable(),
  latest: latest.nullable(),
  expectedIntervalMs: z.number().nullable(),
  expectationSource: z.enum(["device-type", "learned", "confirmed", "on-demand"]),
});

/** One bucket per array position; null where nothing was measured. Values in the signal's own unit. */
export const trend = z.object({
  streamId: id,
  signal: z.string(),
  unit: z.string(),
  deviceId,
  starts: z.array(millis),
  min: z.array(z.number().nullable()),
  max: z.array(z.number().nullable()),
  mean: z.array(z.number().nullable()),
  last: z.array(z.number().nullable()),
  count: z.array(z.number().int()),
});

/** value = sample x scale + origin; null is a gap. */
export const waveformPiece = z.object({
  start: z.number(),
  rateHz: z.number(),
  scale: z.number(),
  origin: z.number(),
  samples: z.array(z.number().int().nullable()),
});

export const waveformOverview = z.object({
  starts: z.array(millis),
  min: z.array(z.number().nullable()),
  max: z.array(z.number().nullable()),
});

export const alarm = z.object({
  id: z.string(),
  revision: z.number().int(),
  patientId: id,
  deviceId: deviceId.nullable(),
  streamId: id.nullable(),
  signal: z.string().nullable(),
  rule: z.enum([
    "limit-high",
    "limit-low",
    "critical-high",
    "critical-low",
    "missing-data",
    "event",
    "device-offline",
    "device-twin",
    "device-clock",
    "gateway-silent",
    "wearer-jump",
    "wearer-mixed",
    "wearer-apart",
  ]),
  priority,
  state: z.enum(["raised", "acknowledged", "resolved"]),
  latched: z.boolean(),
  onsetAt: millis,
  raisedAt: millis,
  conditionEndedAt: millis.nullable(),
  acknowledgedAt: millis.nullable(),
  /** Display name of the person. */
  acknowledgedBy: telling("staff", z.string().nullable()),
  /** The screen on a wall at which they were not signed in. */
  acknowledgedOn: telling("location", z.string().optional()),
  resolvedAt: millis.nullable(),
  value: z.number().nullable(),
  limit: z.number().nullable(),
  unit: z.string().nullable(),
});

export const limits = z.object({
  signal: z.string(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  criticalLow: z.number().nullable(),
  criticalHigh: z.number().nullable(),
  priority,
  delayMs: z.number().int().min(0).max(600_000),
  hysteresis: z.number().min(0),
  latching: z.boolean(),
  enabled: z.boolean(),
  setBy: telling("staff", z.string()),
  setAt: millis,
  /** As the profile of the age group has them; false: a person has set them for this patient. */
  isDefault: z.boolean(),
  /** Names what is in force, to be given back as `seen` by whoever replaces it. */
  revision: z.string(),
});
export const newLimits = limits.omit({ setBy: true, setAt: true, isDefault: true, revision: true });
export const limitsChange = newLimits.extend({
  /** The `revision` that the person saw, null where there was none; 409 when another is in force. */
  seen: z.string().max(64).nullable().optional(),
});
export const profileChoice = z.object({
  ageGroup,
  /** Needed where the group is not that of the patient's known age: somebody has been told, and means it. */
  confirm: z.boolean().default(false),
});
export const limitsOfPatient = z.object({
  /** null: the age is not known, and nobody has chosen: no limit is watched, and the portal asks. */
  profile: ageGroup.nullable(),
  limits: z.array(limits),
});

export const standby = z.object({
  id,
  patientId: id,
  streamId: id.nullable(),
  reason: telling("free-text", z.string()),
  from: millis,
  until: millis,
  startedBy: telling("staff", z.string()),
  endedAt: millis.nullable(),
});
export const newStandby = z.object({
  streamId: id.nullable().default(null),
  reason: text(200),
  /** How long from now; at most 12 hours. */
  minutes: z.number().int().min(1).max(720),
});

export const expectation = z.object({ intervalMs: z.number().int().min(100).max(2_592_000_000).nullable() });

/** What somebody said later of what was measured. It is laid over it; what was received stays. */
export const amendment = z.object({
  id,
  kind: z.enum(["entered-in-error", "corrected", "re-attributed"]),
  deviceId,
  /** null: everything that the device measured. */
  streamId: id.nullable(),
  signal: z.string().nullable(),
  /** Device time; of one reading its own time, and one millisecond. */
  from: millis,
  to: millis,
  isReading: z.boolean(),
  /** Of one reading: what came, in `unit`; null too where it is another patient's now. */
  received: z.number().nullable(),
  corrected: z.number().nullable(),
  unit: z.string().nullable(),
  /** Of a re-attribution: did this patient lose it, or get it? */
  direction: z.enum(["away", "here"]).nullable(),
  /** The other patient; null where the caller may not see them. */
  otherPatientId: id.nullable(),
  by: telling("staff", z.string()),
  reason: telling("free-text", z.string()),
  at: millis,
  /** It does not hold any more. */
  withdrawn: z
    .object({ by: telling("staff", z.string()), reason: telling("free-text", z.string()), at: millis })
    .nullable(),
});
/**
 * `corrected`, and `entered-in-error` of one reading: `streamId`, `at` (and `ordinal`). Of a span: `from`, `to`, and
 * `streamId`, or `deviceId` for all that it measured. `re-attributed`: `deviceId`, `from`, `to`, `toPatientId`.
 */
export const newAmendment = z.object({
  kind: z.enum(["entered-in-error", "corrected", "re-attributed"]),
  streamId: id.optional(),
  deviceId: deviceId.optional(),
  at: millis.optional(),
  ordinal: z.number().int().min(0).max(65_535).default(0),
  from: millis.optional(),
  to: millis.optional(),
  /** Of a correction, in `unit` (UCUM). */
  value: z.number().optional(),
  unit: z.string().max(64).optional(),
  toPatientId: id.optional(),
  /** The newest amendment of it that the person saw; 409 when another holds. */
  seen: id.nullable().default(null),
  reason: text(500),
});
export const withdrawal = z.object({ reason: text(500) });

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

export const problem = z.object({
  index: z.number().int(),
  code: z.string(),
  field: z.string(),
  expected: z.string().optional(),
  readings: z.number().int(),
});
export const quarantined = z.object({
  id,
  deviceId,
  receivedAt: millis,
  kind: z.enum(["readings", "waveform", "event", "status", "raw"]),
  contentType: z.string(),
  problems: z.array(problem),
  state: z.enum(["open", "claimed", "dismissed"]),
  size: z.number().int(),
  resolvedBy: telling("staff", z.string().nullable()),
  resolvedAt: millis.nullable(),
  patientId: id.nullable(),
});
export const quarantinedRaw = quarantined.extend({
  /** As text where the bytes are text, else as hexadecimal; at most 64 kB of either. */
  text: z.string().nullable(),
  hex: z.string().nullable(),
});
export const claim = z.object({
  patientId: id,
  /** Where the device's time is impossible: take the time of arrival instead. */
  useReceivedTime: z.boolean().default(false),
});
export const claimed = z.object({ accepted: z.number().int(), quarantined: z.array(problem) });

export const reprocess = z.object({
  /** Time of arrival; `to` is exclusive. */
  from: z.number().int(),
  to: z.number().int(),
  deviceId: z.string().max(64).nullable().default(null),
  patientId: id.nullable().default(null),
  /** Left out: nothing is changed. `confirm` is the `code` of the differences that were shown. */
  apply: z
    .object({ reason: text(480), confirm: text(64) })
    .nullable()
    .default(null),
});
const stored = z
  .object({
    time: z.number(),
    /** null for an event and a piece of a waveform. */
    value: z.number().nullable(),
    unit: z.string().nullable(),
    patientId: z.string().nullable(),
    samples: z.number().int().nullable(),
  })
  .nullable();
const counts = { added: z.number().int(), changed: z.number().int(), missing: z.number().int() };
const amendedAs = z.enum(["entered-in-error", "corrected", "re-attributed", "withdrawn"]);
export const reprocessed = z.object({
  /** Names these differences: what `confirm` repeats. */
  code: z.string(),
  messages: z.number().int(),
  /** Not compared: what devices say of themselves, and what a person has decided about. */
  skipped: z.number().int(),
  same: z.number().int(),
  ...counts,
  /** Of those, how many amendments cannot put right: events, samples that are otherwise, another patient, quality. */
  byHand: z.number().int(),
  /** Beside those: readings that a person has amended. They stay as that person said. */
  leftAlone: z.number().int(),
  streams: z.array(
    z.object({
      deviceId: z.string(),
      patientId: z.string().nullable(),
      signal: z.string(),
      unit: z.string().nullable(),
      kind: z.enum(["numeric", "waveform", "event"]),
      ...counts,
      /** Device time of the first and the last difference. */
      from: z.number(),
      to: z.number(),
      byHand: z.array(
        z.object({ because: z.enum(["event", "waveform", "patient", "quality"]), count: z.number().int() }),
      ),
      leftAlone: z.array(z.object({ by: telling("staff", z.string()), kind: amendedAs, count: z.number().int() })),
      examples: z.array(
        z.object({
          difference: z.enum(["added", "changed", "missing"]),
          fate: z.enum(["add", "correct", "enter in error", "withdraw", "replace", "leave", "by hand"]),
          /** Of one that is left alone. */
          amendedBy: telling("staff", z.string().nullable()),
          /** As it is read today; its value is null where it is not. */
          before: stored,
          after: stored,
        }),
      ),
    }),
  ),
  /** Differences of streams that are not listed. */
  streamsLeftOut: z.number().int(),
  refused: z.array(
    z.object({ code: z.string(), field: z.string(), places: z.number().int(), readings: z.number().int() }),
  ),
  unreadable: z.number().int(),
  faults: z.array(z.object({ position: z.number(), in: z.enum(["raw input", "journal"]), code: z.string() })),
  applied: z.object({ added: z.number().int(), amended: z.number().int(), resolved: z.number().int() }).nullable(),
});

export type Reprocessed = z.infer<typeof reprocessed>;

export const dismissal = z.object({ reason: text(200) });

export const person = z.object({ id, display: z.string(), role, createdAt: millis, disabledAt: millis.nullable() });
/** Where a person is told what cannot wait until they sign in, that nobody watches. It is never answered. */
const email = z.email().max(254);
export const newPerson = z.object({ display: text(120), role, email: email.optional() });
export const personChange = z
  .object({
    display: text(120).optional(),
    role: role.optional(),
    /** null: nowhere. */
    email: email.nullable().optional(),
  })
  .refine((change) => Object.values(change).some((one) => one !== undefined), "one of display, role, email");

export const relation = z.object({
  id,
  patientId: id,
  personId: id,
  /** Display name of the person. */
  person: telling("name", z.string()),
  relation: z.enum(RELATIONS),
  reason: telling("free-text", z.string()),
  from: millis,
  to: millis.nullable(),
  maySee: z.boolean(),
  mayDecide: z.boolean(),
  /** What stands against it. */
  because: z.enum(["ended", ...FACTS]).nullable(),
});
export const fact = z.object({
  id,
  patientId: id,
  fact: z.enum(FACTS),
  reason: telling("free-text", z.string()),
  from: millis,
  to: millis.nullable(),
});
export const relations = z.object({ relations: z.array(relation), facts: z.array(fact) });
/** Options for, and answers of, an authenticator, as WebAuthn has them in JSON. */
export const webAuthn = z.looseObject({});
export const passkeyAnswer = z.object({ response: webAuthn });
export const newPasskey = z.object({ name: text(60), response: webAuthn });
export const passkey = z.object({
  id,
  name: z.string(),
  /** Kept by the authenticator's maker too, and so on the person's other devices. */
  isSynced: z.boolean(),
  createdAt: millis,
  lastUsedAt: millis.nullable(),
});
export const ownApplication = z.object({
  id,
  name: z.string(),
  /** What it may, in words. */
  scopes: z.array(z.string()),
  since: millis,
  /** When it last got a token, of those that are kept. */
  lastTokenAt: millis.nullable(),
  expiresAt: millis,
});
export const ownSession = z.object({
  id,
  method: z.enum(["link", "passkey", "codes", "external"]),
  /** "Firefox on Android". */
  device: z.string(),
  createdAt: millis,
  lastUsedAt: millis,
  expiresAt: millis,
  isThis: z.boolean(),
});

/** Whom the person who asks stands beside, and as what. */
export const me = z.object({
  patients: z.array(
    z.object({
      patientId: id,
      name: z.string(),
      birthDate: isoDate.nullable(),
      timeZone,
      relation: z.enum(RELATIONS),
      since: millis,
      maySee: z.boolean(),
      mayDecide: z.boolean(),
      because: z.enum(["ended", ...FACTS]).nullable(),
      /** Since when nobody watches what is measured; null: somebody does, or nobody ever did. */
      unwatchedSince: millis.nullable(),
    }),
  ),
});
export const myDevice = z.object({
  patientId: id,
  id: deviceId,
  display: z.string(),
  type: z.string(),
  since: millis,
  /** Percent. */
  battery: z.number().nullable(),
  isConnected: z.boolean(),
  lastSeenAt: millis.nullable(),
});
export const newRelation = z.object({
  personId: id,
  relation: z.enum(RELATIONS),
  reason: text(200),
  /** Now where it is left out. */
  from: millis.optional(),
  to: millis.nullable().optional(),
});
export const newFact = z.object({ fact: z.enum(FACTS), reason: text(200), from: millis.optional() });
/** The link works once and ends at `expiresAt`. */
export const personWithLink = z.object({ person, link: z.string(), expiresAt: millis });
/** By mail where an address is given; it is not kept. */
export const linkDelivery = z.object({ email: z.email().max(254) }).optional();
/** null: it went by mail, and is shown to nobody else. */
export const deliveredLink = personWithLink.extend({ link: z.string().nullable() });

/**
 * "damaged": `openward store verify` found rows that cannot be read. "low": the disk is filling up. "recovering": after a start, what was measured
 * before it is still being read back. "spooling": the database does not answer and readings go to the local spool. "full": the
 * disk is, and devices get no acks until there is room. "failed": nothing can be made durable.
 */
export const storageState = z.enum(["ok", "damaged", "low", "recovering", "spooling", "full", "failed"]);
export type StorageState = z.infer<typeof storageState>;

export const system = z.object({
  version: z.string(),
  publicUrl: z.string(),
  mqtt: z.object({ host: z.string(), port: z.number().int() }),
  storage: storageState,
  /** Room on the disks that are written to; null where it cannot be asked. */
  disks: z.array(z.object({ name: z.string(), freeBytes: z.number().nullable() })),
  /** Of older readings: "failing" when it does not answer, "damaged" when a file is missing or not what was written. */
  archive: z.enum(["off", "ok", "failing", "damaged"]),
  /** Sign-in links can go by mail. */
  mail: z.boolean(),
  serverTime: millis,
});

/** What may be known before signing in. */
/** `passkeysAt`: where a page must be to ask for a passkey; null: at no address of this server. */
export const about = z.object({
  isDemo: z.boolean(),
  passkeysAt: z.string().nullable(),
  /** What the identity provider outside is called; null: there is none. */
  external: z.string().nullable(),
});

/** RFC 9457, with our code and the field at fault. */
export const problemDetails = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  field: z.string().optional(),
  expected: z.string().optional(),
  /** Only for CONFLICT on admission: patients whose name is the same or similar. */
  similar: z.array(patient).optional(),
  /** Only for BED_OCCUPIED: who lies there. */
  occupants: z.array(patient).optional(),
});

export type Session = z.infer<typeof session>;
export type WardBody = z.infer<typeof ward>;
export type PatientBody = z.infer<typeof patient>;
export type AdmissionBody = z.input<typeof admission>;
export type StreamInfo = z.infer<typeof streamInfo>;
export type LatestBody = z.infer<typeof latest>;
export type TrendBody = z.infer<typeof trend>;
export type WaveformPiece = z.infer<typeof waveformPiece>;
export type AlarmBody = z.infer<typeof alarm>;
export type LimitsBody = z.infer<typeof limits>;
export type AmendmentBody = z.infer<typeof amendment>;
export type NewAmendmentBody = z.input<typeof newAmendment>;
export type StandbyBody = z.infer<typeof standby>;
export type DeviceBody = z.infer<typeof device>;
export type DeviceDescriptionBody = z.infer<typeof deviceDescription>;
export type DeviceTypeBody = z.infer<typeof deviceType>;
export type QuarantinedBody = z.infer<typeof quarantined>;
export type PersonBody = z.infer<typeof person>;
export type RelationBody = z.infer<typeof relation>;
export type PasskeyBody = z.infer<typeof passkey>;
export type OwnSession = z.infer<typeof ownSession>;
export type MeBody = z.infer<typeof me>;
export type MyDevice = z.infer<typeof myDevice>;
export type FactBody = z.infer<typeof fact>;
export type SystemBody = z.infer<typeof system>;
export type ProblemDetails = z.infer<typeof problemDetails>;

const auditWho = z.object({
  kind: z.string(),
  id: z.string().nullable(),
  display: z.string(),
  role: z.string().nullable(),
});

/** One access or one change, as the audit log has it: internal ids and kinds of things, no values. */
export const auditEntry = z.object({
  id,
  at: millis,
  who: auditWho,
  onBehalfOf: auditWho.nullable(),
  /** The screen on a wall at which they showed who they are. */
  through: auditWho.nullable(),
  /** FHIR's: create, read, update, delete, execute. */
  action: z.enum(["C", "R", "U", "D", "E"]),
  code: z.string(),
  patients: z.array(z.string()),
  entity: z.string(),
  entityId: z.string().nullable(),
  via: z.string(),
  purpose: z.string().nullable(),
  basis: z.string().nullable(),
  outcome: z.enum(["allowed", "refused", "failed"]),
  refusal: z.string().nullable(),
  address: z.string().nullable(),
});

/** Who looked at what, when and why, in plain words. */
export const accessEntry = z.object({
  id,
  at: millis,
  words: telling("staff", z.string()),
  by: telling("staff", z.string()),
  /** null: a stranger, or the server itself. */
  byId: telling("staff", z.string().nullable()),
  role: z.string().nullable(),
  /** The permission that showed it to them, as far as it is still known; `reason` of an emergency only. */
  because: z
    .object({ purpose: grants.purpose, basis: grants.seenBy, reason: telling("free-text", z.string().nullable()) })
    .nullable(),
  entity: z.string(),
  purpose: z.string().nullable(),
  outcome: z.enum(["allowed", "refused", "failed"]),
});

export type AccessEntry = z.infer<typeof accessEntry>;
