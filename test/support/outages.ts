import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { databaseProcess, databaseProcesses } from "./database-processes.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { compare, type Load, readBack, startLoad, type Verdict } from "./load.ts";
import { breachLimit, openScreen, type Screen } from "./screen.ts";
import { addBeds, apiOf, fhirOf, type RunningWard, removeDataDir, startWard, temporaryDataDir } from "./ward.ts";

export interface OutageResult extends Verdict {
  readonly acknowledged: number;
  /** While the trouble lasted. */
  readonly acknowledgedMeanwhile: number;
  /** From the end of the trouble until the ward says that all is well, ms. */
  readonly recoveredMs: number;
  /** Publish to ack while the trouble lasted, ms. */
  readonly ackMs: { readonly p50: number; readonly p99: number };
}

export interface OutageOptions {
  readonly rate: number;
  readonly devices?: number;
  readonly say: (line: string) => void;
}

/** However slow the machine, so many at least are acknowledged before the trouble, and in one that the spool takes over. */
export const ACKS_MIN = 50;

interface Scene {
  readonly ward: RunningWard;
  readonly screen: Screen;
  readonly load: Load;
  readonly options: OutageOptions;
  /** A limit is breached on a bed of its own: the alarm must be on the screen, whatever the storage does. */
  alarm(): Promise<{ status: number; code: string | undefined }>;
}

/**
 * A ward under load, trouble, and the count afterwards: what was acknowledged must be there once, also after a kill.
 *
 * @param trouble begins, and ends; the ward must then be well again without anybody's help
 */
async function outage(
  name: string,
  options: OutageOptions,
  where: { readonly dataDir: string; readonly env?: Record<string, string> },
  trouble: (scene: Scene) => Promise<void>,
): Promise<OutageResult> {
  const { rate, devices = 10, say } = options;
  const notes = mkdtempSync(join(tmpdir(), "openward-ledger-"));
  const ledger: Ledger = openLedger(join(notes, "ledger.txt"));
  let ward = await startWard(where);
  let load: Load | undefined;
  let screen: Screen | undefined;
  try {
    const [watched, ...beds] = await addBeds(ward, devices + 1);
    if (!watched) throw new Error("no bed");
    const api = await apiOf(ward);
    const base = Date.now() - 3_600_000;
    const shown = await openScreen(ward, [watched.patientId]);
    screen = shown;
    const running = startLoad({ beds, mqttPort: ward.mqttPort, rate, ledger, base });
    load = running;
    await running.firstAck();
    await shown.until(() => shown.storage() === "ok", "the ward to be well before anything happens");
    await wait(1_000);
    await running.reached(ACKS_MIN);
    const before = running.acknowledged;
    running.takeLatencies();
    await trouble({
      ward,
      screen: shown,
      load: running,
      options,
      async alarm() {
        const isRaised = () =>
          shown.messages.some((m) => m.type === "alarm" && m.alarm.signal === "spo2" && m.alarm.state === "raised");
        const answer = await breachLimit(ward, watched);
        await shown.until(isRaised, "the alarm on the screen");
        return answer;
      },
    });
    const ended = performance.now();
    const acknowledgedMeanwhile = running.acknowledged - before;
    const times = running.takeLatencies().sort((a, b) => a - b);
    const ackMs = { p50: at(times, 0.5), p99: at(times, 0.99) };
    await shown.until(() => shown.storage() === "ok", "the ward to be well again by itself", 120_000);
    const recoveredMs = Math.round(performance.now() - ended);
    await running.firstAck();
    const { storage } = await api<{ storage: string }>("GET", "/api/system");
    if (storage !== "ok") throw new Error(`/api/system says ${storage} after the outage`);
    running.pause();
    await wait(1_500);
    running.stop();
    ledger.close();
    shown.close();

    await ward.stop("SIGKILL");
    ward = await startWard(where);
    const verdict = compare(ledger.lines(), await readBack(await fhirOf(ward), beds, base), running.sequences);
    say(
      `${name}: ${running.acknowledged} acknowledged (${acknowledgedMeanwhile} meanwhile, ack p50 ${ackMs.p50} ms, p99 ${ackMs.p99} ms), ` +
        `well again ${recoveredMs} ms after the end, ${verdict.lost.length} lost, ${verdict.doubled.length} double`,
    );
    return { ...verdict, acknowledged: running.acknowledged, acknowledgedMeanwhile, recoveredMs, ackMs };
  } finally {
    load?.stop();
    screen?.close();
    await ward.stop();
    rmSync(notes, { recursive: true, force: true });
  }
}

