import {
  type DoorPolicy,
  feedTopicPolicies,
  fhirPolicies,
  hl7MessagePolicies,
  liveMessagePolicies,
  notificationPolicies,
  otherRoutes,
  type Policy,
  policies,
  type Route,
  type RouteName,
  routes,
  topicPolicies,
} from "@openward/api";
import { FIELD_KINDS, ROLES as PEOPLE, withheldFrom } from "@openward/model";

/** Where the page stands. */
export const PAGE = new URL("../../docs/security/authorisation.md", import.meta.url);

/** Roles of people and programs, and the screen on a wall. */
const ROLES = [...PEOPLE, "kiosk"] as const;

const TELLS: Readonly<Record<Policy["tells"], string>> = {
  nobody: "nothing about any patient",
  oneself: "the account of who asks",
  related: "the patients beside whom who asks stands: themselves, family, a ward of theirs",
  granted: "patients whom a grant shows to who asks; any other is as if there were none",
  fleet: "devices of the organisation; of who wears one only what a grant shows",
  office:
    "the whole organisation, because it is the work of that role; of patients who are not granted only what is named",
  deciding: "the patient, or who decides for them",
  subject:
    "the patient whose right it is: themselves, or whose guardian one is; to the privacy officer, who acts on a request, any of the organisation",
  emergency: "a patient of the organisation whose whole record number or id is known, with a reason; it is reviewed",
};

const GUARDS: Readonly<Partial<Record<Policy["tells"], string>>> = {
  nobody: "role",
  oneself: "role",
  office: "role",
  related: "relation",
  deciding: "relation",
  subject: "relation",
};

/** Which role may do what, and sees what of whom: made from the tables that the server itself goes by. */
export function authorisationPage(): string {
  const rows = (Object.keys(routes) as RouteName[]).map(rowOf);
  return `${[
    "# Who may do what",
    "",
    "<!-- Made by `npm run authorisation` from packages/api: change it there. -->",
    "",
    "Nobody sees a patient without a grant ([grants](../guides/grants.md)), whatever the role. A role says what may be asked; a grant says",
    "of whom. `test/authorisation` asks every cell of these tables of a running server, of whom it may not tell too, and looks for the marks of",
    "every patient in every answer ([ADR 36](../adr/0036-authorisation-matrix.md)).",
    "",
    "What an answer tells:",
    "",
    ...Object.entries(TELLS).map(([name, text]) => `- **${name}**: ${text}`),
    "",
    "Guarded by: **rows**, the row-level security of the database, which gives no rows of others whatever the server does; **view**, memory,",
    "which is read through the view of who asks, made from such rows; **role** and **relation**, the check at the door alone, as nothing else is told.",
    "",
    "## Routes of /api",
    "",
    `| route | what for | ${ROLES.map((role) => role.replace("-", " ")).join(" | ")} | tells | guarded by |`,
    `| --- | --- | ${ROLES.map(() => "---").join(" | ")} | --- | --- |`,
    ...rows,
    "",
    "## What is withheld",
    "",
    "Of the patients whom a grant shows, these fields are not shown to a role; nobody is found by them either. An answer says so: the header",
    "`openward-withheld`, and in FHIR data-absent-reason `masked`, the security label REDACTED and the tag SUBSETTED.",
    "",
    `| field | ${ROLES.map((role) => role.replace("-", " ")).join(" | ")} |`,
    `| --- | ${ROLES.map(() => "---").join(" | ")} |`,
    ...FIELD_KINDS.map(
      (kind) => `| ${kind} | ${ROLES.map((role) => (withheldFrom(role).has(kind) ? "withheld" : "")).join(" | ")} |`,
    ),
    "",
    "Applications see what their scopes say, and nothing that is withheld from the person who let them in.",
    "",
    "## /fhir",
    "",
    ...doors(fhirPolicies, "interaction"),
    "",
    "An application sees what the person who let it in sees, and of that what its scopes say ([ADR 34](../adr/0034-applications.md)).",
    "",
    "## Topics of MQTT",
    "",
    "| topic | way | who |",
    "| --- | --- | --- |",
    ...Object.entries(topicPolicies).map(([topic, { direction, who }]) => `| \`${topic}\` | ${direction} | ${who} |`),
    "",
    "## Topics of feeds",
    "",
    ...doors(feedTopicPolicies, "topic"),
    "",
    "## Notifications of FHIR Subscriptions",
    "",
    ...doors(notificationPolicies, "channel"),
    "",
    "## Messages of HL7 over MLLP",
    "",
    ...doors(hl7MessagePolicies, "message"),
    "",
    "## Messages of /live",
    "",
    ...doors(liveMessagePolicies, "message"),
    "",
    "## Other addresses",
    "",
    "| address | what is there |",
    "| --- | --- |",
    ...Object.entries(otherRoutes).map(([address, text]) => `| \`${address}\` | ${text} |`),
  ].join("\n")}\n`;
}

function doors(policies: Readonly<Record<string, DoorPolicy>>, word: string): string[] {
  return [
    `| ${word} | who | tells |`,
    "| --- | --- | --- |",
    ...Object.entries(policies).map(([name, { who, tells, office }]) => {
      const told = office?.length ? ` (${office.join(", ")})` : "";
      return `| \`${name}\` | ${who} | ${tells}${told} |`;
    }),
  ];
}

function rowOf(name: RouteName): string {
  const { method, path, summary, allow } = routes[name] as Route;
  const policy = policies[name];
  const marks = ROLES.map((role) => (allow === "public" ? "all" : allow.includes(role) ? "x" : ""));
  const told =
    policy.office?.length && policy.tells !== "fleet" ? ` (${policy.office.join(", ")}${officersOf(policy)})` : "";
  const guard = policy.isMeasured ? "view" : (GUARDS[policy.tells] ?? "rows");
  return `| \`${method} ${path}\` | ${summary.replaceAll("|", "\\|")} | ${marks.join(" | ")} | ${policy.tells}${told} | ${guard} |`;
}

const officersOf = ({ officers }: Policy) => (officers ? `; ${officers.join(", ")} alone` : "");
