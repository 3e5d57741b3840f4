import type { Definitions, ProfileData, RuleData } from "../data.ts";
import { codeable, coding, guide, must, not, of, references, sliced } from "./rules.ts";

const BALP = "https://profiles.ihe.net/ITI/BALP/";
const PROFILE = `${BALP}StructureDefinition/IHE.BasicAudit.`;
const SET = `${BALP}ValueSet/`;
const TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/";
const DCM = "http://dicom.nema.org/resources/ontology/DCM";
const INTERACTION = "http://hl7.org/fhir/restful-interaction";
const ENTITY = `${TERMINOLOGY}audit-entity-type`;
const ROLE = `${TERMINOLOGY}object-role`;
const PARTICIPATION = `${TERMINOLOGY}v3-ParticipationType`;

const SOURCE = codeable(DCM, "110153");
const DESTINATION = codeable(DCM, "110152");
const APPLICATION = codeable(DCM, "110150");
const CUSTODIAN = codeable(`${TERMINOLOGY}provenance-participant-type`, "custodian");
const RECIPIENT = codeable(PARTICIPATION, "IRCP");
const ORIGINATOR = { binding: { required: `${SET}DataSources` } };

type Asked = Omit<RuleData, "name">;

interface Kind {
  readonly action: string;
  readonly subtype: Asked;
  readonly client: Asked;
  readonly server: Asked;
  readonly user: Asked;
  readonly data: Asked;
}

const fromSet = (name: string) => ({ binding: { required: SET + name }, types: [{ code: "Coding" }] });
const onSystemObject = (...elements: RuleData[]) => ({
  min: 1,
  max: 1,
  elements: [must("type", coding(ENTITY, "2")), ...elements],
});
const inRole = of("role", fromSet("RestObjectRoles"));

const KINDS: Readonly<Record<string, Kind>> = {
  Create: {
    action: "C",
    subtype: coding(INTERACTION, "create"),
    client: SOURCE,
    server: DESTINATION,
    user: ORIGINATOR,
    data: onSystemObject({ ...inRole, min: 1 }, must("what")),
  },
  Read: {
    action: "R",
    subtype: fromSet("AllReadVS"),
    client: DESTINATION,
    server: SOURCE,
    user: RECIPIENT,
    data: onSystemObject(inRole, must("what")),
  },
  Update: {
    action: "U",
    subtype: fromSet("AllUpdateVS"),
    client: SOURCE,
    server: DESTINATION,
    user: ORIGINATOR,
    data: onSystemObject({ ...inRole, min: 1 }, must("what")),
  },
  Delete: {
    action: "D",
    subtype: coding(INTERACTION, "delete"),
    client: APPLICATION,
    server: CUSTODIAN,
    user: ORIGINATOR,
    data: onSystemObject({ ...inRole, min: 1 }, must("what")),
  },
  Query: {
    action: "E",
    subtype: fromSet("AllSearchVS"),
    client: SOURCE,
    server: DESTINATION,
    user: RECIPIENT,
    data: onSystemObject(must("role", coding(ROLE, "24")), not("what"), not("lifecycle"), must("query"), not("detail")),
  },
};

const onNetwork = (type: Asked) => ({
  min: 1,
  max: 1,
  elements: [must("type", type), must("who"), must("network"), not("media")],
});

const ofPatient = {
  min: 1,
  max: 1,
  elements: [must("type", coding(ENTITY, "1")), must("role", coding(ROLE, "1")), must("what", references("Patient"))],
};

function profile({ action, subtype, client, server, user, data }: Kind, isOfPatient: boolean): ProfileData {
  return {
    type: "AuditEvent",
    rule: of("AuditEvent", {
      elements: [
        must("type", coding(`${TERMINOLOGY}audit-event-type`, "rest")),
        sliced("subtype", "$this", 1, { any: { min: 1, max: 1, ...subtype } }),
        must("action", { fixed: action }),
        must("outcome", { fixed: "0" }),
        sliced("agent", "type", 2, {
          client: onNetwork(client),
          server: onNetwork(server),
          user: {
            max: 1,
            elements: [must("type", user), must("who"), of("requestor", { fixed: true }), not("media"), not("network")],
          },
        }),
        sliced("entity", "type", isOfPatient ? 2 : 1, {
          transaction: {
            max: 1,
            elements: [
              must("type", coding(`${BALP}CodeSystem/BasicAuditEntityType`, "XrequestId")),
              of("what", { elements: [of("identifier", { elements: [must("value")] })] }),
            ],
          },
          data,
          ...(isOfPatient ? { patient: ofPatient } : {}),
        }),
      ],
    }),
  };
}

const codes = (system: string, ...list: string[]) => ({ systems: { [system]: list } });

/**
 * Profiles of AuditEvent for what is done over REST.
 *
 * @source IHE Basic Audit Log Patterns (github.com/IHE/ITI.BasicAudit, input/fsh), CC BY 4.0; restated here
 */
export const balp: Definitions = guide(
  "IHE Basic Audit Log Patterns",
  Object.fromEntries(
    Object.entries(KINDS).flatMap(([name, kind]) => [
      [PROFILE + name, profile(kind, false)],
      [`${PROFILE}Patient${name}`, profile(kind, true)],
    ]),
  ),
  {
    [`${SET}AllReadVS`]: codes(INTERACTION, "read", "vread"),
    [`${SET}AllUpdateVS`]: codes(INTERACTION, "update", "patch"),
    [`${SET}AllSearchVS`]: codes(INTERACTION, "search", "search-type", "search-system"),
    [`${SET}RestObjectRoles`]: codes(ROLE, "4", "3", "20"),
    [`${SET}DataSources`]: codes(PARTICIPATION, "AUT", "INF", "CST"),
  },
);
