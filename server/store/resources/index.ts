export { createResources } from "./resources.ts";
