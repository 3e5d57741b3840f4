import { createHash } from "node:crypto";
import type { NewOwnDeviceBody, OwnDeviceBody } from "@openward/api";
import { driverFor } from "@openward/drivers";
import { RefusedInput } from "@openward/errors";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Authenticated, DeviceRecord, Devices, Ingest, Relations } from "./ports/index.ts";
import { createStanding } from "./standing.ts";

type OwnDeviceRoutes = "addOwnDevice" | "sendOwnCapture";

const TYPE = "own-bluetooth";
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** What a device of one person has stored is theirs, so far back. */
const STORED_MS = 365 * DAY_MS;
/** Of one that others use as well: what was measured just before it was connected. */
const JUST_NOW_MS = 15 * MINUTE_MS;
/** A browser's clock that is further off is wrong; less is the way here. */
const CLOCK_OFF_MS = MINUTE_MS;
/** "Polar H10 5A2B341F": makers put a number of the single device behind the name. */
const NAMES_ONE = /[-_ :]?(?=[0-9A-F]*\d)[0-9A-F]{4,}$/i;

/**
 * Bluetooth devices that patients measure with in their browser. Each is a device of the registry for one patient: that another measures
 * with the same one makes it another device, so that nothing of the one can reach the record of the other.
 */
export function ownDeviceHandlers(deps: {
  readonly devices: Pick<Devices, "list" | "find" | "create" | "assign">;
  readonly relations: Pick<Relations, "ofPerson">;
  readonly ingest: Ingest;
  readonly clock: Clock;
}): Pick<Handlers, OwnDeviceRoutes> {
  const { devices, ingest, clock } = deps;
  const standing = createStanding(deps);

  async function needDeciding(signedIn: Authenticated, patientId: string): Promise<void> {
    const { mayDecide } = await standing(signedIn, patientId);
    if (!mayDecide)
      throw new RefusedInput("NOT_PERMITTED", { at: "patientId", expected: "the patient, or who decides for them" });
  }

  return {
    async addOwnDevice({ signedIn, params: { patientId }, body }): Promise<OwnDeviceBody> {
      await needDeciding(signedIn, patientId);
      const { organisation, principal } = signedIn;
      const prefix = prefixOf(organisation.id, body);
      const deviceId = idOf(prefix, patientId);
      const all = await devices.list(organisation.id);
      const isUsedByOthers = all.some(({ device }) => device.id.startsWith(prefix) && device.id !== deviceId);
      if (isUsedByOthers && !body.isShared)
        throw new RefusedInput("DEVICE_SHARED", { at: "isShared", expected: "true, where it is yours as well" });
      const known = all.find(({ device }) => device.id === deviceId);
      if (known) needOurs(known, patientId);
      const display = known?.device.display ?? displayOf(body);
      const { manufacturer, model, systemId } = body.says;
      if (!known) {
        const device = { id: deviceId, type: TYPE, display, manufacturer, model, serial: systemId };
        await devices.create(organisation.id, device, principal.id).catch(unlessThere);
      }
      let since = known?.association?.from;
      if (since === undefined) {
        const from = clock.now() - (body.isShared || known ? JUST_NOW_MS : STORED_MS);
        since = (await devices.assign(organisation.id, deviceId, patientId, from, principal.id)).from;
      }
      return { patientId, deviceId, display, isShared: body.isShared || isUsedByOthers, since };
    },

    async sendOwnCapture({ signedIn, params: { patientId, deviceId }, body: { key, sentAt, values } }) {
      await needDeciding(signedIn, patientId);
      const organisationId = signedIn.organisation.id;
      const record =
        deviceId === idOf(deviceId.slice(0, PREFIX_LENGTH), patientId) &&
        (await devices.find(organisationId, deviceId));
      if (!record) throw new RefusedInput("NOT_FOUND", { at: "deviceId" });
      needOurs(record, patientId);
      const now = clock.now();
      // Whoever sends it moves its times: moved here, the same would be moved otherwise when it comes again.
      if (Math.abs(sentAt - now) > CLOCK_OFF_MS) return { isTaken: false, now, accepted: 0, quarantined: [] };
      const content = Buffer.from(JSON.stringify(values));
      const { accepted, quarantined } = await ingest.accept({
        deviceId,
        organisationId,
        kind: "raw",
        format: "capture",
        body: content,
        receivedAt: now,
        deliveryKey: `own:${key}:${createHash("sha256").update(content).digest("hex")}`,
        isRedelivery: true,
        messageId: key,
      });
      return { isTaken: true, now, accepted, quarantined: quarantined.map(({ code, field }) => ({ code, field })) };
    },
  };
}

const sha256 = (...parts: readonly string[]) => createHash("sha256").update(JSON.stringify(parts)).digest("hex");

/** What all patients have in common who measure with this one, as far as it can be known again. */
function prefixOf(
  organisationId: string,
  { browserId, name, says: { manufacturer, model, systemId } }: NewOwnDeviceBody,
) {
  const what = [manufacturer ?? "", model ?? "", name ?? ""];
  if (systemId !== null) return `own-${sha256(organisationId, "system", systemId, ...what).slice(0, 24)}-`;
  if (name !== null && NAMES_ONE.test(name)) return `own-${sha256(organisationId, "name", ...what).slice(0, 24)}-`;
  return `own-${sha256(organisationId, "browser", browserId).slice(0, 24)}-`;
}

const PREFIX_LENGTH = "own-".length + 24 + 1;

/** The id tells whose it is: no other patient's can be made from it. */
const idOf = (prefix: string, patientId: string) => prefix + sha256(prefix, patientId).slice(0, 24);

function displayOf({ name, services, says: { manufacturer, model } }: NewOwnDeviceBody): string {
  const found = driverFor({ manufacturer, model, name, services });
  const kind = found?.driver.display;
  if (found && found.by !== "service") return kind as string;
  const called = name ?? model ?? "Bluetooth device";
  return (kind ? `${called} (${kind.replace(/ \(.*\)$/, "").toLowerCase()})` : called).slice(0, 120);
}

/** Whoever ended it on the ward has reasons, and so has who put it on somebody else. */
function needOurs({ device, association }: DeviceRecord, patientId: string): void {
  const isOthers = association !== null && association.to === null && association.patientId !== patientId;
  if (device.revokedAt !== null || isOthers)
    throw new RefusedInput("CONFLICT", { at: "deviceId", expected: "a device that the ward has not ended" });
}

/** Two pages at once are the first: one of them makes it. */
function unlessThere(error: unknown): void {
  if (!(error instanceof RefusedInput && error.code === "CONFLICT")) throw error;
}
