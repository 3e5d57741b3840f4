import fhirpath from "fhirpath";
import model from "fhirpath/fhir-context/r4";

/** What the library has for an element; anything else that it finds is a value of its own. */
export interface LibraryNode {
  readonly data: unknown;
  readonly propName: string | null;
  readonly index: number | null;
  readonly parentResNode: LibraryNode | null;
  readonly path: string | null;
  convertData(): unknown;
}

/** What it has for a quantity. */
export interface Quantity {
  readonly value: unknown;
  readonly unit: string;
}

export const isNode = (value: unknown): value is LibraryNode =>
  typeof value === "object" && value !== null && "parentResNode" in value;

const [root] = fhirpath.evaluate({ resourceType: "Basic" }, "$this", undefined, model, {
  resolveInternalTypes: false,
}) as object[];

/** The library's class of what it finds in a resource, which it does not export. */
export const nodeClass = root?.constructor as new (context: object, data: unknown) => LibraryNode;
