import { RefusedInput } from "@openward/errors";
import { FhirDecimal, losesText } from "./decimal.ts";
import type { Fhir, FhirObject } from "./fhir.ts";

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings, and so must this
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const SPACE = /[ \t\n\r]*/y;
const NAME_SHOWN = 64;

/**
 * Reads JSON token by token: for text with numbers that must keep their text, and to name the place of a fault. It is slower than
 * JSON.parse, which reads everything else (`parse.ts`).
 */
export class CarefulReader {
  readonly #text: string;
  readonly #depthMax: number;
  #at = 0;
  /** Where in the tree the reader is: names and indices. */
  readonly #path: (string | number)[] = [];

  constructor(text: string, depthMax: number) {
    this.#text = text;
    this.#depthMax = depthMax;
  }

  /** @throws RefusedInput MALFORMED_JSON, BODY_SHAPE, VALUE_NOT_A_NUMBER with the path of the element and the byte offset */
  read(): Fhir {
    this.#space();
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#refuse("MALFORMED_JSON", "the end of the text");
    return value;
  }

  #value(depth: number): Fhir {
    switch (this.#text.charCodeAt(this.#at)) {
      case 0x7b:
        return this.#object(depth + 1);
      case 0x5b:
        return this.#array(depth + 1);
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#word("true", true);
      case 0x66:
        return this.#word("false", false);
      case 0x6e:
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): FhirObject {
    this.#enter(depth);
    const object: FhirObject = {};
    if (this.#sign("}")) return object;
    do {
      this.#space();
      const start = this.#at;
      if (this.#text[this.#at] !== '"') this.#refuse("MALFORMED_JSON", "a name in quotes");
      const name = this.#string();
      this.#path.push(name);
      if (name === "__proto__") this.#refuse("BODY_SHAPE", "a name of FHIR", start);
      if (Object.hasOwn(object, name)) this.#refuse("BODY_SHAPE", "each name once in an object", start);
      if (!this.#sign(":")) this.#refuse("MALFORMED_JSON", "a colon");
      this.#space();
      object[name] = this.#value(depth);
      this.#path.pop();
    } while (this.#sign(","));
    if (!this.#sign("}")) this.#refuse("MALFORMED_JSON", "a comma or the end of the object");
    return object;
  }

  #array(depth: number): Fhir[] {
    this.#enter(depth);
    const array: Fhir[] = [];
    if (this.#sign("]")) return array;
    do {
      this.#path.push(array.length);
      this.#space();
      array.push(this.#value(depth));
      this.#path.pop();
    } while (this.#sign(","));
    if (!this.#sign("]")) this.#refuse("MALFORMED_JSON", "a comma or the end of the array");
    return array;
  }

  #enter(depth: number): void {
    if (depth > this.#depthMax) this.#refuse("BODY_SHAPE", `at most ${this.#depthMax} levels`);
    this.#at++;
  }

  #string(): string {
    STRING.lastIndex = this.#at;
    if (!STRING.test(this.#text)) this.#refuse("MALFORMED_JSON", "text in quotes, with its escapes");
    const quoted = this.#text.slice(this.#at, STRING.lastIndex);
    this.#at = STRING.lastIndex;
    return quoted.includes("\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  }

  #number(): Fhir {
    NUMBER.lastIndex = this.#at;
    if (!NUMBER.test(this.#text)) this.#refuse("MALFORMED_JSON", "a value");
    const start = this.#at;
    this.#at = NUMBER.lastIndex;
    const text = this.#text.slice(start, this.#at);
    if (!losesText(text)) return Number(text);
    try {
      return new FhirDecimal(text);
    } catch {
      return this.#refuse("VALUE_NOT_A_NUMBER", "a decimal between 1e-308 and 1e308", start);
    }
  }

  #word<T extends Fhir>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#refuse("MALFORMED_JSON", "a value");
    this.#at += word.length;
    return value;
  }

  /** Steps over a sign that stands next, behind white space. */
  #sign(sign: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    if (this.#text.charCodeAt(this.#at) > 0x20) return;
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  /** What stands at the fault is not repeated: it may be a patient's. */
  #refuse(code: "MALFORMED_JSON" | "BODY_SHAPE" | "VALUE_NOT_A_NUMBER", expected: string, at = this.#at): never {
    const offset = new TextEncoder().encode(this.#text.slice(0, at)).length;
    const path = pathText(this.#path);
    throw new RefusedInput(code, {
      format: "fhir+json",
      ...(path === "" ? {} : { at: path }),
      offset,
      expected: `${expected} at byte ${offset}`,
    });
  }
}

function pathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else text += `${text === "" ? "" : "."}${step.slice(0, NAME_SHOWN)}`;
  }
  return text;
}
