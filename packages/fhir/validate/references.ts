import type { Shapes } from "./shape.ts";
import type { Visit } from "./visit.ts";

/** Whether a Reference names a type of resource that may stand there, as far as it says. */
export function checkReference(value: unknown, targets: ReadonlySet<string>, visit: Visit, shapes: Shapes): void {
  if (typeof value !== "object" || value === null) return;
  const { reference, type: said } = value as { reference?: unknown; type?: unknown };
  const type = visit.typeNamed(reference) ?? (typeof said === "string" ? said : undefined);
  if (type === undefined || targets.has(type) || !shapes.isResource(type)) return;
  visit.report.error("value", `refers to a ${type}: expected ${[...targets].join(", ")}`);
}
