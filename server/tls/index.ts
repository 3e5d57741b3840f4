export { type Authority, openAuthority } from "./authority.ts";
export { certsOnly } from "./certs-only.ts";
export { type OpenMaterial, openMaterial } from "./material.ts";
export { admitOperatorCertificates } from "./operator-access.ts";
export { type OperatorChain, openOperatorChain } from "./operator-chain.ts";
export type { Material } from "./ports.ts";
