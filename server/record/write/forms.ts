import { hash } from "node:crypto";
import { parseOffset, parseTime } from "@openward/codecs";
import type { RefusalCode } from "@openward/errors";
import { type Filled, filledOf, fillIn } from "@openward/fhir/form";
import { isObject, parseResource, type Resource } from "@openward/fhir/json";
import { findableOf } from "@openward/fhir/search";
import type { Filling, ObservationForms } from "@openward/fhir/store";
import { findSignal, type Signal } from "@openward/signals";
import { isHidden } from "@openward/signals/categories";
import { type Conversion, checkUnit, toBaseUnits, toCanonical } from "@openward/signals/units";
import type { RecordContext } from "../context.ts";
import { readingId } from "../observation-id.ts";
import { isPanelMember } from "../resources/observation-kind.ts";
import { fhirTime } from "../resources/time.ts";
import { definitions } from "../written/definitions.ts";
import { contentOf, toldOf } from "../written/present.ts";
import type { Done } from "../written/write.ts";
import { placeParts } from "./identity.ts";
import { AHEAD_MS, EARLIEST } from "./measure.ts";
import type { Good } from "./observation.ts";
import { needObservationWriter, observationReach } from "./reach.ts";
import { inQuarantine } from "./take.ts";
import { TYPE } from "./texts.ts";

/** What is known of a form: everything about its Observations that does not depend on when and how much. */
interface Known {
  readonly number: number;
  readonly patientId: string;
  readonly streamId: string;
  readonly deviceId: string;
  readonly signal: Signal;
  /** As streams have it. */
  readonly unit: string;
  readonly conversion: Conversion;
  /** UCUM's code by which amounts are brought to base units; undefined: they are not. */
  readonly baseUnit: string | undefined;
}

interface Memory {
  /** By writer and text. */
  readonly known: Map<string, Known>;
  /** Hashes of those that came once: most of them never come again. */
  readonly once: Set<string>;
}

/** A thousand bytes or two each. */
const KNOWN_MAX = 20_000;
const ONCE_MAX = 50_000;

const memories = new WeakMap<ObservationForms, Memory>();

function memoryOf(forms: ObservationForms): Memory {
  const memory = memories.get(forms) ?? { known: new Map(), once: new Set() };
  memories.set(forms, memory);
  return memory;
}

/** An Observation that is one of a known form, and that nothing keeps out. */
export interface InForm {
  readonly known: Known;
  readonly filling: Filling;
  /** As it is kept. */
  readonly content: Resource;
}

const writerOf = ({ view, app }: RecordContext): string => app?.clientId ?? view.principal.id;
const keyOf = (context: RecordContext, form: string): string => `${writerOf(context)} ${form}`;

/**
 * A new Observation of a known form: all that was found good of the form holds for it, and what depends on when and how much
 * is looked at here.
 *
 * @param body as `parseFhir` reads it
 * @returns undefined: it is another, or something may be wrong with it; the long way tells what
 */
export async function inForm(context: RecordContext, body: unknown): Promise<InForm | undefined> {
  const { written, intake, view, clock } = context;
  if (!written || !intake || !isObject(body) || !isBare(body)) return undefined;
  const content = contentOf(body as Resource);
  const filled = filledOf(content);
  const known = filled && memoryOf(written.forms).known.get(keyOf(context, filled.form));
  if (!known || !isWriter(context, known.patientId)) return undefined;
  const { patientId, streamId, deviceId, signal, unit, baseUnit } = known;
  const time = timeOf(filled.effective);
  if (!time || time.at < EARLIEST || time.at > clock.now() + AHEAD_MS) return undefined;
  const amount = Number(filled.value);
  if (!isPlausible(known, amount) || isHidden(view, patientId, signal.key)) return undefined;
  // Whose it is must be as it was when the form was found good.
  if (intake.wearerAt(deviceId, time.at) !== patientId || intake.wearerAt(deviceId, clock.now()) !== patientId)
    return undefined;
  const part = { signal: signal.key, unit, patientId, streamId, from: time.at, to: time.at + 1, value: amount };
  const [placed] = await placeParts(context, [part]);
  if (!placed || placed.isThere || placed.ordinal !== 0) return undefined;
  const { effective, value } = filled;
  const filling = {
    ...{ form: known.number, id: readingId(streamId, time.at, 0), effective, value, ...time, amount },
    baseAmount: baseUnit === undefined ? undefined : toBaseUnits(amount, baseUnit)?.value,
  };
  return { known, filling, content };
}

