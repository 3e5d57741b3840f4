import tables from "./tables.json" with { type: "json" };

/** A number in the input's unit, or a code ("A", "oxygen"); `at` in milliseconds since 1970. */
export interface Input {
  readonly value: number | string;
  readonly at: number;
}

export interface Question {
  /** By id of the parameter, in its unit (`inputs`). What is not there was not measured. */
  readonly inputs: Readonly<Record<string, Input | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** An older input is stale, and no part of the total. @param id the parameter's */
  readonly maxAgeMs: (id: string) => number;
  /** Needed by scores whose tables go by age (PEWS). */
  readonly ageMonths?: number;
  /** NEWS2: 2 where a clinician has set a target of 88 to 92 % for this patient; 1 without. */
  readonly spo2Scale?: 1 | 2;
}

export interface Part {
  readonly id: string;
  readonly state: "used" | "missing" | "stale" | "unusable";
  readonly input: Input | undefined;
  /** Null unless used. */
  readonly points: number | null;
  /** What it adds at least and at most, as far as is known. */
  readonly least: number;
  readonly most: number;
}

export interface Scored {
  readonly id: string;
  readonly name: string;
  /** Null unless every part is measured and fresh: a score is never worked out as if the rest were normal. */
  readonly total: number | null;
  /** The total lies between these whatever the missing parts are. */
  readonly least: number;
  readonly most: number;
  readonly parts: readonly Part[];
  /** Of the total; null without one. */
  readonly level: string | null;
  /** What the parts that are there already make of it: it is no lower, whatever is missing. */
  readonly leastLevel: string;
}

interface Rule {
  readonly points: number;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly below?: number;
  readonly above?: number;
}

interface Parameter {
  readonly id: string;
  readonly step?: number;
  readonly rules?: readonly Rule[];
  readonly by?: string;
  readonly tables?: Readonly<Record<string, readonly Rule[]>>;
  readonly codes?: Readonly<Record<string, number>>;
  /** Either of the two gives the points. */
  readonly or?: Parameter;
}

interface Level {
  readonly level: string;
  readonly total?: number;
  readonly single?: number;
}

interface Score {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly population: { readonly monthsMin: number; readonly monthsMax: number | null; readonly notFor: string };
  readonly parameters: readonly Parameter[];
  /** The gravest first. */
  readonly levels: readonly Level[];
}

export const scores: readonly Score[] = tables.scores;

/** Unit (UCUM) of each numeric parameter, and the signals that tell it, the best first. */
export const inputs: Readonly<Record<string, { readonly unit: string; readonly signals: readonly string[] }>> =
  tables.inputs;

/** @throws RangeError no such score, or the patient's age is not one that it is for */
export function score(id: string, question: Question): Scored {
  const found = scores.find((one) => one.id === id);
  if (!found) throw new RangeError(`no score "${id}"; there are ${scores.map((one) => one.id).join(", ")}`);
  const { population, parameters, levels, name } = found;
  const { ageMonths } = question;
  const isOfAge =
    ageMonths === undefined ||
    (ageMonths >= population.monthsMin && (population.monthsMax === null || ageMonths < population.monthsMax));
  if (!isOfAge) throw new RangeError(`${name} is not for somebody of ${ageMonths} months`);
  const parts = parameters.map((parameter) => partOf(parameter, question));
  const least = sum(parts.map((part) => part.least));
  const most = sum(parts.map((part) => part.most));
  const isComplete = parts.every(({ state }) => state === "used");
  const leastLevel = levelOf(levels, least, parts);
  return {
    id,
    name,
    total: isComplete ? least : null,
    least,
    most,
    parts,
    level: isComplete ? leastLevel : null,
    leastLevel,
  };
}

function levelOf(levels: readonly Level[], total: number, parts: readonly Part[]): string {
  const greatest = Math.max(...parts.map(({ least }) => least));
  const reached = levels.find(
    (level) =>
      total >= (level.total ?? Number.POSITIVE_INFINITY) || greatest >= (level.single ?? Number.POSITIVE_INFINITY),
  );
  return reached?.level ?? "";
}

