import type { Beside, MeasuredPlace, Overlays, Untaken } from "@openward/fhir/store";
import type { Timers } from "@openward/runtime";
import type { Tables, Transaction } from "../registry/transaction.ts";
import { withHouse } from "./house.ts";
import { conditionText, whoseText } from "./search.ts";

const TYPE = "Observation";
/** What has come to telemetry is struck off a little later, many at once: after a crash it is taken once more, which changes nothing. */
const STRIKE_MS = 500;

export interface KnownOverlays extends Overlays {
  /** In the commit of the resources. */
  keep(tx: Transaction, organisationId: string, beside: Beside, at: number): Promise<void>;
  place(tx: Transaction, organisationId: string, resourceId: string, places: readonly MeasuredPlace[]): Promise<void>;
  /** Behind the commit. */
  kept(beside: Beside | undefined, patientIds: readonly string[]): void;
  close(): Promise<void>;
}

/** Which readings have a text, and which texts are not yet readings. @throws OutsideTrouble DATABASE_UNREACHABLE */
export async function openOverlays({
  tables: given,
  timers,
}: {
  readonly tables: Tables;
  readonly timers: Timers;
}): Promise<KnownOverlays> {
  const tables = withHouse(given);
  const { streams, patients } = await tables.everywhere(async (tx) => ({
    streams: new Set((await tx.rows<{ id: string }>("SELECT stream_id::text AS id FROM observation_stream")).map(idOf)),
    patients: new Set(
      (
        await tx.rows<{ id: string }>(
          `SELECT p.id::text AS id FROM patient p WHERE EXISTS (SELECT FROM resource r WHERE r.patient_id = p.id AND r.type = '${TYPE}')
            OR EXISTS (SELECT FROM observation_form f WHERE f.patient_id = p.id)`,
        )
      ).map(idOf),
    ),
  }));
  let done: string[] = [];
  let timer: { cancel(): void } | undefined;
  let striking: Promise<void> = Promise.resolve();

  const strike = () => {
    timer = undefined;
    const ids = done;
    done = [];
    striking = tables
      .everywhere((tx) => tx.run("DELETE FROM observation_untaken WHERE id = ANY ($1::uuid[])", [ids]))
      .then(
        () => {},
        // They are still there at the next start, and taking them once more changes nothing.
        () => {},
      );
  };

  return {
    isBare: (streamId) => !streams.has(streamId),
    hasNone: (patientId) => !patients.has(patientId),

    over: (asker, { ids, patientId, streamIds, from, to }, whose, conditions) =>
      tables.inOrganisation(asker, async (tx) => {
        const values: unknown[] = [ids, patientId, streamIds, from, to];
        const put = (value: unknown) => `$${values.push(value)}`;
        const mine = [
          "r.organisation_id = current_organisation()",
          `r.type = '${TYPE}'`,
          ...whoseText(whose, put),
          ...conditions.map((one) => conditionText(TYPE, one, put)),
        ];
        const filled = [
          "r.organisation_id = current_organisation()",
          ...whoseText(whose, put),
          ...conditions.map((one) => conditionText(TYPE, one, put, "filled")),
        ];
        const rows = await tx.rows<{
          id: string | null;
          stream: string;
          from: number;
          to: number;
          ordinal: number | null;
        }>(
          `SELECT r.id, NULL::text AS stream, NULL::bigint AS "from", NULL::bigint AS "to", NULL::integer AS ordinal
             FROM resource r WHERE r.id = ANY ($1::text[]) AND ${mine.join(" AND ")}
           UNION ALL
           SELECT p.id, NULL, NULL, NULL, NULL FROM observation_form f CROSS JOIN LATERAL (
             SELECT r.id FROM (SELECT l.*, '{}'::uuid[] AS other_patient_ids, f.terms, f.words FROM observation_filled l
                WHERE l.id = ANY ($1::text[]) AND l.form = f.number AND NOT l.is_superseded) r WHERE ${filled.join(" AND ")}) p
            WHERE f.patient_id = $2 AND f.stream_id = ANY ($3::uuid[])
           UNION ALL
           SELECT NULL, o.stream_id::text, o.from_at, o.to_at, o.ordinal
             FROM observation_reading o JOIN resource r ON r.organisation_id = o.organisation_id AND r.id = o.resource_id
            WHERE o.patient_id = $2 AND o.stream_id = ANY ($3::uuid[]) AND o.from_at < $5 AND o.to_at > $4 AND ${mine.join(" AND ")}`,
          values,
        );
        return {
          ids: new Set(rows.flatMap(({ id }) => (id === null ? [] : [id]))),
          places: rows.flatMap(({ id, stream: streamId, from: begin, to: end, ordinal }) =>
            id === null ? [{ streamId, from: Number(begin), to: Number(end), ordinal }] : [],
          ),
        };
      }),

    placesOf: (organisationId, resourceId) =>
      tables.inOrganisation(organisationId, async (tx) => {
        const rows = await tx.rows<Row>(
          `SELECT ${PLACE} FROM observation_reading WHERE organisation_id = current_organisation() AND resource_id = $1 ORDER BY part`,
          [resourceId],
        );
        return rows.map(toPlace);
      }),

    resourceAt: (organisationId, { patientId, streamId, from }) =>
      tables.inOrganisation(organisationId, async (tx) => {
        const rows = await tx.rows<{ id: string }>(
          "SELECT resource_id AS id FROM observation_reading WHERE patient_id = $1 AND stream_id = $2 AND from_at = $3 ORDER BY 1",
          [patientId, streamId, from],
        );
        return rows.map(idOf);
      }),

    taken(id) {
      done.push(id);
      timer ??= timers.after(STRIKE_MS, strike);
    },

    untaken: () =>
      tables.everywhere((tx) =>
        tx.rows<Untaken & { readonly at: number }>(
          `SELECT id::text AS id, organisation_id::text AS "organisationId", patient_id::text AS "patientId", device_id AS "deviceId",
             body, resource_id AS "resourceId", at FROM observation_untaken ORDER BY at, id`,
        ),
      ),

    patients: () =>
      tables.everywhere((tx) =>
        tx.rows<{ organisationId: string; patientId: string }>(
          `SELECT DISTINCT organisation_id::text AS "organisationId", patient_id::text AS "patientId" FROM observation_stream`,
        ),
      ),

    async keep(tx, organisationId, beside, at) {
      const fresh = beside.streams.filter(({ id }) => !streams.has(id));
      if (fresh.length > 0)
        await tx.run(
          `INSERT INTO observation_stream (organisation_id, stream_id, patient_id)
           SELECT $1, s, p FROM unnest($2::uuid[], $3::uuid[]) AS g (s, p) ON CONFLICT DO NOTHING`,
          [organisationId, fresh.map(({ id }) => id), fresh.map(({ patientId }) => patientId)],
        );
      if (beside.untaken.length > 0)
        await tx.run(
          `INSERT INTO observation_untaken (organisation_id, id, patient_id, device_id, body, resource_id, at)
           SELECT $1, g.*, $7 FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[]) AS g`,
          [
            organisationId,
            beside.untaken.map(({ id }) => id),
            beside.untaken.map(({ patientId }) => patientId),
            beside.untaken.map(({ deviceId }) => deviceId),
            beside.untaken.map(({ body }) => body),
            beside.untaken.map(({ resourceId }) => resourceId),
            at,
          ],
        );
    },

    async place(tx, organisationId, resourceId, places) {
      await tx.run("DELETE FROM observation_reading WHERE organisation_id = $1 AND resource_id = $2", [
        organisationId,
        resourceId,
      ]);
      if (places.length === 0) return;
      await tx.run(
        `INSERT INTO observation_reading (organisation_id, resource_id, part, patient_id, device_id, stream_id, from_at, to_at, ordinal)
         SELECT $1, $2, n, p, d, s, f, t, o
           FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::bigint[], $7::bigint[], $8::integer[]) WITH ORDINALITY AS g (p, d, s, f, t, o, n)`,
        [
          organisationId,
          resourceId,
          places.map(({ patientId }) => patientId),
          places.map(({ deviceId }) => deviceId),
          places.map(({ streamId }) => streamId),
          places.map(({ from }) => from),
          places.map(({ to }) => to),
          places.map(({ ordinal }) => ordinal),
        ],
      );
    },

    kept(beside, patientIds) {
      for (const { id } of beside?.streams ?? []) streams.add(id);
      for (const id of patientIds) patients.add(id);
    },

    async close() {
      timer?.cancel();
      if (done.length > 0) strike();
      await striking;
    },
  };
}

interface Row {
  readonly patient: string;
  readonly device: string;
  readonly stream: string;
  readonly from: number;
  readonly to: number;
  readonly ordinal: number | null;
}

const PLACE =
  'patient_id::text AS patient, device_id AS device, stream_id::text AS stream, from_at AS "from", to_at AS "to", ordinal';

const toPlace = ({ patient, device, stream, from, to, ordinal }: Row): MeasuredPlace => ({
  patientId: patient,
  deviceId: device,
  streamId: stream,
  from: Number(from),
  to: Number(to),
  ordinal,
});

const idOf = ({ id }: { readonly id: string }): string => id;
