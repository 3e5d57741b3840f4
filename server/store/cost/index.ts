export { createSearchCost } from "./cost.ts";
