import type { ProfileData, RuleData } from "../definitions/data.ts";
import { compileRoot, type Makers, type Rule } from "./rule.ts";

export interface Profile {
  readonly url: string;
  readonly type: string;
  readonly version: string | undefined;
  readonly isModifier: boolean;
  readonly rule: Rule;
  /** A base that is not here, so that what it asks is not asked. */
  readonly missing: string | undefined;
}

/** Profiles and extensions by their url, compiled when they are first asked. */
export class Profiles {
  readonly #data: Readonly<Record<string, ProfileData>>;
  readonly #makers: Makers;
  readonly #made = new Map<string, Profile | undefined>();

  constructor(data: Readonly<Record<string, ProfileData>>, makers: Omit<Makers, "ruleOf">) {
    this.#data = data;
    this.#makers = { ...makers, ruleOf: (url) => this.#ruleOf(url) };
  }

  get urls(): string[] {
    return Object.keys(this.#data);
  }

  get(url: string): Profile | undefined {
    const known = this.#made.get(url);
    if (known) return known;
    // What is not here is not kept: whoever asks may ask for anything.
    if (!Object.hasOwn(this.#data, url)) return undefined;
    const data = this.#data[url] as ProfileData;
    const profile: Profile = {
      url,
      type: data.type,
      version: data.version,
      isModifier: data.modifier === true,
      missing: this.#missing(url),
      rule: compileRoot(this.#ruleOf(url) as RuleData, data.type, this.#makers),
    };
    this.#made.set(url, profile);
    return profile;
  }

  #missing(url: string): string | undefined {
    const data = Object.hasOwn(this.#data, url) ? this.#data[url] : undefined;
    if (!data) return url;
    return data.base === undefined ? undefined : this.#missing(data.base);
  }

  /** What a profile asks with all that its bases ask. */
  #ruleOf(url: string): RuleData | undefined {
    const own = Object.hasOwn(this.#data, url) ? this.#data[url] : undefined;
    const base = own?.base === undefined ? undefined : this.#ruleOf(own.base);
    return own && (base ? merged(base, own.rule) : own.rule);
  }
}

/** What both ask; where both say something of the same, the narrower. */
function merged(base: RuleData, own: RuleData): RuleData {
  const min = Math.max(base.min ?? 0, own.min ?? 0);
  const max = own.max === undefined || own.max === "*" ? base.max : own.max;
  const constraints = [...new Set([...(base.constraints ?? []), ...(own.constraints ?? [])])];
  const elements = mergedLists(base.elements, own.elements, ({ name }) => name);
  const slices = mergedLists(base.slices, own.slices, ({ slice }) => slice ?? "");
  return {
    ...base,
    ...own,
    ...(min > 0 ? { min } : {}),
    ...(max === undefined ? {} : { max }),
    ...(constraints.length > 0 ? { constraints } : {}),
    ...(elements.length > 0 ? { elements } : {}),
    ...(slices.length > 0 ? { slices } : {}),
  };
}

function mergedLists(
  base: readonly RuleData[] = [],
  own: readonly RuleData[] = [],
  key: (rule: RuleData) => string,
): RuleData[] {
  const all = new Map(base.map((one) => [key(one), one]));
  for (const one of own) {
    const before = all.get(key(one));
    all.set(key(one), before ? merged(before, one) : one);
  }
  return [...all.values()];
}
