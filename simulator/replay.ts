import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import type { Runtime } from "@openward/runtime";
import type { Encoding } from "./bodies.ts";
import { type ConnectionState, createConnection, type Outcome } from "./connection.ts";
import { openCsvSource } from "./replay/csv-source.ts";
import type { ChannelMap } from "./replay/map.ts";
import type { ReplayChannel, ReplayItem, ReplaySource } from "./replay/source.ts";
import { openWfdbSource } from "./replay/wfdb-source.ts";

export interface ReplayOptions {
  /** A WFDB record ("100.hea", or "100" with its header beside it) or a CSV ("numerics.csv", "numerics.csv.gz"). */
  readonly source: string;
  readonly url: string;
  readonly deviceId: string;
  readonly token: string;
  readonly runtime: Runtime;
  /** Times faster than it was recorded; "max": as fast as it is acknowledged. Default 1. */
  readonly speed?: number | "max";
  /**
   * Device time of the recording's start, ms UTC. Left out, it is chosen (to the second) so that nothing is ever sent
   * before its time: at speed 1 the replay starts now; at N it starts in the past and its end falls due just as its
   * end is sent; at "max" the recording ended now.
   */
  readonly startAt?: number;
  readonly map?: ChannelMap;
  /** CSV: the time column, where it is not called time. */
  readonly timeColumn?: string;
  /** Length of waveform pieces. Default 1 up to speed 10, 10 above. */
  readonly pieceSeconds?: number;
  readonly encoding?: Encoding;
  readonly protocolVersion?: 4 | 5;
  /** How long the server may be away, or silent, before the replay gives up. Default 30 s. */
  readonly patienceMs?: number;
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** Stops the replay; what was sent by then is reported. */
  readonly signal?: AbortSignal;
}

export interface ReplayProgress {
  readonly sentMs: number;
  readonly durationMs: number;
  readonly messages: number;
  readonly acknowledged: number;
}

export interface ReplayReport {
  readonly source: string;
  readonly format: "wfdb" | "csv";
  readonly channels: readonly ReplayChannel[];
  /** Device times, ms UTC. */
  readonly startAt: number;
  readonly endAt: number;
  readonly messages: number;
  /** Numeric readings. */
  readonly readings: number;
  /** Waveform samples, and those of them for which the recording has no value (sent as null). */
  readonly samples: number;
  readonly absentSamples: number;
  /** Messages that the server has acknowledged as kept; with `quarantined` that is all of them when complete. */
  readonly acknowledged: number;
  /** Messages of which the server could place nothing (told by MQTT 5). */
  readonly quarantined: number;
  /** Why, each reason once, with how many messages it kept out; the first 20. */
  readonly quarantineReasons: readonly { readonly reason: string; readonly messages: number }[];
  readonly elapsedMs: number;
  /** false where `signal` stopped it. */
  readonly isComplete: boolean;
}

const PROGRESS_EVERY_MS = 500;
const PATIENCE_CHECK_MS = 500;
const REASONS_MAX = 20;
const OUTSTANDING_MAX = 64;

/**
 * Publish a recording as a device would have, by MQTT at QoS 1. Returns when everything is acknowledged.
 *
 * @throws RefusedInput FILE_UNREADABLE, FILE_FORMAT, FILE_TRUNCATED, FILE_CORRUPT, FIELD_INVALID, SIGNAL_UNKNOWN,
 *   SIGNAL_KIND, UNIT_UNKNOWN, UNIT_MISMATCH, TIME_IN_FUTURE before anything is sent; DEVICE_SIGN_IN
 * @throws OutsideTrouble SERVER_UNREACHABLE
 */
