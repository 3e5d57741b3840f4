export * from "./bulk.ts";
