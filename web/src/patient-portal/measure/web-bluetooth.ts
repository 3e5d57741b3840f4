/** What of Web Bluetooth is used here; the browser's own types do not name it. @source https://webbluetoothcg.github.io/web-bluetooth/ */
export interface Characteristic extends EventTarget {
  readonly uuid: string;
  readonly properties: {
    readonly read: boolean;
    readonly write: boolean;
    readonly notify: boolean;
    readonly indicate: boolean;
  };
  readonly value?: DataView;
  readValue(): Promise<DataView>;
  writeValueWithResponse(bytes: BufferSource): Promise<void>;
  startNotifications(): Promise<unknown>;
}

export interface Service {
  readonly uuid: string;
  getCharacteristics(): Promise<Characteristic[]>;
}

export interface BluetoothDevice extends EventTarget {
  /** By which this browser knows it; another browser by another. */
  readonly id: string;
  readonly name?: string | undefined;
  readonly gatt?: {
    readonly connected: boolean;
    connect(): Promise<{ getPrimaryServices(): Promise<Service[]> }>;
    disconnect(): void;
  };
  forget?(): Promise<void>;
}

export interface Bluetooth {
  getAvailability(): Promise<boolean>;
  requestDevice(options: {
    readonly filters: readonly { readonly services: readonly string[] }[];
    readonly optionalServices: readonly string[];
  }): Promise<BluetoothDevice>;
  /** Those that were allowed before; not every browser has it. */
  getDevices?(): Promise<BluetoothDevice[]>;
}

/** Why nothing can be measured here. */
export type WhyNot = "insecure" | "no-web-bluetooth" | "off" | null;

export function bluetoothOf(browser: object): Bluetooth | undefined {
  return (browser as { bluetooth?: Bluetooth }).bluetooth;
}

export async function whyNot(browser: object, isSecure: boolean): Promise<WhyNot> {
  if (!isSecure) return "insecure";
  const bluetooth = bluetoothOf(browser);
  if (!bluetooth) return "no-web-bluetooth";
  return (await bluetooth.getAvailability().catch(() => false)) ? null : "off";
}

/** What a chooser that ended without a device tells a person. */
export function refusedText(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotFoundError" || name === "AbortError") return "No device was chosen.";
  if (name === "SecurityError" || name === "NotAllowedError")
    return "The browser does not let this page use Bluetooth. Allow it in the browser's settings for this site, and in the telephone's settings for the browser.";
  return "The device could not be reached. Switch it on, bring it near, and see that no other app is connected to it.";
}
