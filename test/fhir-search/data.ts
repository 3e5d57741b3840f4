/** A resource under the name by which cases and other resources speak of it: "{peter}" is its id, wherever it stands. */
export interface Named {
  readonly name: string;
  readonly resource: { readonly resourceType: string } & Readonly<Record<string, unknown>>;
}

const UCUM = "http://unitsofmeasure.org";
const LOINC = "http://loinc.org";
const CODES = "http://acme.org/conditions/codes";
const ANIMALS = "http://acme.org/animals";
const MR = { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v2-0203", code: "MR" }] };

const tag = [{ system: "http://acme.org/codes", code: "needs-review" }];

const to = (type: string, name: string) => ({ reference: `${type}/{${name}}` });
const peter = to("Patient", "peter");
const coded = (system: string, code: string, display?: string) => ({
  coding: [{ system, code, ...(display && { display }) }],
});

const named = (name: string, resourceType: string, fields: Readonly<Record<string, unknown>>): Named => ({
  name,
  resource: { resourceType, ...fields },
});

const patients: readonly Named[] = [
  named("peter", "Patient", {
    identifier: [
      { system: "http://acme.org/patient", value: "2345" },
      { type: MR, system: "urn:oid:2.16.1", value: "446053" },
    ],
    active: true,
    name: [{ family: "Chalmers", given: ["Peter", "James"] }],
    gender: "male",
    birthDate: "1974-12-25",
    address: [{ city: "Pleasantville", state: "VT" }],
    generalPractitioner: [to("Practitioner", "joe"), to("Practitioner", "jane")],
  }),
  named("eve", "Patient", {
    identifier: [{ system: "http://acme.org/patient", value: "a,b|c$d" }],
    active: false,
    name: [{ family: "Mårtensson", given: ["Eve"] }],
    gender: "female",
    birthDate: "1990-01",
    generalPractitioner: [to("Practitioner", "jane")],
  }),
  named("evelyn", "Patient", { name: [{ family: "eve", given: ["Evelyn"] }], gender: "female" }),
  named("severine", "Patient", { name: [{ family: "Stone, of Acme", given: ["Severine"] }], birthDate: "1990-01-31" }),
];

const people: readonly Named[] = [
  named("joe", "Practitioner", { name: [{ family: "Smith", given: ["Joe"] }], address: [{ state: "WI" }] }),
  named("jane", "Practitioner", { name: [{ family: "Doe", given: ["Jane"] }], address: [{ state: "MN" }] }),
];

const condition = (name: string, fields: Readonly<Record<string, unknown>>) =>
  named(name, "Condition", {
    clinicalStatus: coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
    subject: peter,
    ...fields,
  });

const conditions: readonly Named[] = [
  condition("headache", {
    meta: { tag },
    code: coded(CODES, "ha125", "Headache, tension"),
    onsetDateTime: "2011-05-23",
  }),
  condition("other-headache", { code: { text: "headache of another kind" }, onsetDateTime: "1994" }),
  condition("other-system", { code: coded("http://other.example/codes", "ha125"), subject: to("Patient", "eve") }),
  condition("terrier", { code: coded(ANIMALS, "terrier") }),
  condition("cat", { code: coded(ANIMALS, "cat"), subject: to("Patient", "eve") }),
  condition("metastases", {
    code: { text: "tumour" },
    note: [{ text: "Metastases were found in the liver." }],
  }),
];

const procedure = (name: string, fields: Readonly<Record<string, unknown>>) =>
  named(name, "Procedure", { status: "completed", subject: peter, ...fields });

/** R4, "3.1.1.4.5": each time and period that its table of prefixes speaks of. */
const procedures: readonly Named[] = [
  procedure("day", { performedDateTime: "2013-01-14" }),
  procedure("midnight", { performedDateTime: "2013-01-14T00:00:00Z" }),
  procedure("ten", { performedDateTime: "2013-01-14T10:00:00Z" }),
  procedure("next-day", { performedDateTime: "2013-01-15T00:00:00Z" }),
  procedure("from-january", { performedPeriod: { start: "2013-01-21" } }),
  procedure("from-march", { performedPeriod: { start: "2013-03-15" } }),
  procedure("march", { performedDateTime: "2013-03-14" }),
  procedure("one-january", { performedDateTime: "2013-01-21" }),
  procedure("year-2015", { performedDateTime: "2015-06-15" }),
  procedure("undated", { code: coded(CODES, "undated") }),
];

const risk = (name: string, fields: Readonly<Record<string, unknown>>) =>
  named(name, "RiskAssessment", {
    status: "final",
    subject: peter,
    ...("probabilityDecimal" in fields || "probabilityRange" in fields ? { prediction: [fields] } : fields),
  });

/** Their range is of percent: 0 to 100. */
const risks: readonly Named[] = [
  risk("0.7", { probabilityDecimal: 0.7 }),
  risk("0.85", { probabilityDecimal: 0.85 }),
  risk("59.4", { probabilityDecimal: 59.4 }),
  risk("59.5", { probabilityDecimal: 59.5 }),
  risk("60", { probabilityDecimal: 60 }),
  risk("60.004", { probabilityDecimal: 60.004 }),
  risk("60.006", { probabilityDecimal: 60.006 }),
  risk("60.5", { probabilityDecimal: 60.5 }),
  risk("no-number", {}),
];

const observation = (name: string, fields: Readonly<Record<string, unknown>>) =>
  named(name, "Observation", {
    status: "final",
    code: coded("http://acme.org/tests", "dose"),
    subject: peter,
    ...fields,
  });
const dose = (value: number, code = "mg", system: string | undefined = UCUM) => ({
  valueQuantity: { value, unit: code, ...(system && { system, code }) },
});

const observations: readonly Named[] = [
  observation("5.4mg", dose(5.4)),
  observation("5.35mg", dose(5.35)),
  observation("5.45mg", dose(5.45)),
  observation("0.0054g", dose(0.0054, "g")),
  observation("5.4mg-unit-only", dose(5.4, "mg", "")),
  observation("6mg", dose(6)),
  observation("1234-5", {
    code: coded(LOINC, "1234-5"),
    effectiveDateTime: "2010-06-01",
    performer: [to("Practitioner", "joe")],
  }),
  observation("potassium-5", { code: coded(LOINC, "2823-3"), ...dose(5, "mmol/L") }),
  observation("potassium-6", { code: coded(LOINC, "2823-3"), ...dose(6, "mmol/L") }),
  observation("glucose-6", { code: coded(LOINC, "15074-8"), ...dose(6, "mmol/L") }),
  observation("panel", {
    code: coded("http://acme.org/tests", "panel"),
    component: [
      { code: coded("http://acme.org/tests", "left"), ...dose(50, "mm[Hg]") },
      { code: coded("http://acme.org/tests", "right"), ...dose(80, "mm[Hg]") },
    ],
  }),
  observation("of-number", {
    subject: { identifier: { system: "http://acme.org/fhir/identifier/mrn", value: "123456" } },
    ...dose(9, "mL"),
  }),
  observation("of-clinic", { subject: to("Location", "clinic"), ...dose(1, "mL") }),
  observation("absent", {
    dataAbsentReason: coded("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown"),
  }),
];

const clinicalStatus = coded("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active");

const others: readonly Named[] = [
  named("report", "DiagnosticReport", {
    meta: { profile: ["http://hl7.org/fhir/StructureDefinition/lipid"], tag },
    status: "final",
    code: coded(LOINC, "24331-1"),
    subject: peter,
    result: [to("Observation", "1234-5")],
  }),
  named("report-of-eve", "DiagnosticReport", {
    status: "preliminary",
    code: coded(LOINC, "24331-1"),
    subject: to("Patient", "eve"),
  }),
  named("visit", "Encounter", {
    status: "finished",
    class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB" },
    subject: peter,
    location: [{ location: to("Location", "clinic") }],
  }),
  named("group", "Group", {
    type: "person",
    actual: true,
    member: [{ entity: peter }],
    characteristic: [
      {
        code: { text: "sex", ...coded("urn:x", "gender") },
        valueCodeableConcept: coded("urn:x", "mixed"),
        exclude: false,
      },
    ],
  }),
  named("other-group", "Group", {
    type: "person",
    actual: false,
    characteristic: [
      { code: coded("urn:x", "gender"), valueCodeableConcept: coded("urn:x", "male"), exclude: false },
      { code: coded("urn:x", "kind"), valueCodeableConcept: coded("urn:x", "mixed"), exclude: false },
    ],
  }),
  named("value-set", "ValueSet", {
    status: "active",
    url: "http://acme.org/fhir/ValueSet/123",
    compose: { include: [{ system: ANIMALS, concept: [{ code: "terrier" }, { code: "dog" }] }] },
  }),
  named("other-value-set", "ValueSet", { status: "active", url: "http://acme.org/fhir/ValueSet/1234" }),
  named("tests", "ValueSet", {
    status: "active",
    url: "http://acme.org/fhir/ValueSet/tests",
    compose: { include: [{ system: "http://acme.org/tests", concept: [{ code: "left" }] }] },
  }),
  named("value-set-oid", "ValueSet", { status: "active", url: "urn:oid:1.2.3.4.5" }),
  named("animals", "CodeSystem", {
    status: "active",
    content: "complete",
    url: ANIMALS,
    concept: [{ code: "animal", concept: [{ code: "dog", concept: [{ code: "terrier" }] }, { code: "cat" }] }],
  }),
  named("composition", "Composition", {
    status: "final",
    type: coded(LOINC, "11488-4"),
    subject: peter,
    date: "2012-01-04T09:10:14Z",
    author: [to("Practitioner", "joe")],
    title: "Consultation",
    section: [{ code: coded(LOINC, "48765-2"), entry: [to("AllergyIntolerance", "allergy")] }],
  }),
  named("plain-composition", "Composition", {
    status: "final",
    type: coded(LOINC, "11488-4"),
    subject: peter,
    date: "2012-01-05T09:10:14Z",
    author: [to("Practitioner", "joe")],
    title: "Consultation",
  }),
  named("allergy", "AllergyIntolerance", { clinicalStatus, patient: peter, code: { text: "cashew nuts" } }),
  named("old-allergy", "AllergyIntolerance", { clinicalStatus, patient: peter, code: { text: "penicillin" } }),
  named("list", "List", {
    meta: { tag },
    status: "current",
    mode: "working",
    subject: peter,
    entry: [{ item: to("AllergyIntolerance", "allergy") }],
  }),
  named("clinic", "Location", { name: "Boston clinic", position: { latitude: 42.25475478, longitude: -83.6945691 } }),
  named("far-clinic", "Location", { name: "Oslo clinic", position: { latitude: 59.9139, longitude: 10.7522 } }),
  named("dateline", "Location", { name: "Taveuni", position: { latitude: -16.84, longitude: 179.99 } }),
  named("unplaced", "Location", { name: "Somewhere" }),
];

export const resources: readonly Named[] = [
  ...people,
  ...patients,
  ...conditions,
  ...procedures,
  ...risks,
  ...observations,
  ...others,
];