/** What is ours to say may be said wrongly, and is looked at the long way. */
function isBare({ id, meta }: Readonly<Record<string, unknown>>): boolean {
  if (id !== undefined) return false;
  return meta === undefined || (isObject(meta) && meta.versionId === undefined && meta.lastUpdated === undefined);
}

interface Gate {
  /** undefined: of all whom the view shows. */
  readonly onlyPatients: readonly string[] | undefined;
}

/** Of one request each answer is the same for all entries. */
const gates = new WeakMap<RecordContext, Gate | null>();

function isWriter(context: RecordContext, patientId: string): boolean {
  let gate = gates.get(context);
  if (gate === undefined) {
    gate = gateOf(context);
    gates.set(context, gate);
  }
  return gate !== null && context.view.has(patientId) && (gate.onlyPatients?.includes(patientId) ?? true);
}

function gateOf(context: RecordContext): Gate | null {
  try {
    needObservationWriter(context, "c");
    return { onlyPatients: context.app ? observationReach(context, "c").whose.onlyPatients : undefined };
  } catch {
    return null;
  }
}

const FRACTION_AT = "2026-11-28T09:30:00".length;
/** How long it lasts, by the digits of its fraction: what is written to the second is the whole of it. */
const LASTS_MS = [1000, 100, 10, 1];

/** ms UTC, both ends included, as `spanOfDate` has it; undefined: no day of the calendar. */
export function timeOf(effective: string): { readonly at: number; readonly atEnd: number } | undefined {
  const at = parseTime(effective);
  if (Number.isNaN(at)) return undefined;
  const end = effective.length - (effective.endsWith("Z") ? 1 : "+01:00".length);
  return { at, atEnd: at + (LASTS_MS[Math.max(0, end - FRACTION_AT - 1)] ?? 1) - 1 };
}

function isPlausible({ signal, conversion }: Known, amount: number): boolean {
  if (!Number.isFinite(amount)) return false;
  const canonical = toCanonical(amount, conversion);
  const { hardMin = Number.NEGATIVE_INFINITY, hardMax = Number.POSITIVE_INFINITY } = signal;
  return canonical >= hardMin && canonical <= hardMax;
}

/** One that came alone; undefined: it goes the long way. */
export async function fillInOne(context: RecordContext, body: unknown): Promise<Done | undefined> {
  const one = await inForm(context, body);
  return one && (await fillInAll(context, [one]))[0];
}

/**
 * Keeps them, then brings their readings to telemetry: whoever is answered has both.
 *
 * @returns for each, in order; undefined: something is there already under its name
 * @throws OutsideTrouble: it is kept, and comes to telemetry later
 */
