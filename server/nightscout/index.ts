export { registerNightscout } from "./register.ts";
