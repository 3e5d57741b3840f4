/**
 * R4's definitions as the validator needs them, made by `make/main.ts` from HL7's own (CC0).
 * What every element has (id, extension, ele-1, ext-1) is not in it: the walk knows that.
 */
export interface Definitions {
  /** What they were made from, with its version and licence. */
  readonly source: string;
  readonly types: Readonly<Record<string, TypeData>>;
  /** By canonical url; extensions too: those are profiles of Extension. */
  readonly profiles: Readonly<Record<string, ProfileData>>;
  /** By canonical url: what required bindings and maximum bindings name, and what those include. */
  readonly valueSets: Readonly<Record<string, ValueSetData>>;
  /** By key; where two texts share a key, the later ones are "key#2" and so on. */
  readonly constraints: Readonly<Record<string, ConstraintData>>;
}

export interface TypeData {
  readonly kind: "resource" | "complex" | "primitive";
  readonly abstract?: true;
  readonly constraints?: readonly string[];
  readonly elements: readonly ElementData[];
}

export interface ElementData {
  /** As in JSON; a choice keeps its "[x]". */
  readonly name: string;
  readonly min?: number;
  /** Left out: 1. "*" is many. */
  readonly max?: number | "*";
  readonly types?: readonly TypeRef[];
  /** The path whose elements these are too: "Questionnaire.item". */
  readonly like?: string;
  readonly binding?: BindingData;
  readonly constraints?: readonly string[];
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly elements?: readonly ElementData[];
}

export interface TypeRef {
  readonly code: string;
  /** Types of resource that a Reference may name; left out: any. */
  readonly targets?: readonly string[];
  /** Profiles of which one must hold. */
  readonly profiles?: readonly string[];
}

export interface BindingData {
  readonly required?: string;
  /** The maximum value set of a weaker binding. */
  readonly maximum?: string;
}

export interface ProfileData {
  readonly type: string;
  /** The profile that it adds to; left out: it says everything itself. */
  readonly base?: string;
  readonly version?: string;
  /** Of an extension: it stands in modifierExtension. */
  readonly modifier?: true;
  readonly rule: RuleData;
}

/** What a profile asks beyond the type; elements of which it asks nothing more are not here. */
export interface RuleData {
  readonly name: string;
  readonly slice?: string;
  readonly min?: number;
  readonly max?: number | "*";
  readonly types?: readonly TypeRef[];
  readonly fixed?: unknown;
  readonly pattern?: unknown;
  readonly binding?: BindingData;
  readonly constraints?: readonly string[];
  readonly slicing?: SlicingData;
  readonly elements?: readonly RuleData[];
  readonly slices?: readonly RuleData[];
}

export interface SlicingData {
  readonly by: readonly { readonly type: string; readonly path: string }[];
  readonly rules: "open" | "closed" | "openAtEnd";
  readonly ordered?: true;
}

export interface ValueSetData {
  /** Codes by their system, or how to tell. */
  readonly systems: Readonly<Record<string, SystemData>>;
  /** Why not all of it is here. */
  readonly unknown?: string;
}

export type SystemData = readonly string[] | { readonly rule: string } | { readonly unknown: string };

export interface ConstraintData {
  readonly severity: "error" | "warning";
  readonly human: string;
  /** FHIRPath. */
  readonly expression: string;
}
