import type { OperationOutcome } from "@medplum/fhirtypes";
import { OutsideTrouble, RefusedInput } from "@openward/errors";
import { parseResource, type Resource } from "@openward/fhir/json";
import type { ImportName } from "@openward/model";
import type { RecordContext } from "../context.ts";
import { outcomeOf, outcomeOfError } from "../outcome.ts";
import { planObservation } from "../write/plan.ts";
import { resourcesOf } from "../written/find.ts";
import { reachOf } from "../written/reach.ts";
import { onlyMatch, type Plan, planCreate, planUpdate, writeAll } from "../written/write.ts";
import { type Here, hereOf, namesIn, renamed, searchesIn, withSource } from "./references.ts";

/** One line, as it was fetched. */
export interface Line {
  readonly line: number;
  readonly text: Uint8Array;
}

/** What became of a line. */
export type Taken =
  | { readonly kind: "refused"; readonly line: number; readonly outcome: OperationOutcome }
  /** It names something that is not there yet. */
  | { readonly kind: "waits"; readonly line: number }
  | {
      readonly kind: "created" | "updated" | "unchanged";
      readonly line: number;
      readonly theirs: string;
      readonly id: string;
      /** About whom, the one it is about first. */
      readonly patientIds: readonly string[];
    };

export interface TakeOptions {
  readonly type: string;
  readonly source: string;
  /** When the import began: what was written since then was written by it. */
  readonly since: number;
  readonly mayWait: boolean;
  names(theirs: readonly string[]): Promise<readonly ImportName[]>;
  newId(): string;
  /** Of what is our own fault. */
  report(error: unknown): void;
}

/** Whom or what others cannot name before it is there: a patient must be seen, and an Observation's id comes of its reading. */
const NEEDED: ReadonlySet<string> = new Set(["Patient", "Observation"]);
const TRIES = 3;
const ID = /^[A-Za-z0-9.-]{1,64}$/;

interface Parsed {
  readonly line: number;
  readonly theirs: string;
  readonly resource: Resource;
}

interface Ready extends Parsed {
  /** Which it has here, or will have. */
  readonly id: string;
  readonly isThere: boolean;
  /** It was imported before. */
  readonly isMade: boolean;
}

/**
 * Writes lines of one type, each as if it had come alone: what is there already is updated, what says the same is left as it is.
 *
 * @throws OutsideTrouble, and then it is asked again for all of them, which changes nothing twice
 */
export async function takeLines(
  context: RecordContext,
  lines: readonly Line[],
  options: TakeOptions,
): Promise<readonly Taken[]> {
  const taken: Taken[] = [];
  const parsed: Parsed[] = [];
  for (const one of lines) {
    await context.turn();
    try {
      parsed.push(parse(one, options.type));
    } catch (error) {
      taken.push(refusedOf(one.line, error, options));
    }
  }
  for (const group of groupsOf(parsed)) taken.push(...(await takeGroup(context, group, options)));
  return taken.sort((a, b) => a.line - b.line);
}

/** @throws RefusedInput with the place in the line */
function parse({ line, text }: Line, type: string): Parsed {
  const resource = parseResource(text);
  if (resource.resourceType !== type)
    throw new RefusedInput("FIELD_INVALID", { at: "resourceType", expected: `${type}, as the file is said to hold` });
  const { id } = resource;
  if (typeof id !== "string" || !ID.test(id))
    throw new RefusedInput("FIELD_INVALID", { at: `${type}.id`, expected: "the id that its source has for it" });
  return { line, theirs: id, resource };
}

/** So that each stands once: who comes twice is updated by the second. */
function* groupsOf(all: readonly Parsed[]): Generator<readonly Parsed[]> {
  let group = new Map<string, Parsed>();
  for (const one of all) {
    if (group.has(one.theirs)) {
      yield [...group.values()];
      group = new Map();
    }
    group.set(one.theirs, one);
  }
  if (group.size > 0) yield [...group.values()];
}

async function takeGroup(outside: RecordContext, group: readonly Parsed[], options: TakeOptions): Promise<Taken[]> {
  const { type, source } = options;
  const taken: Taken[] = [];
  const ids = new Set(group.map(({ theirs }) => theirs));
  for (const { resource } of group) for (const { theirs } of namesIn(resource, source)) ids.add(theirs);
  const known = await options.names([...ids]);
  const here = hereOf(known);
  const own = (theirs: string) => here.of({ type, theirs }) ?? { type, theirs, id: options.newId(), isMade: false };
  const wanted = group.map((one) => ({ ...one, own: own(one.theirs) }));
  const there = await thereOf(
    outside,
    type,
    wanted.map((one) => one.own.id),
  );
  // Patients may name one another, whoever of them comes first.
  const made = new Set(type === "Patient" ? wanted.map((one) => one.own.id) : []);
  const context: RecordContext = { ...outside, made };
  const found = new Map<string, string>();
  const ready: Ready[] = [];
  for (const one of wanted) {
    try {
      if (options.mayWait && waits(one, here, options, made)) taken.push({ kind: "waits", line: one.line });
      else {
        for (const search of searchesIn(one.resource))
          if (!found.has(search)) found.set(search, await foundBy(context, search, type));
        const named = renamed(one.resource, { source, here, found });
        const resource = withSource(named as Resource, source, one.theirs);
        ready.push({ ...one, resource, id: one.own.id, isThere: there.has(one.own.id), isMade: one.own.isMade });
      }
    } catch (error) {
      taken.push(refusedOf(one.line, error, options));
    }
  }
  return [...taken, ...(await writeReady(context, ready, options))];
}

