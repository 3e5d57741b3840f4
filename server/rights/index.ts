export { createEverything, type Everything } from "./everything.ts";
