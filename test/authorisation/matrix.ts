import { type Mark, type Policy, policies, type Route, type RouteName, routes } from "@openward/api";
import { calls, type Request } from "./calls.ts";
import { hiddenMarks, OF_THE_HEART, shownOf, wrongOfShared } from "./kept.ts";
import { type Answer, type Known, marksIn, toldBeyond } from "./marks.ts";
import { inParallel, type Question } from "./server.ts";
import type { Standing, Subject, World } from "./world.ts";

export interface Cell {
  readonly route: RouteName;
  readonly subject: Subject;
  readonly standing: Standing;
  readonly target: Known;
}

/** Something that must not be: a mark of a patient where none may be, an answer where a refusal belongs, or the reverse. */
export interface Finding {
  readonly cell: string;
  readonly what: string;
}

/**
 * Every route x every one who asks x every way in which a patient stands to them. A request that is about nobody is the same
 * one for all: its one answer is looked through for every patient.
 */
export function cellsOf({ subjects }: World, isWhole: boolean): Cell[] {
  return (Object.keys(routes) as RouteName[]).flatMap((route, i) => {
    const cells = subjects.flatMap((subject) => {
      const all = [...subject.targets].map(([standing, target]): Cell => ({ route, subject, standing, target }));
      return calls[route].isAbout ? all : all.slice(0, 1);
    });
    if (isWhole) return cells;
    // Who is refused for what they are is refused before it is looked at whom they ask about: one of those cells each.
    const byRole = Map.groupBy(
      cells.filter((cell) => !mayAsk(cell)),
      ({ subject }) => subject.role ?? subject.name,
    );
    const some = new Set([...byRole.values()].map((same) => same[i % same.length]));
    return cells.filter((cell) => mayAsk(cell) || some.has(cell));
  });
}

export const nameOf = ({ route, subject, standing }: Cell) => `${route} as ${subject.name}: ${standing}`;

/** May this one ask this at all, whoever it is about? Applications, devices and nobody come in by other doors. */
function mayAsk({ route, subject }: Cell): boolean {
  const { allow } = routes[route] as Route;
  if (allow === "public") return true;
  if (subject.role === null || (subject.kind === "kiosk") !== allow.includes("kiosk")) return false;
  if (calls[route].isForPeople && subject.kind !== "person") return false;
  if ((route === "breakGlass" || route === "endBreakGlass") && subject.role === "administrator") return false;
  return allow.includes(subject.role);
}

/** May they know of this patient, by this route? */
function maySee({ route, subject, target }: Cell): boolean {
  const { tells, officers } = policies[route];
  if (tells === "related") return subject.related.has(target.key);
  if (tells === "subject") return hasRight(subject, target);
  if (tells === "deciding") return decidesFor(subject, target);
  if (subject.sees.has(target.key)) return true;
  const isOffice = tells === "office" && (officers === undefined || officers.includes(subject.role as never));
  return (isOffice || tells === "emergency") && target.key !== "foreign";
}

/** To everything about a patient. */
function hasRight(subject: Subject, target: Known): boolean {
  if (subject.role === "privacy-officer") return target.key !== "foreign";
  return subject.related.has(target.key);
}

/** The patient of this world cannot decide; the family is the guardian. */
const decidesFor = ({ role, related }: Subject, { key }: Known) => role === "family" && related.has(key);

/** Is the answer to be a refusal because of whom it asks about? */
export function isHidden(cell: Cell): boolean {
  const { isAbout } = calls[cell.route];
  if (!isAbout) return false;
  const { tells } = policies[cell.route];
  // A device of the organisation is there for who looks after devices, whoever wears it; a patient who is put on is not.
  if (tells === "fleet" && cell.route !== "assign" && cell.route !== "release") return cell.target.key === "foreign";
  // An office lists; of another organisation nothing is listed.
  if (cell.route === "grants") return false;
  return !maySee(cell) || isKeptBack(cell);
}

