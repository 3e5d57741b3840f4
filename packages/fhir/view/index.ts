export { parseView, type View, type ViewParameters } from "./parse.ts";
export { applyView } from "./view.ts";
