/** A heart rate as an EHR's interface engine sends it, with its profile. */
export function heartRate(patientId: string, at: number, value: number): object {
  return {
    resourceType: "Observation",
    meta: { profile: ["http://hl7.org/fhir/StructureDefinition/heartrate"] },
    status: "final",
    category: [
      {
        coding: [
          {
            system: "http://terminology.hl7.org/CodeSystem/observation-category",
            code: "vital-signs",
            display: "Vital Signs",
          },
        ],
      },
    ],
    code: { coding: [{ system: "http://loinc.org", code: "8867-4", display: "Heart rate" }] },
    subject: { reference: `Patient/${patientId}` },
    effectiveDateTime: new Date(at).toISOString(),
    valueQuantity: { value, unit: "/min", system: "http://unitsofmeasure.org", code: "/min" },
  };
}

export function batchOf(observations: readonly object[]): object {
  const request = { method: "POST", url: "Observation" };
  return {
    resourceType: "Bundle",
    type: "batch",
    entry: observations.map((resource) => ({ resource, request })),
  };
}