export async function replay(options: ReplayOptions): Promise<ReplayReport> {
  const { runtime, speed = 1, signal, patienceMs = 30_000 } = options;
  const { clock, timers } = runtime;
  if (speed !== "max" && !(speed > 0 && speed <= 1_000_000)) {
    throw new RefusedInput("FIELD_INVALID", {
      at: "speed",
      expected: 'more than 0, or "max"',
      received: String(speed),
    });
  }
  const source = await openSource(options);
  const { durationMs } = source;
  const runMs = speed === "max" ? 0 : durationMs / speed;
  const begun = clock.monotonic();
  const startAt = startOf(options.startAt, clock.now(), durationMs, runMs);

  let trouble: Error | null = null;
  let wake = () => {};
  let lastReason = "no answer";
  const fail = (error: Error) => {
    trouble ??= error;
    wake();
  };
  const onState = (state: ConnectionState) => {
    if (state.state === "online") return;
    lastReason = state.reason;
    if (state.isRefused) fail(new RefusedInput("DEVICE_SIGN_IN", { at: options.deviceId, received: state.reason }));
  };
  const { url, deviceId, token, protocolVersion = 5 } = options;
  const connection = createConnection({
    url,
    deviceId,
    token,
    runtime,
    protocolVersion,
    inFlightMax: OUTSTANDING_MAX,
    // Nothing is given up: reading stops while the server is away.
    bufferBytesMax: Number.POSITIVE_INFINITY,
    onState,
  });

  const counts = { messages: 0, readings: 0, samples: 0, absentSamples: 0, acknowledged: 0, quarantined: 0 };
  const reasons = new Map<string, number>();
  // Away, or there and not acknowledging: both are patience spent.
  let heardAt = clock.monotonic();
  const patience = timers.every(PATIENCE_CHECK_MS, () => {
    if (connection.isOnline && connection.pending === 0) heardAt = clock.monotonic();
    if (clock.monotonic() - heardAt < patienceMs) return;
    fail(new OutsideTrouble("SERVER_UNREACHABLE", true, { at: options.url, received: lastReason }));
  });
  const onOutcome = (outcome: Outcome) => {
    heardAt = clock.monotonic();
    if (outcome.state === "acknowledged") counts.acknowledged++;
    if (outcome.state !== "quarantined") return;
    counts.quarantined++;
    const known = reasons.get(outcome.reason);
    if (known !== undefined || reasons.size < REASONS_MAX) reasons.set(outcome.reason, (known ?? 0) + 1);
  };
  const isStopped = () => trouble !== null || signal?.aborted === true;
  /** Resolves after the time, or with `other`, or at once when the replay is stopped. */
  const pause = (ms: number, other?: Promise<void>) =>
    new Promise<void>((resolve) => {
      if (isStopped()) return resolve();
      const timer = Number.isFinite(ms) ? timers.after(ms, resolve) : null;
      void other?.then(resolve);
      wake = () => {
        timer?.cancel();
        resolve();
      };
    });
  const onAbort = () => wake();
  signal?.addEventListener("abort", onAbort, { once: true });

  let progressAt = Number.NEGATIVE_INFINITY;
  const progress = (sentMs: number, isLast: boolean) => {
    if (!options.onProgress || (!isLast && clock.monotonic() - progressAt < PROGRESS_EVERY_MS)) return;
    progressAt = clock.monotonic();
    options.onProgress({ sentMs, durationMs, messages: counts.messages, acknowledged: counts.acknowledged });
  };

  let sentMs = 0;
  const paced = clock.monotonic();
  const send = async (item: ReplayItem) => {
    for (;;) {
      const due = speed === "max" ? 0 : paced + item.endOffsetMs / speed - clock.monotonic();
      // Should somebody set the clock back meanwhile, wait for it: a reading from the future would be worthless.
      const early = startAt + item.endOffsetMs - clock.now();
      const wait = Math.max(due, early);
      if (wait <= 0 || isStopped()) break;
      await pause(Math.min(wait, 1000));
      progress(sentMs, false);
    }
    if (connection.pending >= OUTSTANDING_MAX)
      await pause(Number.POSITIVE_INFINITY, connection.drained(OUTSTANDING_MAX - 1));
    if (isStopped()) return;
    counts.messages++;
    counts.readings += item.readings;
    counts.samples += item.samples;
    counts.absentSamples += item.absentSamples;
    void connection.publish(item.message).then(onOutcome);
    sentMs = Math.max(sentMs, item.endOffsetMs);
    progress(sentMs, false);
  };

  try {
    for await (const item of source.items(startAt)) {
      await send(item);
      if (isStopped()) break;
    }
    const wasStopped = signal?.aborted === true;
    if (!trouble && !wasStopped) await pause(Number.POSITIVE_INFINITY, connection.drained(0));
    if (trouble) throw trouble;
    progress(sentMs, true);
    const isComplete = !signal?.aborted && counts.acknowledged + counts.quarantined === counts.messages;
    return {
      source: options.source,
      format: source.format,
      channels: source.channels,
      startAt,
      endAt: startAt + durationMs,
      ...counts,
      quarantineReasons: [...reasons].map(([reason, messages]) => ({ reason, messages })),
      elapsedMs: clock.monotonic() - begun,
      isComplete,
    };
  } finally {
    signal?.removeEventListener("abort", onAbort);
    patience.cancel();
    await connection.close();
  }
}

function startOf(wanted: number | undefined, now: number, durationMs: number, runMs: number): number {
  const latest = now + runMs - durationMs;
  if (wanted === undefined) return Math.floor(Math.min(now, latest) / 1000) * 1000;
  if (!Number.isInteger(wanted)) {
    throw new RefusedInput("FIELD_INVALID", {
      at: "startAt",
      expected: "whole milliseconds UTC",
      received: String(wanted),
    });
  }
  if (wanted > now || wanted > latest) {
    const expected = `${new Date(Math.floor(Math.min(now, latest))).toISOString()} or before`;
    throw new RefusedInput("TIME_IN_FUTURE", { at: "startAt", expected, received: new Date(wanted).toISOString() });
  }
  return wanted;
}

async function openSource(options: ReplayOptions): Promise<ReplaySource> {
  const { source, map = {}, encoding = "cbor", speed = 1, timeColumn } = options;
  const pieceSeconds = options.pieceSeconds ?? (speed === "max" || speed > 10 ? 10 : 1);
  if (!(pieceSeconds > 0 && pieceSeconds <= 60)) {
    throw new RefusedInput("FIELD_INVALID", {
      at: "pieceSeconds",
      expected: "up to 60",
      received: String(pieceSeconds),
    });
  }
  if (/\.csv(?:\.gz)?$/i.test(source))
    return openCsvSource(source, { map, encoding, ...(timeColumn ? { timeColumn } : {}) });
  const header = source.endsWith(".hea") ? source : `${source}.hea`;
  const isThere = await stat(header).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isThere) return openWfdbSource(header, { map, encoding, pieceSeconds });
  throw new RefusedInput("FILE_UNREADABLE", {
    at: basename(source),
    expected: "a WFDB record (NAME.hea) or a CSV (NAME.csv)",
  });
}
