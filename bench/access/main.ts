import type { Row } from "../support.ts";
import { ingestRows } from "./ingest.ts";
import { readRows } from "./reads.ts";

/** What the access checks and the audit cost: a FHIR read, and ingest. */
export async function access(): Promise<Row[]> {
  return [...(await readRows()), ...(await ingestRows())];
}
