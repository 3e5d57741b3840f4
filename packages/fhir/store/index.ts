export type * from "./conditions.ts";
export type * from "./forms.ts";
export type * from "./measured.ts";
export type * from "./resources.ts";
