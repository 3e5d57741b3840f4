import type { Runtime } from "@openward/runtime";
import type { Recorder } from "./ports.ts";
import type { AuditRecord, Who } from "./record.ts";

/** Over HTTP there is no session: requests that are no further apart are one. */
const HTTP_SESSION_MS = 900_000;
/** Wrong tokens are recorded at most so often for a device: guessing must not fill the log. */
const REFUSED_EVERY_MS = 10_000;
const REMEMBERED = 10_000;
/** Of more than are remembered, those go that were heard longest ago; this is how exact that is. */
const PLACED_MS = 1_000;
const DEVICE_ID = /^[A-Za-z0-9._-]{1,64}$/;

interface SignedIn {
  readonly deviceId: string;
  readonly organisationId: string;
}

interface DeviceDoor<C> {
  signIn(deviceId: string, token: string): SignedIn | undefined;
  signInByCertificate(certificate: C): SignedIn | undefined;
}

/** When somebody was heard last, and where they stand among the others. */
interface Heard {
  at: number;
  placedAt: number;
}

/** Devices in the log: a record for each session, and for tokens that were wrong; never one for a message. */
export function recordDevices(deps: {
  readonly recorder: Recorder;
  readonly runtime: Pick<Runtime, "clock" | "ids">;
  /** Who wears it now. */
  readonly patientOf: (deviceId: string) => string | undefined;
  readonly report: (error: unknown, doing: string) => void;
}) {
  const { recorder, runtime, patientOf, report } = deps;
  const heard = new Map<string, Heard>();
  const refusedAt = new Map<string, Heard>();
  const opened = new Map<string, string>();

  // For every message over HTTP: who was heard a moment ago keeps their place.
  const isDue = (times: Map<string, Heard>, key: string, everyMs: number) => {
    const now = runtime.clock.monotonic();
    const before = times.get(key);
    const isLongAgo = before === undefined || now - before.at >= everyMs;
    if (before && now - before.placedAt < PLACED_MS) {
      before.at = now;
      return isLongAgo;
    }
    times.delete(key);
    if (times.size >= REMEMBERED) times.delete(times.keys().next().value as string); // it is not empty
    times.set(key, { at: now, placedAt: now });
    return isLongAgo;
  };

  const append = (organisationId: string | null, who: Who, more: Partial<AuditRecord>): string => {
    const id = runtime.ids.uuid();
    const patientId = who.id === null ? undefined : patientOf(who.id);
    const record: AuditRecord = {
      id,
      at: runtime.clock.now(),
      organisationId,
      who,
      action: "C",
      code: "ingest.session",
      patients: patientId === undefined || more.outcome === "refused" ? [] : [patientId],
      entity: "Observation",
      via: "mqtt",
      outcome: "allowed",
      ...more,
    };
    recorder.append(record).catch((error: unknown) => report(error, "recording a device"));
    return id;
  };
  const whoOf = (deviceId: string): Who => ({ kind: "device", id: deviceId, display: deviceId, role: null });

  return {
    /** The devices' sign-in, as connect gets it: over HTTP each request signs in. */
    watched<C, D extends DeviceDoor<C>>(door: D & DeviceDoor<C>, via: "http" | "mqtt" | "mllp"): D {
      const refused = (deviceId: string): void => {
        const isPossible = DEVICE_ID.test(deviceId);
        if (!isDue(refusedAt, isPossible ? deviceId : "", REFUSED_EVERY_MS)) return;
        const who: Who = { kind: "device", id: isPossible ? deviceId : null, display: "", role: null };
        append(null, who, { outcome: "refused", refusal: "DEVICE_SIGN_IN", via });
      };
      const signedIn = ({ deviceId, organisationId }: SignedIn): void => {
        if (via === "http" && isDue(heard, deviceId, HTTP_SESSION_MS)) append(organisationId, whoOf(deviceId), { via });
      };
      return {
        ...door,
        signIn(deviceId: string, token: string) {
          const device = door.signIn(deviceId, token);
          if (device) signedIn(device);
          else refused(deviceId);
          return device;
        },
        signInByCertificate(certificate: C) {
          const device = door.signInByCertificate(certificate);
          // One that is not known here may have a token as well, which is looked at next.
          if (device) signedIn(device);
          return device;
        },
      };
    },

    /** A session of MQTT or MLLP has begun or ended. */
    connection(deviceId: string, organisationId: string, isConnected: boolean, via = "mqtt"): void {
      const begun = opened.get(deviceId);
      opened.delete(deviceId);
      if (isConnected) opened.set(deviceId, append(organisationId, whoOf(deviceId), { via }));
      else append(organisationId, whoOf(deviceId), { action: "E", code: "ingest.session-end", opened: begun, via });
    },
  };
}