export async function fillInAll(context: RecordContext, all: readonly InForm[]): Promise<(Done | undefined)[]> {
  const { written, intake, view, organisation } = context;
  if (!written || !intake || all.length === 0) return [];
  const { kept, taken } = await written.forms.fill(
    view.principal,
    all.map(({ filling }) => filling),
  );
  const done = await Promise.all(
    all.map(async ({ known, filling, content }, i): Promise<Done | undefined> => {
      const updatedAt = kept[i]?.updatedAt;
      if (updatedAt === undefined) return undefined;
      const { quarantined } = await intake.measured({
        organisationId: organisation.id,
        deviceId: known.deviceId,
        signal: known.signal.key,
        unit: known.unit,
        utcOffsetMinutes: parseOffset(filling.effective),
        time: filling.at,
        value: filling.amount,
        text: () => JSON.stringify(content),
      });
      const { id } = filling;
      const resource = toldOf({ type: TYPE, id, version: 1, updatedAt }, content);
      const remarks = quarantined.map(({ code }) => inQuarantine(code as RefusalCode));
      const at = fhirTime(updatedAt);
      return {
        status: 201,
        type: TYPE,
        id,
        version: "1",
        updatedAt: at,
        resource,
        ...(remarks.length > 0 && { remarks }),
      };
    }),
  );
  taken();
  return done;
}

/** What came before and comes again becomes a form: the next of its kind are kept as when and how much. */
export async function learnForm(context: RecordContext, good: Good): Promise<void> {
  const { written, view } = context;
  const { resource, patientIds, measure } = good;
  const [part] = measure.parts;
  const content = contentOf(resource);
  const filled = filledOf(content);
  if (!written || !filled || !part || !measure.isOwnDevice || isPanelMember(part.signal)) return;
  const [patientId, ...others] = patientIds;
  if (patientId === undefined || others.length > 0 || part.patientId !== patientId || context.made) return;
  const memory = memoryOf(written.forms);
  const key = keyOf(context, filled.form);
  if (memory.known.has(key)) return;
  const name = hash("sha1", key, "base64");
  if (!memory.once.delete(name)) {
    if (memory.once.size >= ONCE_MAX) memory.once.clear();
    memory.once.add(name);
    return;
  }
  const signal = findSignal(part.signal);
  const checked = signal && checkUnit(signal, part.unit);
  const found = findableByForm(context, filled, good);
  if (!signal || !checked?.ok || !found) return;
  const { streamId, unit } = part;
  const { deviceId } = measure;
  const writer = writerOf(context);
  const form = { patientId, streamId, deviceId, writer, content: filled.form, ...found.keys };
  const number = await written.forms.open(view.principal, form);
  if (memory.known.size >= KNOWN_MAX) memory.known.clear();
  const { conversion } = checked;
  memory.known.set(key, { number, patientId, streamId, deviceId, signal, unit, conversion, baseUnit: found.baseUnit });
}

const CANONICAL = /[ $]canonical\|/;

/** By what all of the form are found, as two of them show; undefined: something else depends on when and how much. */
function findableByForm({ base }: RecordContext, filled: Filled, { findable }: Good) {
  const other = parseResource(fillIn(filled.form, { effective: "2001-02-03T04:05:06Z", value: "987.25" }));
  const options = { base, toCanonical: toBaseUnits };
  const second = findableOf(other, definitions().table.of(TYPE).values(), options);
  const common = ({ terms, strings, words, spans }: typeof findable) =>
    JSON.stringify([terms, strings, words, spans.map((one) => one.key)]);
  if (common(findable) !== common(second)) return undefined;
  const { system, code } = (other.valueQuantity ?? {}) as { readonly system?: unknown; readonly code?: unknown };
  const isUcum = system === "http://unitsofmeasure.org" && typeof code === "string" && code !== "";
  const amount = Number(filled.value);
  const inBase = isUcum ? toBaseUnits(amount, code)?.value : undefined;
  const amountKeys: string[] = [];
  const baseKeys: string[] = [];
  for (const { key, low, high } of findable.spans) {
    if (key === "date") continue;
    const isBase = CANONICAL.test(key);
    if (low !== high || low !== (isBase ? inBase : amount)) return undefined;
    (isBase ? baseKeys : amountKeys).push(key);
  }
  const { terms, strings, words } = findable;
  return {
    keys: { findable: { terms, strings, words }, amountKeys, baseKeys },
    baseUnit: baseKeys.length > 0 && isUcum ? code : undefined,
  };
}
