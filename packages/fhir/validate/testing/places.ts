import type { Definitions, ElementData } from "../../definitions/data.ts";

type Json = Record<string, unknown>;

/** An element of an instance with what its type says of it. */
export interface Place {
  /** What holds it, and under which name in JSON. */
  readonly parent: Json;
  readonly key: string;
  readonly element: ElementData;
  /** The data type that it has here. */
  readonly type: string;
  /** FHIRPath of what holds it. */
  readonly path: string;
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every element of a resource, found by the definitions alone. */
export function placesOf(resource: Json, { types }: Pick<Definitions, "types">): Place[] {
  const places: Place[] = [];
  const elementsAt = (path: string): readonly ElementData[] => {
    const [type = "", ...steps] = path.split(".");
    let elements = types[type]?.elements ?? [];
    for (const step of steps) elements = elements.find(({ name }) => name === step)?.elements ?? [];
    return elements;
  };
  function visit(object: Json, elements: readonly ElementData[], path: string): void {
    for (const element of elements) {
      for (const { code } of element.types ?? [{ code: "" }]) {
        const step = element.name.replace("[x]", "");
        const key = element.name.endsWith("[x]") ? `${step}${code[0]?.toUpperCase()}${code.slice(1)}` : step;
        if (!Object.hasOwn(object, key)) continue;
        places.push({ parent: object, key, element, type: code, path });
        const values = Array.isArray(object[key]) ? object[key] : [object[key]];
        values.forEach((value, i) => {
          if (!isObject(value)) return;
          const at = `${path}.${step}${Array.isArray(object[key]) ? `[${i}]` : ""}`;
          const inner = typeof value.resourceType === "string" ? value.resourceType : code;
          visit(
            value,
            element.elements ?? (element.like ? elementsAt(element.like) : (types[inner]?.elements ?? [])),
            at,
          );
        });
      }
    }
  }
  const type = String(resource.resourceType);
  visit(resource, types[type]?.elements ?? [], type);
  return places;
}
