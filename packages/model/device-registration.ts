import type { Millis } from "./telemetry.ts";

/** The label of a device as it was read; what the fields mean stands in packages/codecs/udi. */
export interface DeviceLabel {
  readonly agency: "GS1" | "HIBCC" | "ICCBBA" | "ICCBBA-blood";
  readonly di: string;
  readonly lot: string | null;
  readonly serial: string | null;
  readonly madeOn: string | null;
  readonly expiresOn: string | null;
  readonly din: string | null;
  readonly hrf: string;
  readonly aidc: string;
  readonly check: "right" | "wrong" | "none";
  /** Scanned, or typed. */
  readonly entry: "barcode" | "manual";
}

export const DEVICE_OWNERS = ["organisation", "patient", "loan"] as const;
export type DeviceOwner = (typeof DEVICE_OWNERS)[number];

/** What people have written down of a device beside its name. */
export interface DeviceRegistration {
  readonly label: DeviceLabel | null;
  readonly owner: DeviceOwner;
  /** Of a loan: from whom. */
  readonly ownerName: string | null;
  readonly location: string | null;
  /** The ward in which it stands; null: none, or it goes with its patient. */
  readonly wardId: string | null;
  readonly isOutOfService: boolean;
  readonly serviceNote: string | null;
  /** ISO day on which it is to be looked at. */
  readonly serviceDueOn: string | null;
}

/** What the device said of itself, and since when. */
export interface DeviceFact {
  readonly fact: string;
  readonly value: string;
  readonly since: Millis;
}

/** What the device said that it can be asked to do, and since when. Nothing is sent by it. */
export interface DeviceCommands {
  readonly since: Millis;
  readonly commands: readonly { readonly name: string; readonly about: string | null }[];
}

export const NOTHING_REGISTERED: DeviceRegistration = {
  label: null,
  owner: "organisation",
  ownerName: null,
  location: null,
  wardId: null,
  isOutOfService: false,
  serviceNote: null,
  serviceDueOn: null,
};
