import type { GatewaySettings } from "@openward/api";
import type { Runtime, Timer } from "@openward/runtime";
import type { LinkState } from "../forward/forwarder.ts";
import type { LocalAlarm } from "./alarms.ts";

/** Everything there is to ring for now: of patients while nobody else does, of the line, of the room on the disk. */
export interface WholeWatch {
  look(): void;
  readonly alarms: readonly LocalAlarm[];
  stop(): void;
}

const LOOK_MS = 1_000;
/** From here on the disk is nearly full. */
const NEARLY_FULL = 0.8;

export function createWholeWatch({
  settings,
  link,
  local,
  room,
  isWatching,
  runtime,
  onChange,
}: {
  settings: () => GatewaySettings | undefined;
  link: () => LinkState;
  local: () => readonly LocalAlarm[];
  room: () => { readonly bytes: number; readonly bytesMax: number };
  /** Somebody's limits are watched through this gateway: without a line nobody is. */
  isWatching: () => boolean;
  runtime: Pick<Runtime, "clock" | "timers">;
  onChange: (alarms: readonly LocalAlarm[]) => void;
}): WholeWatch {
  const { clock, timers } = runtime;
  let alarms: readonly LocalAlarm[] = [];
  let downSince: number | undefined;
  let fullSince: number | undefined;

  function clinical(isDown: boolean): readonly LocalAlarm[] {
    const when = settings()?.localAlarms ?? "link-down";
    if (when === "off" || (when === "link-down" && !isDown)) return [];
    return local();
  }

  function look(): void {
    const now = clock.now();
    const isDown = !link().isUp;
    // By the clock that never jumps: an operator who sets the time neither hides nor makes an outage.
    downSince = isDown ? (downSince ?? clock.monotonic()) : undefined;
    const { bytes, bytesMax } = room();
    fullSince = bytes > bytesMax * NEARLY_FULL ? (fullSince ?? now) : undefined;
    const own: LocalAlarm[] = [];
    const toleratedMs = (settings()?.linkAlarmSeconds ?? 60) * 1_000;
    if (downSince !== undefined && clock.monotonic() - downSince >= toleratedMs) {
      const priority = isWatching() ? "medium" : "low";
      own.push({ key: "link", priority, signal: null, since: link().since ?? now, isClinical: false });
    }
    if (fullSince !== undefined)
      own.push({ key: "room", priority: "medium", signal: null, since: fullSince, isClinical: false });
    const next = [...clinical(isDown), ...own];
    const isSame = next.length === alarms.length && next.every(({ key }, i) => key === alarms[i]?.key);
    if (isSame) return;
    alarms = next;
    onChange(next);
  }

  const looking: Timer = timers.every(LOOK_MS, look);
  return {
    look,
    get alarms() {
      return alarms;
    },
    stop: () => looking.cancel(),
  };
}