/** The patient is there, and what is asked for is as if there were none. */
function isKeptBack({ route, subject, target }: Cell): boolean {
  const keeping = subject.keeps.get(target.key);
  if (!keeping) return false;
  // The limits that are set are those of the oxygen.
  return OF_THE_HEART.has(route) || (route === "setLimits" && !keeping.isOpen);
}

export const isPermitted = (cell: Cell): boolean => mayAsk(cell) && !isHidden(cell);

function allowedMarks({ route, subject }: Cell, known: Known): readonly Mark[] {
  const policy: Policy = policies[route];
  const all = [...known.marks.keys()];
  if (policy.tells === "related") return subject.related.has(known.key) ? all : [];
  // Who stands beside the patient knows them.
  if (policy.tells === "deciding") return subject.related.has(known.key) ? all : [];
  if (policy.tells === "subject") return hasRight(subject, known) ? all : [];
  const ofOffice = known.key === "foreign" || !mayAskOffice(policy, subject) ? [] : (policy.office ?? []);
  if (!subject.sees.has(known.key)) return ofOffice;
  return [...toldBeyond(all, hiddenMarks(subject, known)), ...ofOffice];
}

const mayAskOffice = ({ officers }: Policy, { role }: Subject) =>
  role !== null && (officers === undefined || officers.includes(role as never));

export function questionOf(cell: Cell, request: Request): Question {
  const { method, path } = routes[cell.route];
  const place = path.replaceAll(/:(\w+)/g, (_, name) => request.params?.[name] ?? "missing");
  const query = new URLSearchParams(
    Object.entries(request.query ?? {}).map(([name, value]) => [name, String(value)]),
  ).toString();
  return {
    method,
    path: query === "" ? place : `${place}?${query}`,
    headers: { ...cell.subject.headers, ...request.headers },
    ...(request.body === undefined ? {} : { body: request.body }),
  };
}

/** What is wrong with an answer: marks of whom it may not tell. */
export function leaks(world: World, cell: Cell, question: Question, answer: Answer): Finding[] {
  const asked = `${question.path} ${JSON.stringify(question.body ?? "")}`;
  return Object.values(world.known).flatMap((known) => {
    const found = toldBeyond(marksIn(answer, known, asked), allowedMarks(cell, known));
    return found.map((mark) => ({ cell: nameOf(cell), what: `told the ${mark} of "${known.key}" (${answer.status})` }));
  });
}

