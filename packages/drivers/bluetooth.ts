import type { Driver } from "./driver.ts";

/** Model, serial number, firmware, hardware, software and maker: the service that nearly every Bluetooth device has. */
export const DEVICE_INFORMATION = [
  "gatt/2a24",
  "gatt/2a25",
  "gatt/2a26",
  "gatt/2a27",
  "gatt/2a28",
  "gatt/2a29",
] as const;

/** No device of the model was here: what is known of it, and how its bytes are known to be read. */
export const AS_CLIENTS_LOOK_FOR_IT = {
  by: "vectors",
  source:
    "names and services as public clients of this model look for them; decoded by the vectors of its characteristics",
} as const satisfies Driver["tested"];