const at = (sorted: readonly number[], part: number) => Math.round(sorted[Math.floor(sorted.length * part)] ?? 0);

async function inDataDir<T>(work: (dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = temporaryDataDir();
  try {
    return await work(dataDir);
  } finally {
    removeDataDir(dataDir);
  }
}

/** PostgreSQL is killed, and cannot be started for so long: its control file is not there. */
export function databaseKilled(seconds: number, options: OutageOptions): Promise<OutageResult> {
  return inDataDir((dataDir) =>
    outage(`database killed for ${seconds} s`, options, { dataDir }, async ({ screen, alarm, load }) => {
      const control = join(dataDir, "postgres", "global", "pg_control");
      renameSync(control, `${control}.away`);
      try {
        for (const pid of databaseProcesses(dataDir).slice(0, 1)) process.kill(pid, "SIGKILL");
        await screen.until(() => screen.storage() === "spooling", "the ward to say that the database does not answer");
        const { status } = await alarm();
        if (status !== 200) throw new Error(`what rang was answered ${status}, not kept in the spool`);
        await load.reached(load.acknowledged + ACKS_MIN);
        await wait(seconds * 1000);
      } finally {
        renameSync(`${control}.away`, control);
      }
    }),
  );
}

/** Every process of PostgreSQL is stopped, connections stay open. */
export function databaseFrozen(seconds: number, options: OutageOptions): Promise<OutageResult> {
  return inDataDir((dataDir) =>
    outage(`database stopped (SIGSTOP) for ${seconds} s`, options, { dataDir }, async ({ screen, alarm, load }) => {
      const frozen = databaseProcesses(dataDir);
      for (const pid of frozen) process.kill(pid, "SIGSTOP");
      try {
        await screen.until(() => screen.storage() === "spooling", "the ward to say that the database does not answer");
        await alarm();
        await load.firstAck();
        await wait(seconds * 1000);
      } finally {
        for (const pid of frozen) process.kill(pid, "SIGCONT");
      }
    }),
  );
}

/** Immediate shutdowns, each as soon as the ward is well again. */
export function databaseRestarts(times: number, options: OutageOptions): Promise<OutageResult> {
  return inDataDir((dataDir) =>
    outage(`${times} immediate restarts of the database`, options, { dataDir }, async ({ screen, load, alarm }) => {
      for (let turn = 0; turn < times; turn++) {
        const pid = databaseProcess(dataDir);
        if (!pid) throw new Error("the database has no process");
        process.kill(pid, "SIGQUIT");
        await screen.until(() => (databaseProcess(dataDir) ?? pid) !== pid, "another database process");
        await load.firstAck();
        if (turn === 0) await alarm();
        await screen.until(() => screen.storage() === "ok", "the ward to be well again");
      }
    }),
  );
}

/** Every flush to the disk, of PostgreSQL, spool and keys, takes so much longer. null: there is no C compiler. */
export async function slowDisk(delayMs: number, seconds: number, options: OutageOptions): Promise<OutageResult | null> {
  const shim = buildShim();
  if (!shim) return null;
  try {
    return await inDataDir((dataDir) => {
      const delay = join(shim.folder, "delay");
      writeFileSync(delay, "0");
      const env = { LD_PRELOAD: shim.library, SLOW_FLUSH_DELAY_FILE: delay };
      return outage(`flushes slower by ${delayMs} ms`, options, { dataDir, env }, async ({ screen, alarm, load }) => {
        writeFileSync(delay, String(delayMs));
        if (delayMs >= 3_500)
          await screen.until(() => screen.storage() === "spooling", "the ward to say that the database is too slow");
        await alarm();
        await load.firstAck();
        await wait(seconds * 1000);
        writeFileSync(delay, "0");
      });
    });
  } finally {
    rmSync(shim.folder, { recursive: true, force: true });
  }
}

function buildShim(): { folder: string; library: string } | null {
  const folder = mkdtempSync(join(tmpdir(), "openward-shim-"));
  execFileSync("chmod", ["755", folder]);
  const library = join(folder, "slow-flush.so");
  const source = join(import.meta.dirname, "slow-flush.c");
  const built = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], { encoding: "utf8" });
  if (built.status === 0) return { folder, library };
  rmSync(folder, { recursive: true, force: true });
  return null;
}

