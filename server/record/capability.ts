import type { CapabilityStatement, CapabilityStatementRestResource } from "@medplum/fhirtypes";
import { profilesOf } from "@openward/fhir/guides";
import { compartmentTypes } from "@openward/fhir/search";
import { houseKind, houseKinds } from "./house/index.ts";
import { operationsAt } from "./operations/registry.ts";
import { terminologyOperations } from "./operations/terminology.ts";
import { fhirTime } from "./resources/time.ts";
import { parametersOf, searchables } from "./search/index.ts";
import { COUNT_DEFAULT, COUNT_MAX } from "./search/query.ts";
import { type SmartAddresses, securityOf } from "./smart.ts";
import { BACKPORT, OPERATION, TOPICS } from "./subscriptions/topics.ts";
import { writtenTypes } from "./written/types.ts";

/** Of what is not the house's alone it is said where the house stands. */
const OBSERVATION =
  "Made from device readings: one each, cuff pressures as panel 85354-9, waveforms as SampledData in pieces of 10 seconds; or kept as they were written, and then their values are readings too.";
const SUBSCRIPTION =
  "Subscriptions by topic, as HL7's backport guide has them: one's own. docs/guides/subscriptions.md has the topics and their filters.";

/** R4's own profiles of what was measured; others are the guides'. */
const VITAL_SIGNS = "vitalsigns heartrate resprate oxygensat bodytemp bodyweight bodyheight bmi bp"
  .split(" ")
  .map((name) => `http://hl7.org/fhir/StructureDefinition/${name}`);

function supported(type: string): Pick<CapabilityStatementRestResource, "supportedProfile"> {
  const profiles = [...(type === "Observation" ? VITAL_SIGNS : []), ...profilesOf(type)];
  return profiles.length > 0 ? { supportedProfile: profiles } : {};
}

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
} satisfies Partial<CapabilityStatementRestResource>;

const WRITTEN = {
  interaction: (
    ["read", "vread", "create", "update", "patch", "delete", "history-instance", "history-type", "search-type"] as const
  ).map((code) => ({ code })),
  versioning: "versioned-update",
  readHistory: true,
  ...WRITTEN_CONDITIONS,
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

const operationsOf = (type: string) =>
  Object.entries(terminologyOperations[type] ?? {}).map(([name, { definition }]) => ({
    name,
    definition: `http://hl7.org/fhir/OperationDefinition/${definition}`,
  }));

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
        documentation: `Observations are made of what was measured; all other resources are kept as they were written, and of some types (Patient, Device, Consent and others) the house makes its own beside them: those are read and searched, and changed in the portals, but for patients, who are one record here and there. _count is ${COUNT_DEFAULT} when left out and at most ${COUNT_MAX}; parameters that are not listed are ignored with a remark, or refused with Prefer: handling=strict. XML is not given.`,
        security: securityOf(smart),
        resource: [
          observation(keepsWritten),
          ...(tells ? [subscription()] : []),
          ...(keepsWritten ? writtenTypes : Object.keys(houseKinds)).map((type) => kept(type, keepsWritten)),
        ],
        interaction: [
          { code: "batch" },
          { code: "transaction" },
          { code: "search-system" },
          ...(keepsWritten ? [{ code: "history-system" as const }] : []),
        ],
        compartment: compartmentTypes.map(
          (type) => `http://hl7.org/fhir/CompartmentDefinition/${type[0]?.toLowerCase()}${type.slice(1)}`,
        ),
        operation: [...ownOperations(undefined), ...(hasGraphQl ? [graphqlOperation] : [])],
      },
    ],
  };
}

function observation(keepsWritten: boolean): CapabilityStatementRestResource {
  const { sorts = [] } = searchables.Observation ?? {};
  return {
    type: "Observation",
    documentation: `${OBSERVATION} _sort: ${sorts.join(", ")}.`,
    ...supported("Observation"),
    interaction: [
      { code: "read" },
      { code: "vread" },
      { code: "history-instance" },
      { code: "search-type" },
      ...(keepsWritten ? OBSERVATION_INTERACTIONS : []),
    ],
    ...(keepsWritten ? { ...WRITTEN_CONDITIONS, searchInclude: ["*"], searchRevInclude: ["*"] } : {}),
    operation: [...validation, ...ownOperations("Observation")],
    versioning: "versioned",
    readHistory: true,
    searchParam: documented("Observation"),
  };
}

function subscription(): CapabilityStatementRestResource {
  return {
    type: "Subscription",
    documentation: SUBSCRIPTION,
    extension: topicExtensions,
    ...supported("Subscription"),
    interaction: [{ code: "read" }, { code: "search-type" }, ...SUBSCRIPTION_INTERACTIONS],
    operation: [...validation, ...ownOperations("Subscription"), ...subscriptionOperations],
    versioning: "versioned",
    readHistory: false,
    searchParam: documented("Subscription"),
  };
}

const documented = (type: string) =>
  searchables[type]?.parameters.map(({ name, type: kind, documentation }) => ({ name, type: kind, documentation })) ??
  [];

/** As it was written, and of some types as the house makes it. */
function kept(type: string, keepsWritten: boolean): CapabilityStatementRestResource {
  const kind = houseKind(type);
  return {
    type: type as CapabilityStatementRestResource["type"], // a type of R4
    ...(kind ? { documentation: kind.documentation } : {}),
    ...supported(type),
    ...(keepsWritten ? WRITTEN : { interaction: [{ code: "read" }, { code: "search-type" }], versioning: "versioned" }),
    operation: [...validation, ...ownOperations(type), ...(terminologyOperations[type] ? operationsOf(type) : [])],
    searchInclude: ["*"],
    searchRevInclude: ["*"],
    searchParam: parametersOf(type).map(({ name, type: of }) => ({ name, type: of })),
  };
}
