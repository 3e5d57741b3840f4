import type { WrongClock, ZoneOffset } from "../recognise.ts";
import { DAY, type DeviceClock, type Dice, HOUR, MINUTE } from "./deliveries.ts";

/** A clock that goes wrong, and the truth about it. */
export interface Fault {
  readonly kind: WrongClock;
  readonly clock: DeviceClock;
  readonly zoneOffset: ZoneOffset;
  /** When it went wrong; null: it was so from the start. */
  readonly at: number | null;
}

/** The end of a year: a leap second may fall into it. */
export const FROM = Date.UTC(2026, 11, 30, 7);
export const DAYS = 3;

/** Whole, half and quarter hours, minutes. */
const ZONES = [-660, -480, -300, -210, 60, 120, 330, 345, 540, 570, 765];
const UTC: ZoneOffset = () => 0;

/** A clock as they are: up to 0.8 s off and up to 20 parts per million. */
export function healthyClock(dice: Dice): DeviceClock {
  const [aheadMs, drift] = [dice.between(-800, 800), dice.between(-20e-6, 20e-6)];
  return (at) => at + aheadMs + drift * (at - FROM);
}

function since(at: number, before: DeviceClock, after: DeviceClock): DeviceClock {
  return (time) => (time < at ? before(time) : after(time));
}

function changeAt(dice: Dice): number {
  return FROM + dice.between(0.8 * DAY, 1.8 * DAY);
}

function setAt(kind: WrongClock, dice: Dice, byMs: number, zoneOffset = UTC): Fault {
  const [at, right] = [changeAt(dice), healthyClock(dice)];
  return { kind, at, zoneOffset, clock: since(at, right, (time) => right(time) + byMs) };
}

function resetTo(kind: WrongClock, dice: Dice, to: number): Fault {
  const [at, right] = [changeAt(dice), healthyClock(dice)];
  return { kind, at, zoneOffset: UTC, clock: since(at, right, (time) => to + (time - at)) };
}

function sign(dice: Dice): number {
  return dice.pick([-1, 1]);
}

function summerTime(kind: "dst-spring" | "dst-autumn", dice: Dice): Fault {
  const [at, right] = [changeAt(dice), healthyClock(dice)];
  const winter = dice.pick(ZONES);
  const stepMinutes = kind === "dst-spring" ? 60 : -60;
  const zoneOffset: ZoneOffset = (time) => winter + (time < at ? 0 : stepMinutes);
  return { kind, at, zoneOffset, clock: (time) => right(time) + (zoneOffset(time) as number) * MINUTE };
}

export const FAULTS: Readonly<Record<WrongClock, (dice: Dice) => Fault>> = {
  drift(dice) {
    const [right, drift] = [healthyClock(dice), sign(dice) * dice.between(100e-6, 900e-6)];
    return { kind: "drift", at: null, zoneOffset: UTC, clock: (at) => right(at) + drift * (at - FROM) };
  },
  step: (dice) => setAt("step", dice, sign(dice) * (dice.between(2, 50) * HOUR + 97_000)),
  "local-as-utc"(dice) {
    const [right, zone] = [healthyClock(dice), dice.pick(ZONES)];
    return { kind: "local-as-utc", at: null, zoneOffset: () => zone, clock: (at) => right(at) + zone * MINUTE };
  },
  "reset-1970": (dice) => resetTo("reset-1970", dice, dice.between(0, HOUR)),
  "reset-2000": (dice) => resetTo("reset-2000", dice, Date.UTC(2000, 0, 1)),
  "half-day": (dice) => setAt("half-day", dice, sign(dice) * 12 * HOUR),
  date: (dice) => setAt("date", dice, sign(dice) * Math.ceil(dice.between(0, 3)) * DAY),
  "zone-change"(dice) {
    const [at, right] = [changeAt(dice), healthyClock(dice)];
    const home = dice.pick(ZONES);
    // Half a day further nobody can tell a journey from a clock of the place that took noon for midnight.
    const away = dice.pick(ZONES.filter((zone) => zone !== home && Math.abs(zone - home) !== 720));
    const clock = since(
      at,
      (time) => right(time) + home * MINUTE,
      (time) => right(time) + away * MINUTE,
    );
    return { kind: "zone-change", at, zoneOffset: () => home, clock };
  },
  "dst-spring": (dice) => summerTime("dst-spring", dice),
  "dst-autumn": (dice) => summerTime("dst-autumn", dice),
  rollover(dice) {
    const [at, right] = [changeAt(dice), healthyClock(dice)];
    const range = dice.pick([2 ** 31, 2 ** 32, 2 ** 16 * 1_000, 2 ** 32 * 1_000]);
    const clock: DeviceClock = (time) => right(time) - Math.max(0, Math.floor((time - at) / range) + 1) * range;
    return { kind: "rollover", at, zoneOffset: UTC, clock };
  },
  "leap-second"(dice) {
    const [at, right, byMs] = [Date.UTC(2027, 0, 1), healthyClock(dice), sign(dice) * 1_000];
    return { kind: "leap-second", at, zoneOffset: UTC, clock: since(at, right, (time) => right(time) + byMs) };
  },
  year(dice) {
    const years = dice.pick([-100, -1, 1, 36]);
    const [at, right] = [changeAt(dice), healthyClock(dice)];
    const inYear: DeviceClock = (time) => {
      const shown = new Date(Math.round(right(time)));
      return shown.setUTCFullYear(shown.getUTCFullYear() + years);
    };
    return { kind: "year", at, zoneOffset: UTC, clock: since(at, right, inYear) };
  },
  standstill(dice) {
    const [at, right] = [changeAt(dice), healthyClock(dice)];
    return { kind: "standstill", at, zoneOffset: UTC, clock: since(at, right, () => right(at)) };
  },
};
