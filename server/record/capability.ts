import type {
  CapabilityStatement,
  CapabilityStatementRestResource,
  CapabilityStatementRestResourceSearchParam,
} from "@medplum/fhirtypes";
import { operationsAt } from "./operations/registry.ts";
import { terminologyOperations } from "./operations/terminology.ts";
import { fhirTime } from "./resources/time.ts";
import { searchables } from "./search/index.ts";
import { COUNT_DEFAULT, COUNT_MAX } from "./search/query.ts";
import { type SmartAddresses, securityOf } from "./smart.ts";
import { SUBSCRIPTION_PROFILE } from "./subscriptions/search.ts";
import { BACKPORT, OPERATION, TOPICS } from "./subscriptions/topics.ts";
import { definitions } from "./written/definitions.ts";
import { writtenTypes } from "./written/types.ts";

const documentation: Readonly<Record<string, string>> = {
  Patient: "Patients whom the asker may see.",
  Device:
    "Devices of the organisation, and the VMDs and channels of those whose type says what is in them (parent); the patient is named to those who may see that patient.",
  DeviceMetric: "Streams: one signal of one device on one patient.",
  DeviceUseStatement: "Who wore which device, and when.",
  AuditEvent:
    "Who looked at what and did what, in IHE's Basic Audit Log Patterns; for administrators and privacy officers.",
  Consent:
    "What patients share and do not share, as far as they let it be known; IHE Privacy Consent on FHIR, basic or intermediate, with kinds of data in a modifier extension.",
  Subscription:
    "Subscriptions by topic, as HL7's backport guide has them: one's own. docs/guides/subscriptions.md has the topics and their filters.",
  CodeSystem: "Vocabularies that are shipped: as far as they are used here.",
  ValueSet: "Sets of their codes.",
  ConceptMap: "Signals, LOINC, MDC and UCUM in terms of one another.",
  Observation:
    "Made from device readings: one each, cuff pressures as panel 85354-9, waveforms as SampledData in pieces of 10 seconds; or kept as they were written, and then their values are readings too.",
};

/** What is not searched for: other resources, and the identity token's `fhirUser`, name it. */
const readOnly: Readonly<Record<string, string>> = {
  Provenance: "Who amended what was measured, when and why; the id is the amendment's.",
  Practitioner: "Who works here and signs in, for those who work here; to an application also whom it acts for.",
  RelatedPerson:
    "Family or guardian of one patient, for those who work with that patient; to an application also whom it acts for.",
};

const profiles: Readonly<Record<string, string[]>> = {
  Observation: [
    "vitalsigns",
    "heartrate",
    "resprate",
    "oxygensat",
    "bodytemp",
    "bodyweight",
    "bodyheight",
    "bmi",
    "bp",
  ].map((name) => `http://hl7.org/fhir/StructureDefinition/${name}`),
  Subscription: [SUBSCRIPTION_PROFILE],
  Consent: ["consentBasic", "consentIntermediate"].map(
    (name) => `https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.${name}`,
  ),
};

const WRITTEN_INTERACTIONS = (
  ["read", "vread", "create", "update", "patch", "delete", "history-instance", "history-type", "search-type"] as const
).map((code) => ({ code }));

const OBSERVATION_INTERACTIONS = (["create", "update", "patch", "delete", "history-type"] as const).map((code) => ({
  code,
}));

const WRITTEN_CONDITIONS = {
  updateCreate: false,
  conditionalCreate: true,
  conditionalRead: "full-support",
  conditionalUpdate: true,
  conditionalDelete: "single",
  referencePolicy: ["literal", "logical", "local"],
  searchInclude: ["*"],
  searchRevInclude: ["*"],
} satisfies Partial<CapabilityStatementRestResource>;

