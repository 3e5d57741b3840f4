import type { BindingData, TypeRef } from "../data.ts";

/** Of HL7's resources what is read here. */
export interface StructureDefinition {
  readonly resourceType: "StructureDefinition";
  readonly url: string;
  readonly version?: string;
  readonly type: string;
  readonly name: string;
  readonly kind: string;
  readonly abstract: boolean;
  readonly derivation?: string;
  readonly baseDefinition?: string;
  readonly snapshot?: { readonly element: readonly ElementDefinition[] };
  readonly differential?: { readonly element: readonly ElementDefinition[] };
}

export interface ElementDefinition {
  readonly id?: string;
  readonly path: string;
  readonly sliceName?: string;
  readonly min?: number;
  readonly max?: string;
  readonly isModifier?: boolean;
  readonly contentReference?: string;
  readonly type?: readonly {
    readonly code: string;
    readonly targetProfile?: readonly string[];
    readonly profile?: readonly string[];
    readonly extension?: readonly { readonly url: string; readonly valueUrl?: string }[];
  }[];
  readonly binding?: {
    readonly strength: string;
    readonly valueSet?: string;
    readonly extension?: readonly {
      readonly url: string;
      readonly valueCanonical?: string;
      readonly valueUri?: string;
    }[];
  };
  readonly constraint?: readonly {
    readonly key: string;
    readonly severity: string;
    readonly human: string;
    readonly expression?: string;
  }[];
  readonly slicing?: {
    readonly discriminator?: readonly { readonly type: string; readonly path: string }[];
    readonly rules: string;
    readonly ordered?: boolean;
  };
  readonly minValueInteger?: number;
  readonly maxValueInteger?: number;
}

export interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
  readonly property?: readonly {
    readonly code: string;
    readonly valueCode?: string;
    readonly valueString?: string;
    readonly valueBoolean?: boolean;
  }[];
}

export interface CodeSystem {
  readonly resourceType: "CodeSystem";
  readonly url: string;
  readonly content: string;
  readonly concept?: readonly Concept[];
}

export interface Include {
  readonly system?: string;
  readonly concept?: readonly { readonly code: string }[];
  readonly filter?: readonly { readonly property: string; readonly op: string; readonly value: string }[];
  readonly valueSet?: readonly string[];
}

export interface ValueSet {
  readonly resourceType: "ValueSet";
  readonly url: string;
  readonly compose?: { readonly include: readonly Include[]; readonly exclude?: readonly Include[] };
  readonly expansion?: { readonly contains?: readonly { readonly system?: string; readonly code?: string }[] };
}

export type Hl7Resource = StructureDefinition | CodeSystem | ValueSet;

export const withoutVersion = (canonical: string) => canonical.split("|")[0] ?? canonical;

export const maxOf = (max: string): number | "*" => (max === "*" ? "*" : Number(max));

const FHIR = "http://hl7.org/fhir/StructureDefinition/";
const FHIR_TYPE = `${FHIR}structuredefinition-fhir-type`;
const MAXIMUM = `${FHIR}elementdefinition-maxValueSet`;

/** Types with what they may refer to; those of FHIRPath by the FHIR type that they stand for. */
export function typesOf({ type }: ElementDefinition): TypeRef[] {
  return (type ?? []).map(({ code, targetProfile, profile, extension }) => {
    const targets = targetProfile
      ?.map(withoutVersion)
      .map((url) => (url.startsWith(FHIR) ? url.slice(FHIR.length) : url));
    const meant = extension?.find(({ url }) => url === FHIR_TYPE)?.valueUrl;
    return {
      code: code.startsWith("http://hl7.org/fhirpath/") ? (meant ?? "string") : code,
      ...(targets && !targets.includes("Resource") && code === "Reference" ? { targets } : {}),
      ...(profile ? { profiles: profile.map(withoutVersion) } : {}),
    };
  });
}

export function bindingOf({ binding }: ElementDefinition): BindingData | undefined {
  const named = binding?.extension?.find(({ url }) => url === MAXIMUM);
  const maximum = named?.valueCanonical ?? named?.valueUri;
  const required = binding?.strength === "required" ? binding.valueSet : undefined;
  if (!required && !maximum) return undefined;
  return {
    ...(required ? { required: withoutVersion(required) } : {}),
    ...(maximum ? { maximum: withoutVersion(maximum) } : {}),
  };
}
