import type { DeviceDescriptionBody } from "@openward/api";
import { parseUdi } from "@openward/codecs/udi";
import { type DriverMatch, misfitOf } from "@openward/drivers";
import { RefusedInput } from "@openward/errors";
import type { DeviceFact, DeviceLabel, DeviceRegistration } from "@openward/model";
import type { DeviceDescription, DeviceRecord } from "./ports/index.ts";

/**
 * What a person wrote down of a device, with its label read.
 *
 * @throws RefusedInput UDI_MALFORMED; FIELD_INVALID where label and serial number contradict one another
 */
export function describedDevice(asked: DeviceDescriptionBody, now: number): DeviceDescription {
  const label = asked.label && labelOf(asked.label, now);
  const serial = asked.serial ?? label?.serial ?? null;
  if (label?.serial && serial !== label.serial)
    throw new RefusedInput("FIELD_INVALID", { at: "serial", expected: `${label.serial}, as its label says` });
  return {
    type: asked.type,
    display: asked.display,
    manufacturer: asked.manufacturer,
    model: asked.model,
    serial,
    label,
    owner: asked.owner,
    ownerName: asked.owner === "loan" ? asked.ownerName : null,
    location: asked.location,
    wardId: asked.wardId,
    isOutOfService: asked.service.isOut,
    serviceNote: asked.service.note,
    serviceDueOn: asked.service.dueOn,
  };
}

function labelOf({ text, entry }: NonNullable<DeviceDescriptionBody["label"]>, now: number): DeviceLabel {
  const { di, agency, lot, serial, madeOn, expiresOn, din, hrf, aidc, check, warnings } = parseUdi(
    text,
    new Date(now).getUTCFullYear(),
  );
  if (di === null)
    throw new RefusedInput("UDI_MALFORMED", { at: "label", expected: "also the symbol with the device identifier" });
  // A scanner checks what it reads: then it is the label that is wrong, as some are. Hands make mistakes.
  if (check === "wrong" && entry === "manual")
    throw new RefusedInput("UDI_MALFORMED", { at: "label", expected: warnings.map(({ what }) => what).join("; ") });
  return { agency, di, lot, serial, madeOn, expiresOn, din, hrf, aidc, check, entry };
}

type Service = "in-service" | "due" | "out-of-service";

export function serviceState({ isOutOfService, serviceDueOn }: DeviceRegistration, now: number): Service {
  if (isOutOfService) return "out-of-service";
  return serviceDueOn !== null && serviceDueOn <= new Date(now).toISOString().slice(0, 10) ? "due" : "in-service";
}

/** It stands in one ward, and its patient lies in another: one of the two is not true any more, or the device is on the wrong patient. */
export function isElsewhere(
  { wardId }: Pick<DeviceRegistration, "wardId">,
  stay: { readonly wardId: string; readonly to: number | null } | null,
): boolean {
  return wardId !== null && stay !== null && stay.to === null && stay.wardId !== wardId;
}

/** What the device says now of one thing. @param facts newest first */
export function saysNow(facts: readonly DeviceFact[], fact: string): string | null {
  return facts.find((one) => one.fact === fact)?.value ?? null;
}

/** What its label and its own words say against the type that it was registered as. */
export function misfit({ device, registration, facts }: Pick<DeviceRecord, "device" | "registration" | "facts">) {
  const di = registration.label?.di ?? null;
  const manufacturer = saysNow(facts, "manufacturer");
  const model = saysNow(facts, "model");
  // A house has thousands of devices and few models, and each is held against every driver.
  const key = JSON.stringify([device.type, di, manufacturer, model]);
  const known = judged.get(key);
  if (known !== undefined) return known;
  const found = misfitOf(device.type, { di, manufacturer, model });
  const misfit = found ? { type: found.driver.key, typeDisplay: found.driver.display, by: found.by } : null;
  if (judged.size >= JUDGED_MAX) judged.clear();
  judged.set(key, misfit);
  return misfit;
}

const JUDGED_MAX = 1_000;
const judged = new Map<string, { type: string; typeDisplay: string; by: DriverMatch["by"] } | null>();
