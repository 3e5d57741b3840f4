import { RefusedInput } from "@openward/errors";
import type { Tables } from "../registry/transaction.ts";

interface Row {
  readonly patient_id: string;
  readonly from_at: number;
  readonly to_at: number | null;
}

/**
 * On which of one person's records the device was throughout a span.
 *
 * @throws RefusedInput ASSOCIATION_SPLIT where it was on them for a part of it, NO_ASSOCIATION where it was not
 */
export async function wearerOf(
  tables: Tables,
  organisationId: string,
  deviceId: string,
  records: readonly string[],
  from: number,
  to: number,
): Promise<string> {
  const rows = await tables.inOrganisation(organisationId, (tx) =>
    tx.rows<Row>(
      `SELECT patient_id::text, from_at, to_at FROM association
        WHERE device_id = $1 AND patient_id = ANY ($2) AND from_at < $4 AND (to_at IS NULL OR to_at > $3)
        ORDER BY from_at`,
      [deviceId, records, from, to],
    ),
  );
  const [first] = rows;
  if (!first) throw new RefusedInput("NO_ASSOCIATION", { at: "from" });
  const whole = rows.find((row) => row.from_at <= from && (row.to_at === null || row.to_at >= to));
  if (whole) return whole.patient_id;
  const end = first.to_at === null ? "now" : new Date(first.to_at).toISOString();
  throw new RefusedInput("ASSOCIATION_SPLIT", {
    at: first.from_at > from ? "from" : "to",
    expected: `within ${new Date(first.from_at).toISOString()} to ${end}, one span in which the device was on the patient`,
  });
}
