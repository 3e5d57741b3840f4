import type { Timers } from "@openward/runtime";

/**
 * What is done every minute, hour and day, done all the time: sealing, putting days together, archiving. So that tests which
 * kill a server every other second meet each of them.
 */
export function keepHouse(deps: {
  readonly everyMs: number;
  readonly timers: Timers;
  readonly telemetry: {
    seal(options: { readonly everything: boolean }): Promise<unknown>;
    compact(options: { readonly everything: boolean }): Promise<unknown>;
  };
  readonly archive: { run(options: { readonly everything: boolean }): Promise<unknown> };
  readonly report: (error: unknown, doing: string) => void;
}): { stop(): Promise<void> } {
  const { everyMs, timers, telemetry, archive, report } = deps;
  const everything = { everything: true };
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;

  const round = async () => {
    try {
      await telemetry.seal(everything);
      await telemetry.compact(everything);
      await archive.run(everything);
    } catch (error) {
      report(error, "keeping house");
    }
    if (!isStopped) again();
  };
  const again = () =>
    timers.after(everyMs, () => {
      running = round();
    });
  again();

  return {
    async stop() {
      isStopped = true;
      await running;
    },
  };
}
