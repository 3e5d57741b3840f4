/** Does what a device measures speak against it that its wearer is the one it is said to be? Pure; docs/adr/0056. */
export { Agreement, DenseWearer, type WindowMean } from "./dense.ts";
export { type DenseRule, denseRuleOf, type SparseRule, sparseRuleOf } from "./rules.ts";
export { type Doubt, SparseWearer } from "./sparse.ts";
