import type { z } from "zod";
import type * as c from "./consent.ts";

export type ConsentBody = z.infer<typeof c.consent>;
export type NewConsentBody = z.output<typeof c.newConsent>;
export type DataCategoryBody = z.infer<typeof c.dataCategory>;
export type SharingBody = z.infer<typeof c.sharing>;
export type SharedWithBody = z.infer<typeof c.sharedWith>;
export type HiddenKindBody = z.infer<typeof c.hiddenKind>;
export type PatientConsentsBody = z.infer<typeof c.patientConsents>;
