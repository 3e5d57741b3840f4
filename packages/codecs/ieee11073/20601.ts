import { RefusedInput } from "@openward/errors";
import type { Codec, DecodeContext } from "../codec.ts";
import { Findings } from "../findings.ts";
import { instantOf } from "../local-time.ts";
import { ATTRIBUTE, type Configuration, parseConfiguration, standardConfiguration } from "./configuration.ts";
import { MderReader } from "./mder.ts";
import { type Attribute, absoluteTime, addObservation, type ReportContext } from "./observation.ts";

const NAME = "ieee11073/20601";
const ASSOCIATION_REQUEST = 0xe200;
const PRESENTATION = 0xe700;
const OTHERS: ReadonlyMap<number, string> = new Map([
  [0xe300, "an association response"],
  [0xe400, "a release request"],
  [0xe500, "a release response"],
  [0xe600, "an abort"],
]);
const EVENT_REPORTS = [0x0100, 0x0101];
const GET_RESPONSE = 0x0203;
const PROTOCOL_20601 = 0x5079;
const NO_TIME = 0xffffffff;
const CONFIGURATION = 3356;
interface ReportKind {
  readonly isFixed: boolean;
  readonly ofPersons: boolean;
}
const ofVariable: ReportKind = { isFixed: false, ofPersons: false };
const ofFixed: ReportKind = { isFixed: true, ofPersons: false };
const ofPersonsVariable: ReportKind = { isFixed: false, ofPersons: true };
const ofPersonsFixed: ReportKind = { isFixed: true, ofPersons: true };
/** Scan reports: of the agent itself, of its episodic and of its periodic scanners. */
const REPORTS: ReadonlyMap<number, ReportKind> = new Map([
  [3357, ofFixed],
  [3358, ofVariable],
  [3359, ofPersonsFixed],
  [3360, ofPersonsVariable],
  [3362, ofVariable],
  [3363, ofFixed],
  [3365, ofPersonsVariable],
  [3366, ofPersonsFixed],
  [3368, ofVariable],
  [3369, ofFixed],
  [3371, ofPersonsVariable],
  [3372, ofPersonsFixed],
]);
/** Values of one report. */
const MOST = 10_000;

/**
 * APDUs of an IEEE 11073-20601 agent (a Bluetooth or USB health device of before Bluetooth's health services), one each. In
 * one capture first the association request (E2 00) and, where the agent's configuration is none of the standard, its
 * configuration report: they say what the handles of the measurements mean.
 *
 * @throws RefusedInput CONTEXT_MISSING
 */
const codec: Codec = {
  name: NAME,
  display: "IEEE 11073-20601 agent",
  decode(bytes, context) {
    const reader = new MderReader(bytes, NAME);
    const found = new Findings(context);
    const choice = reader.u16("choice");
    const apdu = reader.part("length");
    if (choice === ASSOCIATION_REQUEST) readAssociation(found, apdu, context);
    else if (choice === PRESENTATION) readData(found, apdu.part("dataApdu"), context);
    else if (OTHERS.has(choice)) found.ignore(0, OTHERS.get(choice) ?? "");
    else reader.refuse("choice", 0, "an APDU of 11073-20601");
    found.ignoreRest(bytes, reader.offset);
    return found;
  },
};

function readAssociation(found: Findings, reader: MderReader, context: DecodeContext): void {
  reader.u32("assocVersion");
  const { count, entries } = reader.list("dataProtoList");
  for (let i = 0; i < count; i++) {
    const { offset } = entries;
    const id = entries.u16("dataProtoId");
    const info = entries.part("dataProtoInfo");
    if (id !== PROTOCOL_20601) {
      found.ignore(offset, "a data protocol of another standard");
      continue;
    }
    info.u32("protocolVersion");
    info.u16("encodingRules");
    info.u32("nomenclatureVersion");
    info.u32("functionalUnits");
    info.u32("systemType");
    found.fact("systemId", hexOf(info.part("systemId")));
    const configuration = standardConfiguration(info.u16("devConfigId"));
    if (configuration) context.session.agent = configuration;
  }
}

function readData(found: Findings, reader: MderReader, context: DecodeContext): void {
  reader.u16("invokeId");
  const { offset } = reader;
  const choice = reader.u16("dataChoice");
  const body = reader.part("dataLength");
  if (EVENT_REPORTS.includes(choice)) {
    body.u16("objHandle");
    const time = body.u32("eventTime");
    const type = body.u16("eventType");
    const info = body.part("eventInfo");
    readReport(found, type, info, { decode: context, eventTime: time === NO_TIME ? null : time });
  } else if (choice === GET_RESPONSE) {
    body.u16("objHandle");
    readMds(found, attributesOf(body), context);
  } else found.ignore(offset, "a message between agent and manager");
}

