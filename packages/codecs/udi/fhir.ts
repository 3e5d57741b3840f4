import { RefusedInput } from "@openward/errors";
import { parseUdi } from "./parse.ts";
import type { Udi, UdiAgency } from "./udi.ts";

/** How it came to us: `Device.udiCarrier.entryType` of FHIR R4. */
export type UdiEntry = "barcode" | "rfid" | "manual" | "card" | "self-reported" | "unknown";

/** `Device.udiCarrier` of FHIR R4. */
export interface FhirUdiCarrier {
  readonly deviceIdentifier?: string;
  readonly issuer?: string;
  readonly jurisdiction?: string;
  /** base64 */
  readonly carrierAIDC?: string;
  readonly carrierHRF?: string;
  readonly entryType?: UdiEntry;
}

const ISSUERS: Readonly<Record<UdiAgency, string>> = {
  GS1: "http://hl7.org/fhir/NamingSystem/gs1-di",
  HIBCC: "http://hl7.org/fhir/NamingSystem/hibcc-dI",
  ICCBBA: "http://hl7.org/fhir/NamingSystem/iccbba-other-di",
  "ICCBBA-blood": "http://hl7.org/fhir/NamingSystem/iccbba-blood-di",
};

export const udiIssuerOf = (agency: UdiAgency): string => ISSUERS[agency];

/** No jurisdiction: a label does not say under whose law it was printed. */
export function mapUdiCarrier(udi: Udi, entryType: UdiEntry): FhirUdiCarrier {
  return {
    ...(udi.di === null ? {} : { deviceIdentifier: udi.di }),
    issuer: ISSUERS[udi.agency],
    carrierAIDC: btoa(udi.aidc),
    carrierHRF: udi.hrf,
    entryType,
  };
}

/**
 * What the carrier says; of a carrier without its text, what its device identifier says.
 *
 * @throws RefusedInput UDI_MALFORMED, also where text and device identifier contradict one another
 */
export function parseUdiCarrier(carrier: FhirUdiCarrier, thisYear: number): Udi {
  const { carrierAIDC, carrierHRF, deviceIdentifier } = carrier;
  // As scanned it is certain where a lot ends.
  const text = carrierAIDC === undefined ? carrierHRF : fromBase64(carrierAIDC);
  if (text === undefined) return identifierAlone(carrier, thisYear);
  const udi = parseUdi(text, thisYear);
  if (deviceIdentifier !== undefined && udi.di !== deviceIdentifier) {
    throw new RefusedInput("UDI_MALFORMED", { at: "deviceIdentifier", expected: "the one of the carrier" });
  }
  return udi;
}

function identifierAlone({ deviceIdentifier, issuer = "" }: FhirUdiCarrier, thisYear: number): Udi {
  if (deviceIdentifier === undefined) {
    throw new RefusedInput("UDI_MALFORMED", {
      at: "udiCarrier",
      expected: "carrierAIDC, carrierHRF or deviceIdentifier",
    });
  }
  const agency = agencyOfIssuer(issuer);
  if (agency === "GS1") return parseUdi(`(01)${deviceIdentifier.padStart(14, "0")}`, thisYear);
  if (agency === "ICCBBA") return parseUdi(`=/${deviceIdentifier}`, thisYear);
  if (agency === "ICCBBA-blood") return parseUdi(`=)${deviceIdentifier}`, thisYear);
  throw new RefusedInput("UDI_MALFORMED", {
    at: agency === undefined ? "issuer" : "carrierHRF",
    expected:
      agency === undefined ? "an agency that is known" : "the symbol: its check character is not in the identifier",
  });
}

/** R4 and its samples spell them in several ways; letters of both cases. */
export function agencyOfIssuer(issuer: string): UdiAgency | undefined {
  const name = issuer
    .toLowerCase()
    .replace(/^.*namingsystem\//, "")
    .replace(/-di$/, "");
  const agencies: Readonly<Record<string, UdiAgency>> = {
    gs1: "GS1",
    hibcc: "HIBCC",
    "iccbba-other": "ICCBBA",
    "iccbba-blood": "ICCBBA-blood",
  };
  return Object.hasOwn(agencies, name) ? agencies[name] : undefined;
}

function fromBase64(text: string): string {
  try {
    return atob(text);
  } catch (cause) {
    throw new RefusedInput("UDI_MALFORMED", { at: "carrierAIDC", expected: "base64" }, { cause });
  }
}
