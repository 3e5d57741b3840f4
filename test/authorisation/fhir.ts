import { type DoorPolicy, fhirPolicies, type Mark } from "@openward/api";
import { readingId } from "../../server/record/observation-id.ts";
import { observationParameters } from "../../server/record/search/observation-filter.ts";
import { writtenTypes } from "../../server/record/written/types.ts";
import { matchAbout } from "./fhir-match.ts";
import { changesAbout, readsWritten } from "./fhir-writing.ts";
import { hiddenMarks, wrongOfShared } from "./kept.ts";
import { type Known, marksIn, toldBeyond } from "./marks.ts";
import type { Finding } from "./matrix.ts";
import { inParallel } from "./server.ts";
import type { Subject, World } from "./world.ts";

interface Asked {
  readonly interaction: string;
  readonly url: string;
  /** What must stand in it where it is permitted; left out: what the interaction shows. */
  readonly shows?: readonly Mark[];
}

const first = (known: Known, mark: Mark, n = 0) => known.marks.get(mark)?.[n] ?? "";
const dayOf = (known: Known) => new Date(known.times[0] ?? 0).toISOString().slice(0, 10);

/** A value of each search parameter that this patient's resources answer to. */
const parameters: Readonly<Record<string, (known: Known) => string>> = {
  "Patient._id": ({ id }) => id,
  "Patient.identifier": ({ mrn }) => mrn,
  "Patient.name": (known) => first(known, "name"),
  "Patient.family": (known) => first(known, "name"),
  "Patient.given": (known) => first(known, "name", 1),
  "Patient.birthdate": (known) => first(known, "birth"),
  "Patient.gender": () => "female",
  "Device._id": ({ deviceId }) => deviceId,
  "Device.identifier": ({ deviceId }) => deviceId,
  "Device.patient": ({ id }) => id,
  "Device.type": () => "bedside-monitor",
  "Device.status": () => "active",
  "Device.udi-carrier": () => "(01)",
  "Device.udi-di": () => "0",
  "Device.device-name": ({ deviceId }) => `Monitor ${deviceId}`,
  "Device.manufacturer": () => "a",
  "Device.model": () => "m",
  "Device.location": () => "bay",
  "Device.parent": ({ deviceId }) => deviceId,
  "DeviceMetric._id": ({ streamId }) => streamId,
  "DeviceMetric.identifier": ({ streamId }) => streamId,
  "DeviceMetric.source": ({ deviceId }) => deviceId,
  "DeviceMetric.type": () => "8867-4",
  "DeviceMetric.parent": ({ deviceId }) => deviceId,
  "DeviceMetric.category": () => "measurement",
  "DeviceUseStatement._id": ({ associationId }) => associationId,
  "DeviceUseStatement.identifier": ({ associationId }) => associationId,
  "DeviceUseStatement.patient": ({ id }) => id,
  "DeviceUseStatement.subject": ({ id }) => `Patient/${id}`,
  "DeviceUseStatement.device": ({ deviceId }) => deviceId,
  "Observation._id": ({ streamId, times }) => readingId(streamId, times[1] ?? 0, 0),
  "Observation.patient": ({ id }) => id,
  "Observation.subject": ({ id }) => `Patient/${id}`,
  "Observation.code": () => "8867-4",
  "Observation.component-code": () => "8480-6",
  "Observation.combo-code": () => "8867-4",
  "Observation.category": () => "vital-signs",
  "Observation.date": dayOf,
  "Observation.device": ({ deviceId }) => deviceId,
  "Consent._id": ({ consentId }) => consentId,
  "Consent.patient": ({ id }) => id,
  "Consent.status": () => "active",
  "Subscription._id": ({ associationId }) => associationId,
  "Subscription.status": () => "active",
  "Subscription.type": () => "websocket",
  "Subscription.url": () => "https://receiver.example/",
  "Subscription.criteria": () => "urn:openward:subscription-topic:readings",
  "Subscription.topic": () => "urn:openward:subscription-topic:readings",
  "Subscription.payload": () => "application/fhir+json",
  "Subscription.payload-type": () => "empty",
  "Subscription.filter-criteria": ({ id }) => `Observation?patient=Patient/${id}`,
  "Subscription.contact": () => "nobody@ward.example",
  "CodeSystem._id": () => "loinc",
  "CodeSystem.url": () => "http://loinc.org",
  "CodeSystem.title": () => "LOINC",
  "ValueSet._id": () => "observation-status",
  "ValueSet.url": () => "http://hl7.org/fhir/ValueSet/observation-status",
  "ValueSet.title": () => "Signals",
  "ConceptMap._id": () => "openward-signal-loinc",
  "ConceptMap.url": () => "urn:openward:concept-map:signal-loinc",
  "ConceptMap.title": () => "Signals to LOINC",
  "AuditEvent._id": () => "00000000-0000-7000-8000-000000000001",
  "AuditEvent.patient": ({ id }) => id,
  "AuditEvent.date": dayOf,
  "AuditEvent.agent": ({ deviceId }) => deviceId,
  "AuditEvent.action": () => "R",
  "AuditEvent.entity": () => "Observation",
};

