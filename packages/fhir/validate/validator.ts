import type { Definitions } from "../definitions/data.ts";
import { Apply } from "./apply.ts";
import { Bindings } from "./bindings.ts";
import { Invariants } from "./invariants.ts";
import { type Issue, Report } from "./issue.ts";
import { isObject, type Json } from "./json.ts";
import { type Profile, Profiles } from "./profiles.ts";
import { Shapes } from "./shape.ts";
import { Visit } from "./visit.ts";
import { Walk } from "./walk.ts";

/** More profiles than this nobody declares; each costs a walk, of each resource of a Bundle. */
const PROFILES_AT_MOST = 5;

export interface Options {
  /** Canonical urls of profiles to hold the resource against, besides those that it declares. */
  readonly profiles?: readonly string[];
}

/** Validates resources of R4 against their type, what they declare, and what is asked for. */
export class Validator {
  readonly #walk: Walk;
  readonly #apply: Apply;
  readonly #profiles: Profiles;

  /**
   * @param definitions of R4, and of guides
   * @param isNative false: all invariants by the FHIRPath library, slowly, to compare with
   */
  constructor(definitions: readonly Definitions[], isNative = true) {
    const all = <K extends "types" | "profiles" | "valueSets" | "constraints">(key: K): Definitions[K] =>
      Object.assign({}, ...definitions.map((one) => one[key]));
    const bindings = new Bindings(all("valueSets"));
    const invariants = new Invariants(all("constraints"), isNative);
    const shapes = new Shapes(all("types"), bindings, invariants);
    this.#profiles = new Profiles(all("profiles"), { shapes, bindings, invariants });
    this.#apply = new Apply(shapes, (url) => this.#profiles.get(url)?.rule);
    this.#walk = new Walk(shapes, {
      extension: (extension, isModifier, visit) => this.#extension(extension, isModifier, visit),
      resource: (resource, visit) => this.#declared(resource, visit),
    });
  }

  /** Canonical urls of the profiles and extensions that are known. */
  get profiles(): readonly string[] {
    return this.#profiles.urls;
  }

  /**
   * @param resource as parsed; numbers may be kept as they were written (JSON.rawJSON)
   * @returns what is wrong (error), doubtful (warning), and what could not be checked (information); empty: all holds
   */
  validate(resource: unknown, { profiles = [] }: Options = {}): Issue[] {
    const report = new Report();
    const { resourceType } = (resource ?? {}) as { resourceType?: unknown };
    report.path.push(
      typeof resourceType === "string" && /^[A-Za-z]{1,64}$/.test(resourceType) ? resourceType : "Resource",
    );
    if (!isObject(resource)) {
      report.error("structure", "expected a resource: an object with a resourceType");
      return report.issues;
    }
    const visit = new Visit(report, resource, resource);
    this.#walk.resource(visit);
    for (const url of profiles) this.#against(url, resource, visit, true);
    return report.issues;
  }

  /** What a resource says of itself; a profile that is not here is said not to have been looked at. */
  #declared(resource: Json, visit: Visit): void {
    const { meta } = resource;
    const declared: readonly unknown[] = isObject(meta) && Array.isArray(meta.profile) ? meta.profile : [];
    for (const url of new Set(declared.slice(0, PROFILES_AT_MOST))) {
      if (typeof url === "string") this.#against(url, resource, visit, false);
    }
    if (declared.length > PROFILES_AT_MOST) {
      visit.report.inform(
        "too-costly",
        `more than ${PROFILES_AT_MOST} profiles are declared: the others are not checked`,
      );
    }
  }

  #against(canonical: string, resource: Json, visit: Visit, isAsked: boolean): void {
    const [url = "", version] = canonical.split("|");
    const profile = this.#profiles.get(url);
    const { report } = visit;
    if (!profile || profile.type === "Extension") {
      const named = ADDRESS.test(url) ? ` ${url}` : "";
      if (isAsked) report.error("not-found", `the profile${named} is not known here`);
      else report.inform("not-found", `the profile${named} is not known here: not checked`);
      return;
    }
    if (version !== undefined && profile.version !== undefined && version !== profile.version) {
      report.inform("not-found", `${url} is known here in version ${profile.version}: checked against that`);
    }
    this.#hold(profile, resource, visit);
  }

  #hold(profile: Profile, resource: Json, visit: Visit): void {
    if (profile.type !== visit.type) {
      visit.report.error("structure", `${profile.url} is a profile of ${profile.type}`);
      return;
    }
    if (profile.missing) {
      visit.report.inform(
        "not-found",
        `${profile.missing}, on which ${profile.url} stands, is not known here: not checked`,
      );
    }
    this.#apply.root(profile.rule, resource, visit);
  }

  #extension(extension: Json, isModifier: boolean, visit: Visit): void {
    const { url } = extension;
    if (typeof url !== "string" || !ABSOLUTE.test(url)) return;
    const { report } = visit;
    const known = this.#profiles.get(url);
    if (known?.type !== "Extension") {
      const named = ADDRESS.test(url) ? ` ${url}` : "";
      if (isModifier)
        report.warn("extension", `the modifier extension${named} is not known here and changes what this means`);
      else report.inform("extension", `the extension${named} is not known here: its content is not checked`);
    } else if (known.isModifier !== isModifier) {
      report.error(
        "extension",
        known.isModifier ? "this extension must be a modifierExtension" : "this extension is no modifier",
      );
    } else this.#apply.root(known.rule, extension, visit);
  }
}

/** Within an extension of several parts, the parts have names and no addresses. */
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:/i;
/** Addresses are said as they came only when they look like addresses of definitions. */
const ADDRESS = /^(?:https?:\/\/|urn:)[A-Za-z0-9\-._~:/]{1,200}$/;
