export { type Authority, openAuthority } from "./authority.ts";
export { type OpenMaterial, openMaterial } from "./material.ts";
export type { Material } from "./ports.ts";