function readReport(found: Findings, type: number, reader: MderReader, context: ReportContext): void {
  const { offset } = reader;
  if (type === CONFIGURATION) {
    reader.u16("configReportId");
    context.decode.session.agent = parseConfiguration(reader);
    return;
  }
  const report = REPORTS.get(type);
  if (!report) {
    found.ignore(offset, `an event report of the type ${type}`);
    return;
  }
  const configuration = configurationOf(context.decode, offset);
  reader.u16("dataReqId");
  reader.u16("scanReportNo");
  const { isFixed, ofPersons } = report;
  const budget = { left: MOST };
  if (!ofPersons) {
    readScans(found, reader, isFixed, configuration, context, budget);
    return;
  }
  const { count, entries } = reader.list("scanPerVar");
  for (let i = 0; i < count; i++) {
    found.ignore(entries.offset, `person ${entries.u16("personId")} of the device`);
    readScans(found, entries, isFixed, configuration, context, budget);
  }
}

function readScans(
  found: Findings,
  reader: MderReader,
  isFixed: boolean,
  configuration: Configuration,
  context: ReportContext,
  budget: { left: number },
): void {
  const { count, entries } = reader.list("obsScan");
  for (let i = 0; i < count; i++) {
    const { offset } = entries;
    if (--budget.left < 0) entries.refuse("obsScan", offset, `at most ${MOST} observations`);
    const object = configuration.get(entries.u16("objHandle"));
    const attributes = isFixed ? [] : attributesOf(entries);
    const data = isFixed ? entries.part("obsValData") : undefined;
    if (!object) {
      const expected = "a handle of the configuration that was sent before";
      found.refuse({ code: "CONTEXT_MISSING", field: "objHandle", expected, readings: 1 });
      continue;
    }
    if (data) {
      for (const [id, length] of object.valueMap) {
        const start = data.offset;
        if (data.left < length) data.refuse("obsValData", start, `${length} bytes, ${data.left} are there`);
        attributes.push({ id, value: new MderReader(data.bytes, NAME, start, start + length) });
        data.offset = start + length;
      }
    }
    addObservation(found, object, attributes, context);
  }
}

function attributesOf(reader: MderReader): Attribute[] {
  const { count, entries } = reader.list("attributes");
  const found: Attribute[] = [];
  for (let i = 0; i < count; i++) found.push({ id: entries.u16("attributeId"), value: entries.part("attributeValue") });
  return found;
}

/** What an agent says of itself when it is asked. */
function readMds(found: Findings, attributes: readonly Attribute[], context: DecodeContext): void {
  for (const { id, value } of attributes) {
    const { offset } = value;
    if (id === ATTRIBUTE.model) {
      found.fact("manufacturer", value.part("manufacturer").text());
      found.fact("model", value.part("modelNumber").text());
    } else if (id === ATTRIBUTE.systemId) found.fact("systemId", hexOf(value.part("systemId")));
    else if (id === ATTRIBUTE.productionSpecification) readSpecification(found, value);
    else if (id === ATTRIBUTE.battery) found.online({ ...found.status, battery: Math.min(100, value.u16("battery")) });
    else if (id === ATTRIBUTE.timeAbsolute) {
      found.online({ ...found.status, clock: instantOf(absoluteTime(value), context).time });
    } else found.ignore(offset, `attribute ${id} of the device`);
  }
}

const SPECIFICATIONS = new Map([
  [1, "serial"],
  [3, "hardware"],
  [4, "software"],
  [5, "firmware"],
] as const);

function readSpecification(found: Findings, value: MderReader): void {
  const { count, entries } = value.list("productionSpec");
  for (let i = 0; i < count; i++) {
    const { offset } = entries;
    const fact = SPECIFICATIONS.get(entries.u16("specType") as 1);
    entries.u16("componentId");
    const text = entries.part("prodSpec").text();
    if (fact === undefined || text === "") found.ignore(offset, "a part of the production specification");
    else found.fact(fact, text);
  }
}

function configurationOf({ session }: DecodeContext, offset: number): Configuration {
  if (session.agent) return session.agent;
  const expected = "the association request, or the configuration, of the agent before it in the same capture";
  throw new RefusedInput("CONTEXT_MISSING", { at: "objHandle", format: NAME, offset, expected });
}

function hexOf(reader: MderReader): string {
  const bytes = reader.bytes.subarray(reader.offset, reader.end);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .toUpperCase();
}

export default codec;
