import { createHash } from "node:crypto";
import type { Coding, Meta } from "@medplum/fhirtypes";
import type { Organisation } from "@openward/model";

/** Data of the demonstration ward: never to be taken for a patient's. */
const HTEST: Coding = {
  system: "http://terminology.hl7.org/CodeSystem/v3-ActReason",
  code: "HTEST",
  display: "test health data",
};

export interface MetaFacts {
  readonly versionId: string;
  /** A FHIR instant; left out where nobody knows. */
  readonly lastUpdated?: string;
  readonly profile?: string[] | undefined;
  readonly tag?: Coding[] | undefined;
}

export function metaOf(organisation: Organisation, facts: MetaFacts): Meta {
  return {
    versionId: facts.versionId,
    ...(facts.lastUpdated === undefined ? {} : { lastUpdated: facts.lastUpdated }),
    ...(facts.profile === undefined ? {} : { profile: facts.profile }),
    ...(organisation.isDemo ? { security: [HTEST] } : {}),
    ...(facts.tag === undefined ? {} : { tag: facts.tag }),
  };
}

/** Of what is kept without the time of its last change: the same while it says the same. */
export const contentVersion = (told: object): string =>
  createHash("sha256").update(JSON.stringify(told)).digest("hex").slice(0, 16);
