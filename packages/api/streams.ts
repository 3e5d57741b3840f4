import { z } from "zod";
import { streamInfo } from "./bodies/index.ts";

/*
 * /api/streams: what was measured, in columns. The same names in JSON and in CBOR, where a column of numbers is a typed
 * array of RFC 8746. What is absent is null in JSON; in CBOR it is NaN, or -2147483648 among a waveform's samples.
 */

/** Milliseconds since 1970, UTC. */
const millis = z.number().int();
const times = z.array(millis);
const numbers = z.array(z.number());
const measured = z.array(z.number().nullable());
const counts = z.array(z.number().int());

/** Signal, unit, device and patient of a stream: what every value needs beside it. */
export const streamName = z.object({
  streamId: z.uuid(),
  patientId: z.uuid(),
  deviceId: z.string(),
  signal: z.string(),
  unit: z.string(),
});

export const streamsOfPatients = z.object({
  patients: z.array(z.object({ patientId: z.uuid(), streams: z.array(streamInfo) })),
});

/**
 * A row a stream: `streams[i]`, `times[i]`, `values[i]`, ... are of one; one without a reading yet is left out. As received. Names are said
 * once: `patients[patient[i]]` is whose it is, and so on; who gives `rows` back is told them only when they are others.
 */
export const newestReadings = z.object({
  rows: z.string(),
  /** All that were asked for and are seen, in the order asked, also those without a reading. */
  patients: z.array(z.uuid()).optional(),
  devices: z.array(z.string()).optional(),
  signals: z.array(z.string()).optional(),
  units: z.array(z.string()).optional(),
  streams: z.array(z.uuid()).optional(),
  patient: counts.optional(),
  device: counts.optional(),
  signal: counts.optional(),
  unit: counts.optional(),
  times,
  values: numbers,
  /** Server time of arrival. */
  receivedAt: times,
  quality: counts,
});

/** Stream by stream in the order asked, each in time order, as received; a piece is a part of an answer, not of a trace. */
export const rawReadings = z.object({
  streams: z.array(
    streamName.extend({
      pieces: z.array(z.object({ times, values: numbers, quality: counts })),
    }),
  ),
  /** Give it as `after` for what follows; null: there is nothing more. */
  next: z.string().nullable(),
});

/** Values in the signal's own unit, whatever the device speaks. `starts` of the buckets; null where nothing was measured. */
export const bucketTrend = z.object({
  starts: measured,
  streams: z.array(streamName.extend({ min: measured, max: measured, mean: measured, last: measured, count: counts })),
});
/** Points that were measured; a null among the values is a gap. */
export const lineTrend = z.object({ streams: z.array(streamName.extend({ times: numbers, values: measured })) });
export const streamTrend = z.union([bucketTrend, lineTrend]);

/** value = sample x scale + origin. A new piece begins where time, rate or scale jump, and every five minutes. */
export const waveformPieces = streamName.extend({
  pieces: z.array(
    z.object({
      start: z.number(),
      rateHz: z.number(),
      scale: z.number(),
      origin: z.number(),
      samples: z.array(z.number().int().nullable()),
    }),
  ),
});

export const waveformExtremes = streamName.extend({ starts: measured, min: measured, max: measured });