/** Asks what may not be answered. */
export async function runRefused(world: World, cells: readonly Cell[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  await inParallel(
    cells.filter((cell) => !isPermitted(cell)),
    async (cell) => {
      const question = questionOf(cell, calls[cell.route].ask(cell.target, world));
      const answer = await world.server.ask(question);
      findings.push(...leaks(world, cell, question, answer));
      await alsoInColumns(world, cell, question, findings);
      const expected = refusalsOf(cell);
      if (!expected.includes(answer.status))
        findings.push({ cell: nameOf(cell), what: `${answer.status} in place of ${expected}` });
    },
  );
  return findings;
}

function refusalsOf(cell: Cell): readonly number[] {
  const { allow } = routes[cell.route] as Route;
  // A wall's cookie opens its own doors only, and they know no other.
  const isOther = allow !== "public" && (cell.subject.kind === "kiosk") !== allow.includes("kiosk");
  if (cell.subject.role === null || isOther) return [401];
  if (allow === "public" || !allow.includes(cell.subject.role)) return [403];
  // A program has no account: it is told so.
  // A device on a patient whom one may not see looks free.
  if (cell.route === "release") return [404, 409];
  // Of another's emergency, too, there is none.
  if (cell.route === "endBreakGlass") return [403, 404, 409];
  // Who stands beside the patient, and does not decide, is told so.
  if (policies[cell.route].tells === "deciding") return [403, 404];
  return mayAsk(cell) ? [404] : [403, 409];
}

/** The house looks through its input for one at a time. */
const ONE_AT_A_TIME: ReadonlySet<RouteName> = new Set([
  "reprocess",
  "startQuarantineRun",
  "applyQuarantineRun",
  "undoQuarantineRun",
]);

/** Asks what must be answered, and looks whether the patient's data is there. */
export async function runPermitted(world: World, cells: readonly Cell[], isWhole = false): Promise<Finding[]> {
  const findings: Finding[] = [];
  const permitted = cells.filter(isPermitted);
  const once = async (cell: Cell) => {
    const call = calls[cell.route];
    const request = call.ready ? await call.ready(world, cell.subject, cell.target) : call.ask(cell.target, world);
    const question = questionOf(cell, request);
    let answer = await world.server.ask(question);
    // A run that was begun goes on behind its answer.
    for (let i = 0; answer.status === 409 && ONE_AT_A_TIME.has(cell.route) && i < 100; i++) {
      await new Promise((go) => setTimeout(go, 100));
      answer = await world.server.ask(question);
    }
    findings.push(...leaks(world, cell, question, answer));
    if (call.isRefusedHere) {
      if (answer.status < 400 || answer.status > 499)
        findings.push({ cell: nameOf(cell), what: `${answer.status} in place of a refusal` });
      return;
    }
    const { status } = routes[cell.route];
    if (answer.status !== status) {
      findings.push({
        cell: nameOf(cell),
        what: `${answer.status} in place of ${status}: ${answer.bytes.toString("utf8").slice(0, 300)}`,
      });
      return;
    }
    const text = answer.bytes.toString("utf8");
    await alsoInColumns(world, cell, question, findings);
    const missing = request.shows?.filter((one) => !text.includes(one)) ?? [];
    if (missing.length > 0)
      findings.push({ cell: nameOf(cell), what: `does not show what was asked for: ${text.slice(0, 200)}` });
    const isShown =
      policies[cell.route].tells === "related"
        ? cell.subject.related.has(cell.target.key)
        : cell.subject.sees.has(cell.target.key);
    if (!isShown || request.shows) return;
    const found = marksIn(answer, cell.target);
    const shows = shownOf(cell.subject, cell.target, cell.route, policies[cell.route].shows);
    const wrong = wrongOfShared(cell.subject, cell.target, answer, shows.includes("stream"));
    if (wrong) findings.push({ cell: nameOf(cell), what: wrong });
    for (const mark of toldBeyond(shows, [...found, ...hiddenMarks(cell.subject, cell.target)]))
      findings.push({ cell: nameOf(cell), what: `does not show the ${mark}: ${text.slice(0, 200)}` });
  };
  // What changes something comes after what only looks, one after the other of each route.
  const looks = permitted.filter(({ route }) => routes[route].method === "GET");
  const changes = permitted.filter(({ route }) => routes[route].method !== "GET");
  await inParallel(looks, once);
  const byRoute = Map.groupBy(
    changes.filter((cell) => isWhole || isFirstOfRole(cell)),
    ({ route }) => (ONE_AT_A_TIME.has(route) ? "runs" : route),
  );
  await inParallel(
    [...byRoute.values()],
    async (some) => {
      for (const cell of some) await once(cell);
    },
    6,
  );
  return findings;
}

/** The same as CBOR, where there is one. */
async function alsoInColumns(world: World, cell: Cell, question: Question, findings: Finding[]): Promise<void> {
  const { formats = [] } = routes[cell.route] as Route;
  for (const accept of formats) {
    const answer = await world.server.ask({ ...question, headers: { ...question.headers, accept } });
    findings.push(...leaks(world, cell, question, answer));
  }
}

/** One change of each role will do, every other time of a patient for whom the glass is broken. */
function isFirstOfRole({ route, standing, subject }: Cell): boolean {
  const { isAbout, ready } = calls[route];
  if (!ready) return true;
  if ((routes[route] as Route).allow === "public") return subject.kind === "nobody";
  if (standing === "no consent to a kind") return subject.name === "nurse (own)";
  const isOwn = standing === "own" && (subject.kind === "person" || subject.kind === "kiosk");
  if (!isAbout || (subject.role !== "nurse" && subject.role !== "physician")) return isOwn;
  return route.length % 2 === (subject.role === "nurse" ? 0 : 1) ? isOwn : standing === "break-glass";
}
