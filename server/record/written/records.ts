import type { Condition } from "@openward/fhir/store";
import type { PatientView } from "@openward/model";

const PATIENT = /^(.*\t)(Patient\/|\/)([0-9a-f-]{36})$/;

/** A record that was merged into another keeps what was written under it: whoever asks for the one asks for both. */
export function ofAllRecords({ recordsOf }: Pick<PatientView, "recordsOf">, condition: Condition): Condition {
  if (condition.kind !== "terms") return condition;
  const anyOf = condition.anyOf.flatMap((term) => {
    const [, head, type, id = ""] = PATIENT.exec(term) ?? [];
    const records = head === undefined ? [] : recordsOf(id);
    return records.length > 1 ? records.map((record) => `${head}${type}${record}`) : [term];
  });
  return { kind: "terms", anyOf };
}
