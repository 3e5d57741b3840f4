import { compilePath, compileRelative, type Found, type Pick } from "./path.ts";

export type ParameterType =
  | "token"
  | "string"
  | "reference"
  | "date"
  | "number"
  | "quantity"
  | "uri"
  | "composite"
  | "special";

/** A part of a composite. */
export interface Component {
  readonly type: ParameterType;
  pick(from: unknown): readonly Found[];
}

export interface Parameter {
  readonly code: string;
  readonly type: ParameterType;
  readonly documentation: string;
  readonly pick: Pick;
  /** Of references: types that they may go to; empty: any. */
  readonly targets: readonly string[];
  readonly components: readonly Component[];
  /** It finds what these two find, and nothing else: it is asked of them, and nothing is kept under its own name. */
  readonly unionOf?: readonly [string, string];
}

/** What is read of a SearchParameter resource. */
export interface Definition {
  readonly url: string;
  readonly code: string;
  readonly base: readonly string[];
  readonly type: string;
  readonly expression?: string;
  readonly description?: string;
  readonly target?: readonly string[];
  readonly component?: readonly { readonly definition: string; readonly expression: string }[];
}

export interface SearchTable {
  /** By code; empty: R4 has no such type. */
  of(type: string): ReadonlyMap<string, Parameter>;
}

/** For who can search by what is common to all. */
const COMMON = ["Resource", "DomainResource"];

/** Search parameters of R4, compiled for each type when it is first asked for. */
export function createSearchTable(definitions: readonly Definition[]): SearchTable {
  const byUrl = new Map(definitions.map((one) => [one.url, one]));
  const byBase = new Map<string, Definition[]>();
  for (const one of definitions) {
    for (const base of one.base) {
      const all = byBase.get(base) ?? [];
      all.push(one);
      byBase.set(base, all);
    }
  }
  const compiled = new Map<string, ReadonlyMap<string, Parameter>>();
  return {
    of(type) {
      const known = compiled.get(type);
      if (known) return known;
      const own = COMMON.includes(type) ? undefined : byBase.get(type);
      const all = own ? [...COMMON.flatMap((base) => byBase.get(base) ?? []), ...own] : [];
      const made = new Map(all.flatMap((one) => compile(one, type, byUrl)).map((one) => [one.code, one]));
      for (const [code, one] of made) made.set(code, withUnion(one, made));
      compiled.set(type, made);
      return made;
    },
  };
}

/** "combo-code" of an Observation is its "code" and the "component-code" of its components. */
function withUnion(parameter: Parameter, all: ReadonlyMap<string, Parameter>): Parameter {
  const part = /^combo-(.+)$/.exec(parameter.code)?.[1];
  if (part === undefined || !all.has(part) || !all.has(`component-${part}`)) return parameter;
  return { ...parameter, unionOf: [part, `component-${part}`] };
}

function compile(definition: Definition, type: string, byUrl: ReadonlyMap<string, Definition>): Parameter[] {
  const { code, expression } = definition;
  const pick = expression === undefined ? undefined : compilePath(expression, type);
  if (!pick) return [];
  const components = (definition.component ?? []).map((one): Component => {
    const of = byUrl.get(one.definition)?.type;
    if (of === undefined)
      throw new Error(`search parameter ${definition.url} names ${one.definition}, which is not there`);
    return { type: of as ParameterType, pick: compileRelative(one.expression) };
  });
  return [
    {
      code,
      type: definition.type as ParameterType,
      documentation: (definition.description ?? "").split("\r\n")[0] ?? "",
      pick,
      targets: definition.target ?? [],
      components,
    },
  ];
}