function partOf(parameter: Parameter, question: Question): Part {
  const first = partOfOne(parameter, question);
  if (!parameter.or) return first;
  const other = partOfOne(parameter.or, question);
  // Points of either are points of both; none are sure only when both were measured.
  if (first.points) return first;
  if (other.points) return other;
  const open = first.state === "used" ? other : first;
  return { ...open, most: Math.max(first.most, other.most) };
}

function partOfOne(parameter: Parameter, question: Question): Part {
  const { id } = parameter;
  const input = question.inputs[id];
  const possible = tablesFor(parameter, question);
  const range = rangeOf(possible);
  if (!input) return { id, state: "missing", input, points: null, ...range };
  // A time that is none is no fresh one.
  if (!(question.now - input.at <= question.maxAgeMs(id))) return { id, state: "stale", input, points: null, ...range };
  const points = possible.map((table) => pointsOf(parameter, table, input.value));
  if (points.includes(undefined)) return { id, state: "unusable", input, points: null, ...range };
  const known = points as number[];
  const least = Math.min(...known);
  const most = Math.max(...known);
  // Which table holds is not known (with or without oxygen, which age), and they differ.
  if (least !== most) return { id, state: "missing", input, points: null, least, most };
  return { id, state: "used", input, points: least, least, most };
}

type Table = readonly Rule[] | Readonly<Record<string, number>>;

const rangeOf = (possible: readonly Table[]) => ({
  least: 0,
  most: Math.max(
    ...possible.flatMap((table) => (isRules(table) ? table.map(({ points }) => points) : Object.values(table))),
  ),
});

const isRules = (table: Table): table is readonly Rule[] => Array.isArray(table);

/** Those that may hold: one, or several where what they go by is not known. */
function tablesFor({ rules, codes, by, tables: all = {} }: Parameter, question: Question): readonly Table[] {
  if (rules) return [rules];
  if (codes) return [codes];
  const names = by === "age" ? agesOf(question.ageMonths) : scalesOf(question);
  return names.map((name) => all[name] ?? []);
}

/** Ages of Bedside PEWS, from the youngest; each ends before the next begins, in months. */
const AGES: readonly (readonly [name: string, below: number])[] = [
  ["0-<3 months", 3],
  ["3-<12 months", 12],
  ["1-4 years", 60],
  [">4-12 years", 156],
  [">12 years", Number.POSITIVE_INFINITY],
];

function agesOf(months: number | undefined): string[] {
  if (months === undefined) return AGES.map(([name]) => name);
  const [name] = AGES.find(([, below]) => months < below) ?? [];
  return name === undefined ? [] : [name];
}

function scalesOf({ spo2Scale = 1, inputs: { oxygen }, now, maxAgeMs }: Question): string[] {
  if (spo2Scale === 1) return ["1"];
  if (!oxygen || !(now - oxygen.at <= maxAgeMs("oxygen"))) return ["2-air", "2-oxygen"];
  return [oxygen.value === "air" ? "2-air" : "2-oxygen"];
}

/** Undefined: not a value that this parameter can have. */
function pointsOf({ step }: Parameter, table: Table, value: number | string): number | undefined {
  if (!isRules(table)) return typeof value === "string" && Object.hasOwn(table, value) ? table[value] : undefined;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return undefined;
  const rounded = step === undefined ? value : roundTo(value, step);
  return table.find((rule) => holds(rule, rounded))?.points ?? 0;
}

function holds({ atMost, atLeast, below, above }: Rule, value: number): boolean {
  return (
    (atMost !== undefined && value <= atMost) ||
    (atLeast !== undefined && value >= atLeast) ||
    (below !== undefined && value < below) ||
    (above !== undefined && value > above)
  );
}

/** Half a step goes up; 36.05 is written so, whatever its nearest binary fraction is. */
function roundTo(value: number, step: number): number {
  const steps = Math.round(value / step + 1e-9);
  return steps * step === value ? value : Number((steps * step).toFixed(6));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