interface Capability {
  readonly rest: readonly {
    readonly resource: readonly {
      readonly type: string;
      readonly interaction: readonly { readonly code: string }[];
      readonly searchParam?: readonly { readonly name: string }[];
      readonly operation?: readonly { readonly name: string }[];
    }[];
    readonly interaction: readonly { readonly code: string }[];
    readonly compartment?: readonly string[];
    readonly operation?: readonly { readonly name: string }[];
  }[];
}

/** What /fhir says that it can do: each interaction and each parameter needs its row here. */
export async function interactionsOf(world: World): Promise<{ interactions: string[]; parameters: string[] }> {
  const { bytes } = await world.server.ask({ method: "GET", path: "/fhir/metadata" });
  const [rest] = (JSON.parse(bytes.toString("utf8")) as Capability).rest;
  const all = rest?.resource ?? [];
  const isWritten = new Set(writtenTypes);
  return {
    interactions: [
      ...new Set(
        all.flatMap(({ type, interaction }) =>
          // Of what the house makes too, what it makes is looked at by itself; writing is the same code for all.
          interaction.map(({ code }) =>
            !isWritten.has(type) || `${type}.${code}` in fhirPolicies ? `${type}.${code}` : `written.${code}`,
          ),
        ),
      ),
      ...(rest?.interaction ?? []).map(({ code }) => code),
      ...((rest?.compartment ?? []).length > 0 ? ["search-compartment"] : []),
      // An operation is the same of whatever type.
      ...new Set(
        [...all, ...(rest ? [rest] : [])].flatMap(({ operation = [] }) => operation.map(({ name }) => `$${name}`)),
      ),
    ].sort(),
    // Of what is kept as it was written the parameters are R4's own, and one code answers all of them.
    parameters: all
      .flatMap(({ type, searchParam }) =>
        (searchParam ?? []).flatMap(({ name }) =>
          type === "Observation" && !ofReadings.has(name) ? [] : [{ type, name: `${type}.${name}` }],
        ),
      )
      .filter(({ type, name }) => !isWritten.has(type) || name in parameters)
      .map(({ name }) => name)
      .sort(),
  };
}

/** What streams and times are found by; all other parameters of an Observation are R4's own. */
const ofReadings = new Set(observationParameters.map(({ name }) => name));

export const knownParameters = Object.keys(parameters).sort();

/** What refers to a patient, and to whom that refers. */
const EVERYTHING_OF = `{
  id name { text family given } birthDate identifier { value }
  ObservationList(_reference: patient, _count: 20) { id valueQuantity { value } subject { reference resource { ... on Patient { id name { text } } } } }
  ConditionList(_reference: patient) { id note { text } code { text } subject { reference } }
  DeviceList(_reference: patient) { id identifier { value } serialNumber }
  ConsentList(_reference: patient) { id }
}`;
const SEARCHED = [
  ...["Patient", "Device", "DeviceMetric", "DeviceUseStatement", "Observation", "Consent", "AuditEvent"],
  ...["Provenance", "Practitioner", "RelatedPerson"],
];

