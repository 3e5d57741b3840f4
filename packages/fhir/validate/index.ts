import { loadDefinitions } from "../definitions/load.ts";
import type { Issue } from "./issue.ts";
import { type Options, Validator } from "./validator.ts";

export { SKIPPED } from "./invariants.ts";
export type { Issue, IssueCode } from "./issue.ts";
export { type Options, Validator } from "./validator.ts";

let shared: Validator | undefined;

/** R4 with its profiles and extensions, and US Core; read and made when it is first needed. */
export function validator(): Validator {
  shared ??= new Validator(loadDefinitions());
  return shared;
}

/**
 * Holds a resource against R4, the profiles that it declares, and those that are asked for.
 *
 * @returns issues; none with severity "error": it is valid as far as the others do not say otherwise
 */
export function validate(resource: unknown, options?: Options): Issue[] {
  return validator().validate(resource, options);
}
