import { RefusedInput } from "@openward/errors";

/** Operators of R4's table (search_filter.html). */
export const FILTER_OPERATORS = "eq ne co sw ew gt lt ge le ap sa eb pr po ss sb in ni re".split(
  " ",
) as unknown as readonly FilterOperator[];
export type FilterOperator =
  | "eq"
  | "ne"
  | "co"
  | "sw"
  | "ew"
  | "gt"
  | "lt"
  | "ge"
  | "le"
  | "ap"
  | "sa"
  | "eb"
  | "pr"
  | "po"
  | "ss"
  | "sb"
  | "in"
  | "ni"
  | "re";

/** What `_filter` says, as it was read. */
export type Filter =
  | { readonly kind: "and" | "or"; readonly of: readonly [Filter, Filter] }
  | { readonly kind: "not"; readonly of: Filter }
  | FilterTest;

/** "name co pet", "subject.name co pet", "subject[active eq true].name co pet" */
export interface FilterTest {
  readonly kind: "test";
  readonly name: string;
  /** What stands in brackets behind the name: what is referred to must be so as well. */
  readonly where: { readonly text: string; readonly filter: Filter } | undefined;
  /** What is asked of what is referred to, as a filter of its own; undefined: the test is of the resource itself. */
  readonly rest: string | undefined;
  readonly operator: FilterOperator;
  /** Without the quotes of a string. */
  readonly value: string;
  /** Where it begins, characters from the start. */
  readonly offset: number;
}

/** Longer ones are no question that somebody wrote. */
const LENGTH_MAX = 4_000;
const TESTS_MAX = 50;
const DEPTH_MAX = 16;

/**
 * Reads a filter. As R4 has it, "and" and "or" bind alike, from left to right.
 *
 * @throws RefusedInput FIELD_INVALID naming the offset of the character at which it could not go on
 */
export function parseFilter(text: string): Filter {
  if (text.length > LENGTH_MAX)
    throw new RefusedInput("FIELD_INVALID", { at: "http._filter", expected: `at most ${LENGTH_MAX} characters` });
  const reader = new Reader(text);
  const filter = reader.filter(0);
  reader.end();
  return filter;
}

/** Conditions of which all must be so, taken apart. */
export function conjunctsOf(filter: Filter): readonly Filter[] {
  return filter.kind === "and" ? filter.of.flatMap(conjunctsOf) : [filter];
}

/** Names of parameters that a filter asks for first, not those of what is referred to. */
export function namesIn(filter: Filter): readonly string[] {
  if (filter.kind === "test") return [filter.name];
  return filter.kind === "not" ? namesIn(filter.of) : filter.of.flatMap(namesIn);
}

const NAME = /[_A-Za-z][\w-]*/y;
const OPERATOR = /[A-Za-z]+/y;
const STRING = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const TOKEN = /[^\s)\]]+/uy;
const WORD = /(and|or)(?=[\s(]|$)/y;
const NOT = /not(?=\s*\()/y;

class Reader {
  readonly #text: string;
  #at = 0;
  #tests = 0;

  constructor(text: string) {
    this.#text = text;
  }

  filter(depth: number): Filter {
    if (depth > DEPTH_MAX) throw this.#expected(`at most ${DEPTH_MAX} parentheses within one another`);
    let left = this.#one(depth);
    for (;;) {
      this.#space();
      const word = this.#take(WORD) as "and" | "or" | undefined;
      if (!word) return left;
      left = { kind: word, of: [left, this.#one(depth)] };
    }
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#expected('"and", "or" or the end');
  }

  #one(depth: number): Filter {
    this.#space();
    if (this.#take(NOT)) {
      this.#space();
      return { kind: "not", of: this.#inBrackets("(", ")", depth) };
    }
    if (this.#text[this.#at] === "(") return this.#inBrackets("(", ")", depth);
    return this.#test(depth);
  }

  #inBrackets(open: string, close: string, depth: number): Filter {
    this.#need(open);
    const filter = this.filter(depth + 1);
    this.#space();
    this.#need(close);
    return filter;
  }

  #test(depth: number): FilterTest {
    if (++this.#tests > TESTS_MAX) throw this.#expected(`at most ${TESTS_MAX} tests`);
    const offset = this.#at;
    const name = this.#take(NAME);
    if (name === undefined) throw this.#expected('the name of a parameter, "(" or "not("');
    let where: FilterTest["where"];
    if (this.#text[this.#at] === "[") {
      const from = this.#at + 1;
      const filter = this.#inBrackets("[", "]", depth);
      where = { text: this.#text.slice(from, this.#at - 1), filter };
    }
    if (this.#text[this.#at] === ".") {
      const from = ++this.#at;
      const { operator, value } = this.#test(depth + 1);
      return { kind: "test", name, where, rest: this.#text.slice(from, this.#at), operator, value, offset };
    }
    if (!this.#space()) throw this.#expected('" ", "." or "[" behind the name');
    const operator = this.#operator();
    if (!this.#space()) throw this.#expected("a value behind the operator");
    return { kind: "test", name, where, rest: undefined, operator, value: this.#value(), offset };
  }

  #operator(): FilterOperator {
    const from = this.#at;
    const word = this.#take(OPERATOR)?.toLowerCase();
    const operator = FILTER_OPERATORS.find((one) => one === word);
    if (operator) return operator;
    this.#at = from;
    throw this.#expected(`one of ${FILTER_OPERATORS.join(" ")}`);
  }

  #value(): string {
    if (this.#text[this.#at] === '"') {
      const quoted = this.#take(STRING);
      if (quoted === undefined) throw this.#expected("a JSON string");
      return JSON.parse(quoted) as string; // the pattern lets nothing else through
    }
    const token = this.#take(TOKEN);
    if (token === undefined) throw this.#expected("a value");
    return token;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #need(char: string): void {
    if (this.#text[this.#at] !== char) throw this.#expected(`"${char}"`);
    this.#at++;
  }

  /** @returns whether there was any */
  #space(): boolean {
    const from = this.#at;
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#at > from;
  }

  /** What stands there may be a name: it is not repeated. */
  #expected(expected: string): RefusedInput {
    const offset = this.#at;
    return new RefusedInput("FIELD_INVALID", {
      at: "http._filter",
      expected: `${expected} at character ${offset + 1}`,
      offset,
    });
  }
}