/** Everything that can be asked about one patient. */
export function fhirQuestions(known: Known): Asked[] {
  const observation = `Observation/${readingId(known.streamId, known.times[1] ?? 0, 0)}`;
  const isOfNobody = /\.(component-code|agent|action|entity|_id|date|patient)$/;
  return [
    { interaction: "Patient.read", url: `Patient/${known.id}` },
    { interaction: "Patient.vread", url: `Patient/${known.id}/_history/1`, shows: [] },
    { interaction: "Patient.history-instance", url: `Patient/${known.id}/_history` },
    { interaction: "Device.read", url: `Device/${known.deviceId}`, shows: ["device", "id"] },
    { interaction: "DeviceMetric.read", url: `DeviceMetric/${known.streamId}` },
    { interaction: "DeviceUseStatement.read", url: `DeviceUseStatement/${known.associationId}` },
    { interaction: "Observation.read", url: observation },
    { interaction: "Observation.vread", url: `${observation}/_history/1` },
    { interaction: "Observation.history-instance", url: `${observation}/_history` },
    { interaction: "AuditEvent.read", url: "AuditEvent/00000000-0000-7000-8000-000000000001" },
    { interaction: "Provenance.read", url: `Provenance/${known.amendmentId}` },
    { interaction: "RelatedPerson.read", url: `RelatedPerson/${known.relationId}` },
    { interaction: "Consent.read", url: `Consent/${known.consentId}` },
    { interaction: "Consent.vread", url: `Consent/${known.consentId}/_history/1` },
    { interaction: "Consent.history-instance", url: `Consent/${known.consentId}/_history` },
    { interaction: "CodeSystem.read", url: "CodeSystem/openward-signal" },
    { interaction: "ValueSet.read", url: "ValueSet/observation-status" },
    { interaction: "ConceptMap.read", url: "ConceptMap/openward-mdc-ucum" },
    { interaction: "$lookup", url: "CodeSystem/$lookup?system=http://loinc.org&code=8867-4" },
    { interaction: "$validate-code", url: "CodeSystem/$validate-code?url=http://loinc.org&code=8867-4" },
    { interaction: "$subsumes", url: "CodeSystem/$subsumes?system=http://loinc.org&codeA=8867-4&codeB=8867-4" },
    { interaction: "$expand", url: "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/observation-status" },
    { interaction: "$translate", url: "ConceptMap/$translate?system=urn:openward:signal&code=heart-rate" },
    { interaction: "$lastn", url: `Observation/$lastn?code=8867-4&patient=${known.id}` },
    { interaction: "$meta", url: `Condition/${known.conditionId}/$meta` },
    { interaction: "$export", url: `Patient/$export?_type=Patient&patient=${known.id}` },
    { interaction: "$everything", url: `Patient/${known.id}/$everything?_count=1000` },
    { interaction: "$stats", url: `Observation/$stats?code=8867-4&statistic=count,median&subject=${known.id}` },
    { interaction: "$graphql", url: `Patient/${known.id}/$graphql?query=${encodeURIComponent(EVERYTHING_OF)}` },
    ...SEARCHED.map((type) => ({
      interaction: `${type}.search-type`,
      url: type,
      ...(["Observation", "AuditEvent"].includes(type) ? { shows: [] } : {}),
    })),
    { interaction: "Observation.history-type", url: "Observation/_history?_count=1000", shows: [] },
    ...[
      `patient._id=${known.id}`,
      `patient=${known.id}&value-quantity=gt0`,
      "_lastUpdated=gt2020-01-01&status=final",
    ].map((query) => ({ interaction: "Observation.search-type", url: `Observation?${query}&_count=200`, shows: [] })),
    { interaction: "written.read", url: `Condition/${known.conditionId}` },
    { interaction: "written.vread", url: `Condition/${known.conditionId}/_history/1` },
    { interaction: "written.history-instance", url: `Condition/${known.conditionId}/_history` },
    { interaction: "written.history-type", url: "Condition/_history?_count=1000" },
    { interaction: "history-system", url: "_history?_count=1000" },
    { interaction: "search-system", url: `?_type=Patient,DeviceMetric&_id=${known.id}` },
    { interaction: "search-system", url: `?_id=${known.id},${known.conditionId}`, shows: [] },
    { interaction: "search-system", url: "?_type=Patient,Condition&_sort=-_lastUpdated&_count=1000", shows: [] },
    { interaction: "search-compartment", url: `Patient/${known.id}/*?_count=200` },
    // The device may be told of to who does not see its patient; nothing of the patient stands in its compartment then.
    { interaction: "Device.search-type", url: `Device/${known.deviceId}/*?_count=200`, shows: [] },
    ...[
      "",
      `_id=${known.conditionId}`,
      `patient=${known.id}`,
      `subject=Patient/${known.id}`,
      `patient._id=${known.id}`,
      `subject:Patient.identifier=${known.mrn}`,
      `identifier=${encodeURIComponent(`urn:test|condition of ${known.id}`)}`,
      `_content=${first(known, "reason")}`,
      "code=38341003",
      "recorded-date=2026-11-01",
      "_lastUpdated=gt2020-01-01",
      "code:not=1",
    ].map((query) => ({
      interaction: "written.search-type",
      url: `Condition?${query}&_count=1000`,
      shows: ["id"] as const,
    })),
    ...Object.entries(parameters).map(([name, textOf]) => {
      const [type = "", parameter = ""] = name.split(".");
      const isEmpty =
        type === "AuditEvent" ||
        /^Device\.(udi-carrier|udi-di|manufacturer|model|location|parent)$/.test(name) ||
        name === "Observation.component-code" ||
        (type === "Observation" && isOfNobody.test(name) && parameter === "date");
      return {
        interaction: `${type}.search-type`,
        url: `${type}?${parameter === "location" ? "location:text" : parameter}=${encodeURIComponent(textOf(known))}&_count=200`,
        ...(isEmpty ? { shows: [] } : {}),
      };
    }),
  ];
}

