import { z } from "zod";

const millis = z.number().int();
const said = z.string().trim().min(1).max(120);

/** A Bluetooth device that somebody measures with in their browser: what it says of itself, and whose values it has. */
export const newOwnDevice = z.object({
  /** By which the browser knows it again; another browser knows it by another. */
  browserId: z.string().min(1).max(200),
  name: said.nullable(),
  /** "180d". */
  services: z.array(z.string().regex(/^[0-9a-f]{4}$/)).max(64),
  says: z.object({
    manufacturer: said.nullable(),
    model: said.nullable(),
    /** EUI-64 in hexadecimal digits. */
    systemId: z
      .string()
      .regex(/^[0-9A-F]{16}$/)
      .nullable(),
  }),
  /** Others measure with it too: what it has stored is not taken without a word, and each value is asked about. */
  isShared: z.boolean(),
});

export const ownDevice = z.object({
  patientId: z.uuid(),
  deviceId: z.string(),
  display: z.string(),
  isShared: z.boolean(),
  /** ms UTC: from when on what it measured is the patient's. */
  since: millis,
});

/** GATT characteristics of one device in the order in which they came, as `raw/capture` has them. */
export const ownCapture = z.object({
  /** Under this the server knows it when it comes again. */
  key: z.uuid(),
  /** What the browser's clock shows while it sends, put right by what it knows to be wrong with it. */
  sentAt: millis,
  values: z
    .array(
      z.strictObject({
        codec: z.string().regex(/^gatt\/[0-9a-f]{4}$/),
        at: millis,
        hex: z
          .string()
          .max(1_024)
          .regex(/^(?:[0-9a-f]{2})*$/),
      }),
    )
    .min(1)
    .max(500),
});

export const ownCaptureTaken = z.object({
  /** false: the browser's clock is wrong, and nothing was kept. It moves its times by `now`, once, and sends them again. */
  isTaken: z.boolean(),
  /** The server's clock, ms UTC. */
  now: millis,
  /** Readings and events that are durable now. */
  accepted: z.number().int(),
  /** What a person on the ward has to look at first, with the reason. */
  quarantined: z.array(z.object({ code: z.string(), field: z.string() })),
});

export type NewOwnDeviceBody = z.infer<typeof newOwnDevice>;
export type OwnDeviceBody = z.infer<typeof ownDevice>;
export type OwnCaptureBody = z.infer<typeof ownCapture>;
export type OwnCaptureTakenBody = z.infer<typeof ownCaptureTaken>;
