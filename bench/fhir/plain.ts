import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { Pool } from "pg";
import { openTestDatabase } from "../../server/store/database/testing/database.ts";

// The usual way to keep FHIR, as a baseline, in a process of its own: each resource a row of jsonb with the columns that are
// searched by beside it, committed and flushed before the answer. It asks nobody who they are, validates nothing, keeps no
// versions, and records nothing: what a FHIR server adds to that is what is measured.

interface Observation {
  readonly subject: { readonly reference: string };
  readonly code: { readonly coding: readonly { readonly code: string }[] };
  readonly effectiveDateTime: string;
}

const database = await openTestDatabase({ durable: true });
const { owner } = database;
await owner.query(
  "CREATE TABLE plain (id uuid PRIMARY KEY, patient text, code text, at timestamptz, resource jsonb NOT NULL)",
);
await owner.query("CREATE INDEX plain_search ON plain (patient, code, at DESC)");

const server = createServer((request, response) => {
  answer(request).then(
    (body) => response.writeHead(200, { "content-type": "application/fhir+json", ...lengthOf(body) }).end(body),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});
// Connections wait while the other side is measured.
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : undefined);
});
process.on("message", () => {
  server.closeAllConnections();
  database.close().then(() => process.exit());
});

const lengthOf = (body: string) => ({ "content-length": Buffer.byteLength(body) });

async function answer(request: IncomingMessage): Promise<string> {
  const url = new URL(request.url ?? "", "http://plain");
  if (request.method === "POST") {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const resource = JSON.parse(Buffer.concat(chunks).toString());
    const made =
      resource.resourceType === "Bundle" ? resource.entry.map((one: { resource: object }) => one.resource) : [resource];
    return JSON.stringify(await insert(owner, made));
  }
  const [, , id] = url.pathname.split("/");
  if (id) {
    const { rows } = await owner.query("SELECT resource FROM plain WHERE id = $1", [id]);
    return JSON.stringify(rows[0]?.resource);
  }
  const { rows } = await owner.query(
    "SELECT resource FROM plain WHERE patient = $1 AND code = $2 ORDER BY at DESC LIMIT 100",
    [url.searchParams.get("patient"), url.searchParams.get("code")],
  );
  return JSON.stringify({
    resourceType: "Bundle",
    type: "searchset",
    entry: rows.map(({ resource }) => ({ resource })),
  });
}

async function insert(pool: Pool, resources: readonly Observation[]): Promise<readonly object[]> {
  const made = resources.map((resource) => ({ ...resource, id: randomUUID() }));
  await pool.query(
    `INSERT INTO plain SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::jsonb[])`,
    [
      made.map(({ id }) => id),
      made.map(({ subject }) => subject.reference.slice("Patient/".length)),
      made.map(({ code }) => code.coding[0]?.code),
      made.map(({ effectiveDateTime }) => effectiveDateTime),
      made.map((one) => JSON.stringify(one)),
    ],
  );
  return made;
}