/** Of nobody's patient: somebody who works where this one is. */
export const ofStaff = ({ staff }: Pick<World, "staff">, { organisationId }: Known): Asked => ({
  interaction: "Practitioner.read",
  url: `Practitioner/${staff.get(organisationId)}`,
});

/** A search that finds nothing but what is kept back. */
function isAboutKept({ keeps }: Subject, { key }: Known, url: string): boolean {
  const keeping = keeps.get(key);
  if (!keeping || !/^(Observation|DeviceMetric)/.test(url)) return false;
  return !keeping.isOpen || /\?(_id|identifier|type|code|combo-code)=/.test(url);
}

/** Lists of whatever streams a patient has. */
const isOfStreams = (url: string) => /^DeviceMetric(\?source=|$)|^Observation\?(patient|subject)=/.test(url);

/** Whose work the log is, by /api/audit too. */
const OVERSIGHT = new Set<string | null>(["administrator", "privacy-officer"]);
/** Who is told of every device of the organisation; everybody else of those on patients whom they see. */
const WARD = new Set<string | null>(["nurse", "physician", "clinical-engineer", "administrator", "integration"]);

/** Reads of something of the heart. */
const OF_THE_HEART = new Set([
  "DeviceMetric.read",
  "Observation.read",
  "Observation.vread",
  "Observation.history-instance",
  "Provenance.read",
]);

const HIDDEN_FROM: Readonly<Record<string, readonly string[]>> = {
  "clinical-engineer": ["name", "family", "given", "birthdate", "gender"],
  researcher: ["name", "family", "given", "birthdate", "identifier"],
};

/** May this one ask this at all? */
function mayAsk({ url }: Asked, subject: Subject): boolean {
  const type = /^[A-Za-z]*/.exec(url)?.[0] ?? "";
  // Whoever finds nobody is answered with nobody.
  const isSearch = !/^[A-Za-z]+\//.test(url);
  // Of what nobody named, those types are told that may be.
  if (subject.kind === "app" && url.startsWith("?_id=")) return /\.\w*s\b/.test(subject.scopes ?? "");
  if (subject.kind === "app" && type === "Practitioner" && !isSearch)
    return subject.scopes?.startsWith("system/*") === true;
  if (subject.kind === "app")
    return subject.scopes?.includes("/*.rs") === true
      ? type !== "AuditEvent" || (isSearch && subject.scopes.startsWith("system/"))
      : subject.scopes?.includes(`/${type}.rs`) === true;
  if (subject.role === null || subject.kind === "kiosk") return false;
  if (isSearch && (type === "Practitioner" || type === "RelatedPerson")) return true;
  if (type === "Practitioner") return !["patient", "family", "researcher"].includes(subject.role);
  // The one who is asked for is none of those who ask.
  if (type === "RelatedPerson") return WARD.has(subject.role) && subject.role !== "clinical-engineer";
  const [, parameter = ""] = /\?([a-z]+)=/.exec(url) ?? [];
  // By what is withheld nobody is found.
  if (type === "Patient" && HIDDEN_FROM[subject.role]?.includes(parameter)) return false;
  // What other systems logged a program is told, too.
  if (type === "AuditEvent" && isSearch && subject.role === "integration") return true;
  return type !== "AuditEvent" || OVERSIGHT.has(subject.role);
}

