import type { Runtime } from "@openward/runtime";
import type { Backlog, Entry } from "../keep/backlog.ts";
import type { KeptMessage, KeptValue } from "../keep/message.ts";

/** What a device sent to the gateway; the same shape as in server/connect, whose doors stand here too. */
export interface DeviceMessage {
  readonly deviceId: string;
  readonly kind: "readings" | "waveform" | "event" | "status" | "raw";
  readonly format: string;
  readonly body: Uint8Array;
  readonly receivedAt: number;
  readonly deliveryKey: string | null;
  readonly isRedelivery: boolean;
  readonly unplaceable?: string;
  readonly isWill?: boolean;
}

/** Where everything that is collected goes in. */
export interface Door {
  /**
   * Resolves when it is on the disk, and only then may the device hear of it.
   *
   * @throws OutsideTrouble STORE_UNAVAILABLE
   */
  accept(message: DeviceMessage): Promise<{ readonly accepted: number; readonly quarantined: readonly never[] }>;
  /** Values of one device that need one another (a CGM's session and its measurements), in their order. */
  keep(deviceId: string, values: readonly KeptValue[]): Promise<void>;
  /** What an earlier process had kept: when it is delivered again, it is not kept twice. */
  remember(message: KeptMessage): void;
}

/** Longer ago it is another message: transports use their packet ids again. */
const REMEMBER_MS = 10 * 60_000;
const REMEMBERED = 50_000;
const KEPT = { accepted: 1, quarantined: [] } as const;

export function createDoor({
  backlog,
  forward,
  watch,
  runtime,
}: {
  backlog: Pick<Backlog, "keep">;
  forward: (entry: Entry) => void;
  /** Hears of it before it is on the disk: an alarm does not wait for that. */
  watch: (deviceId: string, values: readonly KeptValue[]) => void;
  runtime: Pick<Runtime, "clock" | "ids">;
}): Door {
  const { clock, ids } = runtime;
  const delivered = new Map<string, { readonly at: number; readonly kept: Promise<unknown> }>();

  const note = (name: string, at: number, kept: Promise<unknown>) => {
    delivered.delete(name);
    delivered.set(name, { at, kept });
    for (const [oldest, { at: then }] of delivered) {
      if (delivered.size <= REMEMBERED && at - then < REMEMBER_MS) break;
      delivered.delete(oldest);
    }
  };

  async function keep(message: KeptMessage): Promise<void> {
    watch(message.deviceId, message.values);
    forward(await backlog.keep(message));
  }

  return {
    async accept(message) {
      const { deviceId, kind, format, body, receivedAt, deliveryKey, isRedelivery, unplaceable, isWill } = message;
      const name = deliveryKey === null ? null : nameOf(deviceId, deliveryKey);
      const before = name !== null && isRedelivery ? delivered.get(name) : undefined;
      if (before && receivedAt - before.at < REMEMBER_MS) {
        await before.kept;
        return KEPT;
      }
      const kept = keep({
        id: ids.uuid(),
        deviceId,
        keptAt: receivedAt,
        values: [{ codec: kind === "raw" ? format : `openward/${kind}`, at: receivedAt, bytes: body }],
        isUrgent: kind === "event",
        isUnknown: unplaceable !== undefined,
        isWill: isWill === true,
        deliveryKey,
      });
      if (name !== null) {
        note(name, receivedAt, kept);
        // What was not kept has not been delivered.
        kept.catch(() => delivered.delete(name));
      }
      await kept;
      return KEPT;
    },

    keep(deviceId, values) {
      return keep({
        id: ids.uuid(),
        deviceId,
        keptAt: clock.now(),
        values,
        isUrgent: false,
        isUnknown: false,
        isWill: false,
        deliveryKey: null,
      });
    },

    remember({ deviceId, deliveryKey, keptAt }) {
      if (deliveryKey !== null) note(nameOf(deviceId, deliveryKey), keptAt, Promise.resolve());
    },
  };
}

const nameOf = (deviceId: string, key: string) => `${deviceId}\n${key}`;