/** Which of these ids somebody has here; those that were deleted are found when they are written. */
async function thereOf(context: RecordContext, type: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const whose = reachOf(context, type, "u");
  const { principal } = context.view;
  return new Set(await resourcesOf(context).ids(principal, { type, whose, among: ids }));
}

function waits(one: Parsed, here: Here, { source, type }: TakeOptions, made: ReadonlySet<string>): boolean {
  for (const named of namesIn(one.resource, source)) {
    const known = here.of(named);
    const isItself = known?.type === type && known.theirs === one.theirs;
    if (known && !known.isMade && NEEDED.has(known.type) && !isItself && !made.has(known.id)) return true;
  }
  return false;
}

/** @throws RefusedInput FIELD_INVALID, SEVERAL_MATCH */
async function foundBy(context: RecordContext, search: string, type: string): Promise<string> {
  const wanted = search.split("?", 1)[0] ?? "";
  const match = await onlyMatch(context, wanted, search, type, "r");
  if (!match) throw new RefusedInput("FIELD_INVALID", { at: type, expected: "references by searches that find one" });
  return `${wanted}/${match.id}`;
}

/** All of them in one transaction; where one of them keeps the others from it, each by itself. */
async function writeReady(context: RecordContext, ready: readonly Ready[], options: TakeOptions): Promise<Taken[]> {
  const taken: Taken[] = [];
  const claimed = new Set<string>();
  const changes: { readonly one: Ready; readonly plan: Extract<Plan, { kind: "change" }> }[] = [];
  for (const one of ready) {
    await context.turn();
    try {
      const plan = await planOf(context, one, { isCareful: false, claimed });
      if (plan.kind === "there") taken.push(await takenOf(context, one, plan, options));
      else changes.push({ one, plan });
    } catch (error) {
      taken.push(refusedOf(one.line, error, options));
    }
  }
  if (changes.length === 0) return taken;
  try {
    const stored = await writeAll(
      context,
      changes.map(({ plan }) => plan.change),
    );
    for (const [i, { one, plan }] of changes.entries()) {
      const version = stored[i];
      if (!version) throw new Error("every change that is written has a version");
      const { id, patientIds } = version;
      taken.push({ kind: becameOf(plan.status), line: one.line, theirs: one.theirs, id, patientIds });
    }
    return taken;
  } catch (error) {
    if (error instanceof OutsideTrouble) throw error;
    // Those that were good wait for nobody: only what they need of one another is looked at anew.
    const alone: RecordContext = { ...context, made: new Set() };
    for (const { one } of changes) taken.push(await writeAlone(alone, one, options));
    return taken;
  }
}

async function writeAlone(context: RecordContext, given: Ready, options: TakeOptions): Promise<Taken> {
  await context.turn();
  let one = given;
  for (let i = 1; ; i++) {
    try {
      const plan = await planOf(context, one, { isCareful: true, claimed: new Set() });
      if (plan.kind === "there") return await takenOf(context, one, plan, options);
      const [stored] = await writeAll(context, [plan.change]);
      if (!stored) throw new Error("a change that was written has a version");
      const { id, patientIds } = stored;
      return { kind: becameOf(plan.status), line: one.line, theirs: one.theirs, id, patientIds };
    } catch (error) {
      const isLost = error instanceof RefusedInput && error.code === "CONFLICT";
      if (!isLost || i === TRIES) return refusedOf(one.line, error, options);
      // It was deleted, or somebody was faster: it is there, whatever was found before.
      one = { ...one, isThere: true };
    }
  }
}

const becameOf = (status: number) => (status === 201 ? "created" : "updated");

/** What a POST, or where it is there a PUT, would do. */
async function planOf(
  context: RecordContext,
  { resource, id, isThere }: Ready,
  { isCareful, claimed }: { readonly isCareful: boolean; readonly claimed: Set<string> },
): Promise<Plan> {
  const type = resource.resourceType;
  const body = { ...resource, id };
  if (type === "Observation") {
    const method = isThere ? "PUT" : "POST";
    const url = isThere ? `${type}/${id}` : type;
    const request = {
      method,
      url,
      body,
      ifNoneExist: undefined,
      ifMatch: undefined,
      place: type,
      id,
      isCareful,
      claimed,
    };
    const address = { type, id: isThere ? id : undefined, version: undefined, isSearch: false, query: "" };
    return planObservation(context, request, address);
  }
  return isThere ? planUpdate(context, { type, id }, body) : planCreate(context, type, body, { id });
}

/** It stands there as it was sent: by this import, which a stop of the server cut off, or from before. */
async function takenOf(
  context: RecordContext,
  { line, theirs, isMade }: Ready,
  { done }: Extract<Plan, { kind: "there" }>,
  { since }: TakeOptions,
): Promise<Taken> {
  // Whose it is was noted with its name.
  const stored = isMade ? undefined : await resourcesOf(context).read(context.view.principal, done.type, done.id);
  const isOurs = done.updatedAt !== undefined && Date.parse(done.updatedAt) >= since;
  const kind = !isOurs ? "unchanged" : done.version === "1" ? "created" : "updated";
  return { kind, line, theirs, id: done.id, patientIds: stored?.patientIds ?? [] };
}

function refusedOf(line: number, error: unknown, { report }: Pick<TakeOptions, "report">): Taken {
  if (error instanceof OutsideTrouble) throw error;
  const outcome = outcomeOfError(error);
  if (!outcome) report(error);
  return { kind: "refused", line, outcome: outcome ?? outcomeOf("INTERNAL_ERROR") };
}