const isOfWritten = ({ interaction }: Asked): boolean => /^written|^history-system|^\$meta/.test(interaction);

/** The same code as their neighbours, by another name. */
const FOR_THE_CAMPAIGN = /^Condition\?(_id|subject|patient\._id|identifier|code|recorded-date|_lastUpdated)/;

/** One of the staff and one application, of whom they see and of whom they do not: a batch goes the same way but for the door. */
const isAskedAlone = ({ name, kind, scopes }: Subject, standing: string): boolean =>
  (name === "nurse (own)" || (kind === "app" && scopes === "patient/*.rs")) &&
  ["own", "other patient"].includes(standing);

/** Asks everything of /fhir, in batches, and for a nurse and an application one by one as well. */
export async function runFhir(world: World, isWhole: boolean): Promise<{ findings: Finding[]; asked: number }> {
  const findings: Finding[] = [];
  let asked = 0;
  // Of each role the one who was granted; of nurses, tokens and applications all.
  const some = world.subjects.filter(
    ({ kind, role, targets }) => isWhole || kind === "app" || role === "nurse" || targets.has("own"),
  );
  const cells = some.flatMap((subject) =>
    [...subject.targets].map(([standing, target]) => ({ subject, standing, target })),
  );
  await inParallel(cells, async ({ subject, standing, target }) => {
    // A vocabulary is of no patient: once for each who asks.
    const isFirst = subject.targets.values().next().value === target;
    const questions = [...fhirQuestions(target), ofStaff(world, target)].filter(
      ({ url }) =>
        (isFirst || !/^(?:CodeSystem|ValueSet|ConceptMap)\b/.test(url)) && (isWhole || !FOR_THE_CAMPAIGN.test(url)),
    );
    const name = (one: Asked) => `${one.interaction} ${one.url.split("=")[0]} as ${subject.name}: ${standing}`;
    const look = (one: Asked, status: number, headers: string, bytes: Buffer) => {
      asked++;
      const policy = fhirPolicies[one.interaction] as DoorPolicy;
      for (const known of Object.values(world.known)) {
        const found = marksIn({ status, headers, bytes }, known, one.url);
        for (const mark of toldBeyond(found, allowedTo(subject, one, known)))
          findings.push({ cell: name(one), what: `told the ${mark} of "${known.key}" (${status})` });
      }
      if (!mayAsk(one, subject)) {
        if (status < 400) findings.push({ cell: name(one), what: `${status} in place of a refusal` });
        return;
      }
      if (one.interaction === "Practitioner.read") {
        const expected = target.key === "foreign" ? 404 : 200;
        if (status !== expected) findings.push({ cell: name(one), what: `${status} in place of ${expected}` });
        return;
      }
      if (policy.tells === "nobody") {
        // An export is begun; whoever has four of them running waits.
        const good = one.interaction === "$export" ? [202, 429] : [200];
        if (!good.includes(status))
          findings.push({ cell: name(one), what: `${status} in place of ${good.join(", ")}` });
        return;
      }
      const sees = subject.sees.has(target.key) && !(isOfWritten(one) && !readsWritten(subject, target));
      const isKept = subject.keeps.has(target.key) && OF_THE_HEART.has(one.interaction);
      const isRead = !/(search-type|search-system|history-type|history-system)$|^\$(lastn|stats)$/.test(
        one.interaction,
      );
      if (isRead && (!sees || isKept) && policy.tells !== "fleet" && status !== 404)
        findings.push({ cell: name(one), what: `${status} in place of 404` });
      if (!sees || isKept || one.interaction === "AuditEvent.read") return;
      const shown = marksIn({ status, headers: "", bytes }, target);
      const wrong = wrongOfShared(subject, target, { status, headers: "", bytes }, isOfStreams(one.url));
      if (wrong) findings.push({ cell: name(one), what: wrong });
      const shows = one.shows ?? policy.shows;
      for (const mark of toldBeyond(isAboutKept(subject, target, one.url) ? [] : shows, [
        ...shown,
        ...hiddenMarks(subject, target),
      ]))
        findings.push({
          cell: name(one),
          what: `does not show the ${mark} (${status}): ${bytes.toString("utf8").slice(0, 160)}`,
        });
    };
    const batch = await world.server.ask({
      method: "POST",
      path: "/fhir",
      headers: subject.headers,
      body: {
        resourceType: "Bundle",
        type: "batch",
        entry: questions.map(({ url }) => ({ request: { method: "GET", url } })),
      },
    });
    const text = batch.bytes.toString("utf8");
    const entry = batch.status === 200 ? (JSON.parse(text) as { entry: { response: { status: string } }[] }).entry : [];
    // Who is not let in gets one answer for all.
    questions.forEach((one, i) => {
      const part = entry[i];
      const bytes = part ? Buffer.from(JSON.stringify(part)) : batch.bytes;
      look(one, Number(part?.response.status ?? batch.status), batch.headers, bytes);
    });
    await changesAbout(world, subject, target, (interaction, what) =>
      findings.push({ cell: `${interaction} as ${subject.name}: ${standing}`, what }),
    );
    await validateAbout(world, subject, target, (what) =>
      findings.push({ cell: `$validate as ${subject.name}: ${standing}`, what }),
    );
    // As a search by what is withheld: of a role from which anything of these is, nobody is looked up.
    const mayMatch =
      mayAsk({ interaction: "$match", url: "Patient" }, subject) &&
      !["clinical-engineer", "researcher"].includes(subject.role ?? "");
    await matchAbout(world, subject, target, mayMatch, (what) =>
      findings.push({ cell: `$match as ${subject.name}: ${standing}`, what }),
    );
    asked += 11;
    if (!isWhole && !isAskedAlone(subject, standing)) return;
    for (const one of questions) {
      const answer = await world.server.ask({ method: "GET", path: `/fhir/${one.url}`, headers: subject.headers });
      look(one, answer.status, answer.headers, answer.bytes);
    }
  });
  return { findings, asked };
}