/** Of any type, also of those that are not kept here. */
const validation = [{ name: "validate", definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate" }];

const SUBSCRIPTION_INTERACTIONS = (["create", "update", "patch", "delete"] as const).map((code) => ({ code }));

/** R4 has no resource for topics: the guide has their urls listed here. */
const topicExtensions = Object.values(TOPICS).map(({ url }) => ({
  url: `${BACKPORT}capabilitystatement-subscriptiontopic-canonical`,
  valueCanonical: url,
}));

const subscriptionOperations = ["status", "events", "get-ws-binding-token"].map((name) => ({
  name,
  definition: OPERATION + name,
}));
const graphqlOperation = {
  name: "graphql",
  definition: "http://hl7.org/fhir/OperationDefinition/Resource-graphql",
};

const hasHistory = (type: string) => type === "Observation" || type === "Consent";

const operationsOf = (type: string) =>
  Object.entries(terminologyOperations[type] ?? {}).map(([name, { definition }]) => ({
    name,
    definition: `http://hl7.org/fhir/OperationDefinition/${definition}`,
  }));

/** Of whatever is kept as it was written; some types of R4 have no others. */
const OF_ALL = { _id: "token", _lastUpdated: "date", _text: "string", _content: "string" } as const;

function writtenParameters(type: string): CapabilityStatementRestResourceSearchParam[] {
  const own = [...definitions().table.of(type).values()].filter((one) => one.type !== "special");
  const all = { ...OF_ALL, ...Object.fromEntries(own.map(({ code, type: kind }) => [code, kind])) };
  return Object.entries(all).map(([name, kind]) => ({
    name,
    type: kind as CapabilityStatementRestResourceSearchParam["type"], // R4's own, but for "special"
  }));
}

const ownOperations = (type: string | undefined) =>
  operationsAt(type).map(({ name, definition }) => ({ name, definition }));

/** What works here, and nothing else. */
export function capabilityStatement(
  base: string,
  {
    version,
    startedAt,
    keepsWritten,
    hasGraphQl = false,
    smart,
    tells,
  }: {
    version: string;
    startedAt: number;
    keepsWritten: boolean;
    hasGraphQl?: boolean;
    smart?: SmartAddresses | undefined;
    tells: boolean;
  },
): CapabilityStatement {
  return {
    resourceType: "CapabilityStatement",
    status: "active",
    date: fhirTime(startedAt),
    kind: "instance",
    software: { name: "Openward", version },
    implementation: { description: "Openward, the open virtual ward", url: base },
    fhirVersion: "4.0.1",
    format: ["application/fhir+json", "json"],
    rest: [
      {
        mode: "server",
        documentation: `Resources that the house makes (Patient, Device, Observation and others) are read and searched, Observations also written; all others are kept as they were written. _count is ${COUNT_DEFAULT} when left out and at most ${COUNT_MAX}; parameters that are not listed are ignored with a remark, or refused with Prefer: handling=strict. XML is not given.`,
        security: securityOf(smart),
        resource: Object.entries(searchables)
          .filter(([type]) => type !== "Subscription" || tells)
          .map(
            ([type, { parameters, sorts }]): CapabilityStatementRestResource => ({
              type: type as CapabilityStatementRestResource["type"], // keys of our own table
              documentation: `${documentation[type] ?? ""} _sort: ${sorts.join(", ")}.`,
              ...(profiles[type] ? { supportedProfile: profiles[type] } : {}),
              interaction: [
                { code: "read" },
                ...(hasHistory(type) ? [{ code: "vread" as const }, { code: "history-instance" as const }] : []),
                { code: "search-type" },
                ...(type === "Observation" && keepsWritten ? OBSERVATION_INTERACTIONS : []),
                ...(type === "Subscription" ? SUBSCRIPTION_INTERACTIONS : []),
              ],
              ...(type === "Subscription" ? { extension: topicExtensions } : {}),
              ...(type === "Observation" && keepsWritten ? WRITTEN_CONDITIONS : {}),
              operation: [
                ...validation,
                ...ownOperations(type),
                ...(terminologyOperations[type] ? operationsOf(type) : []),
                ...(type === "Subscription" ? subscriptionOperations : []),
              ],
              versioning: "versioned",
              readHistory: hasHistory(type),
              searchParam: parameters.map(({ name, type: kind, documentation: text }) => ({
                name,
                type: kind,
                documentation: text,
              })),
            }),
          )
          .concat(
            (keepsWritten ? writtenTypes : []).map(
              (type): CapabilityStatementRestResource => ({
                type: type as CapabilityStatementRestResource["type"], // a type of R4
                interaction: WRITTEN_INTERACTIONS,
                operation: [...validation, ...ownOperations(type)],
                versioning: "versioned-update",
                readHistory: true,
                ...WRITTEN_CONDITIONS,
                searchParam: writtenParameters(type),
              }),
            ),
          )
          .concat(
            Object.entries(readOnly).map(([type, text]) => ({
              type: type as CapabilityStatementRestResource["type"], // keys of our own table
              documentation: text,
              interaction: [{ code: "read" }],
              operation: [...validation, ...ownOperations(type)],
            })),
          ),
        interaction: [
          { code: "batch" },
          { code: "transaction" },
          ...(keepsWritten ? [{ code: "history-system" as const }] : []),
        ],
        operation: [...ownOperations(undefined), ...(hasGraphQl ? [graphqlOperation] : [])],
      },
    ],
  };
}
