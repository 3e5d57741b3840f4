import type { Codec, DeviceFact } from "../codec.ts";
import { Findings } from "../findings.ts";
import { ByteReader } from "../reader.ts";

const LONGEST = 512;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Text of an attribute: UTF-8 without a terminator; some devices send one all the same. */
function textOf(reader: ByteReader, field: string, length = reader.left): string {
  if (length > LONGEST) reader.refuse(field, LONGEST, `at most ${LONGEST} bytes`);
  const { offset } = reader;
  try {
    return utf8.decode(reader.take(length, field)).replace(/\0+$/, "").trim();
  } catch {
    return reader.refuse(field, offset, "UTF-8");
  }
}

function text(uuid: string, fact: DeviceFact, display: string): Codec {
  const name = `gatt/${uuid}`;
  return {
    name,
    display,
    decode(bytes, context) {
      const said = textOf(new ByteReader(bytes, name), fact);
      const found = new Findings(context);
      if (said === "") found.ignore(0, "an empty text");
      else found.fact(fact, said);
      return found;
    },
  };
}

/** The strings of Bluetooth's Device Information Service. */
export const deviceStrings: readonly Codec[] = [
  text("2a24", "model", "Model number"),
  text("2a25", "serial", "Serial number"),
  text("2a26", "firmware", "Firmware revision"),
  text("2a27", "hardware", "Hardware revision"),
  text("2a28", "software", "Software revision"),
  text("2a29", "manufacturer", "Manufacturer name"),
];

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");

export interface SystemId {
  readonly manufacturer: string;
  readonly oui: string;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parseSystemId(reader: ByteReader): SystemId {
  const low = reader.u32("manufacturerIdentifier");
  const high = reader.u8("manufacturerIdentifier");
  return { manufacturer: hex(high, 2) + hex(low, 8), oui: hex(reader.u24("organizationallyUniqueIdentifier"), 6) };
}

/** System ID: an EUI-64. */
export const systemId: Codec = {
  name: "gatt/2a23",
  display: "System ID",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a23");
    const { manufacturer, oui } = parseSystemId(reader);
    const found = new Findings(context);
    found.fact("systemId", oui + manufacturer);
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

export interface PnpId {
  readonly source: number;
  readonly vendor: number;
  readonly product: number;
  readonly version: number;
}

/** @throws RefusedInput MALFORMED_BYTES */
export function parsePnpId(reader: ByteReader): PnpId {
  return {
    source: reader.u8("vendorIdSource"),
    vendor: reader.u16("vendorId"),
    product: reader.u16("productId"),
    version: reader.u16("productVersion"),
  };
}

export const pnpId: Codec = {
  name: "gatt/2a50",
  display: "PnP ID",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a50");
    const { source, vendor, product, version } = parsePnpId(reader);
    const found = new Findings(context);
    found.fact("vendorIdSource", source === 1 ? "Bluetooth SIG" : source === 2 ? "USB-IF" : source);
    found.fact("vendorId", hex(vendor, 4));
    found.fact("productId", hex(product, 4));
    found.fact("productVersion", `${version >> 8}.${(version >> 4) & 0xf}.${version & 0xf}`);
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

/** IEEE 11073-20601 Regulatory Certification Data List: what a certifier wrote, of use to nobody who watches. */
export const certification: Codec = {
  name: "gatt/2a2a",
  display: "Regulatory certification data list",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a2a");
    reader.take(4, "list");
    const found = new Findings(context);
    found.ignore(0, "a list of certifications");
    return found;
  },
};

const UDI_PARTS = ["label", "device identifier", "issuer", "authority"];

/**
 * UDI for Medical Devices: texts that end with a zero, of which flags say which are there. The label is what is printed.
 *
 * @source names of the fields from the Bluetooth SIG's list; the layout is known from one source and not from a device
 */
export const udi: Codec = {
  name: "gatt/2bff",
  display: "Unique device identification",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2bff");
    const flags = reader.u8("flags");
    const found = new Findings(context);
    for (const [bit, part] of UDI_PARTS.entries()) {
      if (((flags >> bit) & 1) === 0) continue;
      const { offset } = reader;
      const end = bytes.indexOf(0, offset);
      if (end < 0 || end - offset > LONGEST)
        reader.refuse(part, offset, `a text of at most ${LONGEST} bytes and a zero`);
      const said = textOf(reader, part, end - offset);
      reader.u8(part);
      if (bit === 0 && said !== "") found.fact("udi", said);
      else found.ignore(offset, `the ${part} of the UDI`);
    }
    if (flags >> UDI_PARTS.length !== 0) found.ignore(0, "flags that are reserved");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

const SITES = ["other", "chest", "wrist", "finger", "hand", "ear lobe", "foot"];

/** Body Sensor Location of the Heart Rate Service. */
export const bodySensorLocation: Codec = {
  name: "gatt/2a38",
  display: "Body sensor location",
  decode(bytes, context) {
    const reader = new ByteReader(bytes, "gatt/2a38");
    const site = SITES[reader.u8("location")];
    const found = new Findings(context);
    if (site === undefined) found.ignore(0, "a location that is not known");
    else found.fact("bodySite", site);
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};