/** What is sent, and what is stored of them: of who is not seen as if there were nobody, and never what stands in it. */
async function validateAbout(
  { server, known }: World,
  subject: Subject,
  target: Known,
  found: (what: string) => void,
): Promise<void> {
  const { headers } = subject;
  const isKnown = subject.role !== null && subject.kind !== "kiosk";
  const mayRead = mayAsk({ interaction: "Patient.read", url: `Patient/${target.id}` }, subject);
  const sees = subject.sees.has(target.key);
  for (const [path, body, expected] of [
    [
      "Patient/$validate",
      { resourceType: "Patient", id: target.id, identifier: [{ value: target.mrn }], gender: target.mrn },
      isKnown || subject.kind === "app" ? [200] : [401, 403],
    ],
    [`Patient/${target.id}/$validate`, undefined, mayRead ? [sees ? 200 : 404] : [401, 403, 404]],
  ] as const) {
    const method = body === undefined ? "GET" : "POST";
    const answer = await server.ask({
      method,
      path: `/fhir/${path}`,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    if (!(expected as readonly number[]).includes(answer.status))
      found(`${answer.status} in place of ${expected.join(", ")}`);
    for (const one of Object.values(known)) {
      const marks = marksIn({ status: answer.status, headers: answer.headers, bytes: answer.bytes }, one, path);
      for (const mark of marks) found(`told the ${mark} of "${one.key}" (${answer.status})`);
    }
  }
}

function allowedTo(subject: Subject, { interaction }: Asked, known: Known): readonly Mark[] {
  const office = officeOf(subject, interaction, known);
  return subject.sees.has(known.key)
    ? [...toldBeyond([...known.marks.keys()], hiddenMarks(subject, known)), ...office]
    : office;
}

/** Of a patient who is not seen. */
function officeOf(subject: Subject, interaction: string, known: Known): readonly Mark[] {
  const policy = fhirPolicies[interaction] as DoorPolicy;
  // An application that was given one patient has that patient's devices and no others.
  // The log has what was asked for, by the ids that the house's own people asked with.
  if (interaction.startsWith("AuditEvent")) return OVERSIGHT.has(subject.role) ? (policy.office ?? []) : [];
  // In a patient's compartment stand what of the log is about them, and what else was asked for with them.
  if (interaction === "search-compartment" && OVERSIGHT.has(subject.role))
    return fhirPolicies["AuditEvent.search-type"]?.office ?? [];
  if (known.key === "foreign" || (subject.scopes?.startsWith("patient/") ?? false)) return [];
  return WARD.has(subject.role) || subject.kind === "app" ? (policy.office ?? []) : [];
}