/** A file system of its own in memory; null: it cannot be mounted here. */
export function mountSmallDisk(megabytes: number): { folder: string; free(): number; unmount(): void } | null {
  const folder = temporaryDataDir();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "openward-test", folder]);
  if (mounted.status !== 0) {
    removeDataDir(folder);
    return null;
  }
  return {
    folder,
    free() {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
    unmount() {
      spawnSync("umount", ["-l", folder]);
      removeDataDir(folder);
    },
  };
}

const MB = 1_000_000;

/**
 * The disk fills up under load. With a floor acks stop before it is full; without one PostgreSQL and the spool meet the
 * end of it. null: no small disk can be mounted here.
 */
export async function diskFull(
  { hasFloor, seconds }: { hasFloor: boolean; seconds: number },
  options: OutageOptions,
): Promise<OutageResult | null> {
  const disk = mountSmallDisk(400);
  if (!disk) return null;
  const ballast = join(disk.folder, "ballast");
  // Takes room until so much is left.
  const leave = (bytes: number) => {
    rmSync(ballast, { force: true });
    const size = disk.free() - bytes;
    if (size > 0) spawnSync("fallocate", ["-l", String(size), ballast]);
  };
  const env = hasFloor
    ? { OPENWARD_DISK_WARN_MB: "100", OPENWARD_DISK_FLOOR_MB: "60" }
    : { OPENWARD_DISK_WARN_MB: "0", OPENWARD_DISK_FLOOR_MB: "0" };
  const name = hasFloor ? "disk full, with a floor" : "disk full, without a floor";
  try {
    return await outage(name, options, { dataDir: disk.folder, env }, async ({ screen, alarm, load, ward }) => {
      if (hasFloor) {
        leave(80 * MB);
        await screen.until(() => screen.storage() === "low", "the ward to say that little room is left");
        await load.firstAck();
        leave(40 * MB);
        await screen.until(() => screen.storage() === "full", "the ward to say that the disk is full");
      } else {
        leave(0);
        const isTold = () => screen.storage() === "failed" || screen.storage() === "spooling";
        await screen.until(isTold, "the ward to say that readings are not kept", 60_000);
        await screen.until(() => screen.storage() === "failed", "the ward to say that nothing is kept", 60_000);
      }
      const { status, code } = await alarm();
      const expected = hasFloor ? "507 DISK_FULL" : "503 STORE_UNAVAILABLE";
      if (`${status} ${code}` !== expected) throw new Error(`a device was answered ${status} ${code}, not ${expected}`);
      const ready = await fetch(`${ward.url}/health/ready`);
      if (ready.status !== 503) throw new Error(`/health/ready is ${ready.status}`);
      const before = load.acknowledged;
      await wait(seconds * 1000);
      // Without a floor a small batch may still find its place in the spool: it is durable, and its ack is right.
      if (hasFloor && load.acknowledged > before)
        throw new Error(`${load.acknowledged - before} acks while the disk was full`);
      // PostgreSQL may begin one more file of its log, of 16 MB.
      if (hasFloor && disk.free() < 20 * MB) throw new Error(`only ${disk.free()} bytes are left below the floor`);
      rmSync(ballast);
    });
  } finally {
    disk.unmount();
  }
}
