import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  fhirPolicies,
  hl7MessagePolicies,
  liveMessage,
  liveMessagePolicies,
  otherRoutes,
  policies,
  type Route,
  type RouteName,
  routes,
  topicPolicies,
  watchMessage,
} from "@openward/api";
import type { PatientView, PrincipalRole } from "@openward/model";
import { messageTypes } from "../../server/connect/mllp/index.ts";
import { routeOf } from "../../server/connect/topic.ts";
import { calls } from "./calls.ts";
import { interactionsOf, knownParameters, runFhir } from "./fhir.ts";
import { runLive } from "./live.ts";
import { type Cell, cellsOf, leaks, nameOf, questionOf, runPermitted, runRefused } from "./matrix.ts";
import { runMqtt } from "./mqtt.ts";
import { inParallel } from "./server.ts";
import { startWorld, type World } from "./world.ts";

/** What a test does to the server's own checks; nothing of this can be switched outside of it. */
const off: {
  views: boolean;
  role: PrincipalRole | null;
  alsoSees: { who: string; whom: string } | null;
  forgets: string | null;
} = {
  views: false,
  role: null,
  alsoSees: null,
  forgets: null,
};
/** Every cell (the campaign), or those in which the answer can be another. */
const isWhole = process.env.AUTHORISATION === "whole";

let world: World;
before(async () => {
  world = await startWorld((foundation) => {
    const { access } = foundation;
    return {
      ...foundation,
      access: {
        ...access,
        async authenticate(headers, options) {
          const found = await access.authenticate(headers, options);
          return found && off.role ? { ...found, principal: { ...found.principal, role: off.role } } : found;
        },
        async viewOf(principal): Promise<PatientView> {
          if (off.views)
            return {
              principal,
              has: () => true,
              patientIds: everybody,
              recordsOf: (id) => [id],
              hiddenOf: () => undefined,
            };
          const view = await access.viewOf(principal);
          if (off.forgets === principal.id) return { ...view, hiddenOf: () => undefined };
          const { who, whom } = off.alsoSees ?? {};
          if (who !== principal.id || whom === undefined) return view;
          return {
            ...view,
            has: (id) => id === whom || view.has(id),
            recordsOf: (id) => (id === whom ? [id] : view.recordsOf(id)),
          };
        },
      },
    };
  });
});
after(() => world?.close());

const everybody = () => Object.values(world.known).map(({ id }) => id);
const telling = (findings: readonly { cell: string; what: string }[]) =>
  [...new Set(findings.map(({ cell, what }) => `${cell}: ${what}`))].sort().slice(0, 60);

test("what is permitted is answered with its data, and with nobody else's", async (t) => {
  const began = performance.now();
  const cells = cellsOf(world, isWhole);
  assert.deepEqual(telling(await runPermitted(world, cells, isWhole)), []);
  t.diagnostic(`${cells.length} cells in all; ${Math.round(performance.now() - began)} ms`);
});

test("every address of the HTTP port is a route of the table, or says why it tells of nobody", () => {
  const table = new Set(Object.values(routes).map(({ method, path }) => `${method} ${path}`));
  const others = world.server.registered.filter(
    ({ method, url }) => !table.has(`${method === "HEAD" ? "GET" : method} ${url}`),
  );
  const wholes = ["/oauth/", "/api/v1/", "/api/v3/"];
  const folded = (url: string) => wholes.find((whole) => url.startsWith(whole));
  const urls = others.map(({ url }) => (folded(url) ? `${folded(url)}*` : url));
  assert.deepEqual(new Set(urls.filter((url) => !(url in otherRoutes))), new Set());
});

test("every interaction of /fhir and every parameter is declared, and asked by everybody of everybody", async (t) => {
  const can = await interactionsOf(world);
  assert.deepEqual(can.interactions, Object.keys(fhirPolicies).sort());
  assert.deepEqual(can.parameters, knownParameters);
  const { findings, asked } = await runFhir(world, isWhole);
  assert.deepEqual(telling(findings), []);
  t.diagnostic(`${asked} answers`);
});

test("every message of /live is declared, and reaches who may see the patient and nobody else", async () => {
  const declared = [...liveMessage.options.map(({ shape }) => shape.type.value), watchMessage.shape.type.value];
  assert.deepEqual(declared.sort(), Object.keys(liveMessagePolicies).sort());
  assert.deepEqual(telling(await runLive(world)), []);
});

test("every topic is written and read by its device and the gateway in charge of it, and by nobody else", async (t) => {
  for (const topic of Object.keys(topicPolicies).filter((one) => !one.endsWith("/commands")))
    assert.ok(routeOf("d", topic.slice("devices/{device}/".length).replace("{codec}", "gatt/2a35")), topic);
  // Who may send what over MLLP: server/connect/mllp/endpoint.test.ts, test/device-identity.int.test.ts.
  assert.deepEqual([...messageTypes].sort(), Object.keys(hl7MessagePolicies).sort());
  const { findings, asked } = await runMqtt(world);
  assert.deepEqual(telling(findings), []);
  t.diagnostic(`${asked} topics and sign-ins`);
});

test("what may not be answered is refused, tells nothing of anybody, and changes nothing of them", async (t) => {
  const began = performance.now();
  const cells = cellsOf(world, isWhole);
  const before = await rowsOf(world.known.other.id, world.known.foreign.id);
  assert.deepEqual(telling(await runRefused(world, cells)), []);
  assert.deepEqual(await rowsOf(world.known.other.id, world.known.foreign.id), before);
  t.diagnostic(`${cells.length} cells in all; ${Math.round(performance.now() - began)} ms`);
});

test("a view that forgets what a patient keeps back is found", async () => {
  const nurse = world.subjects.find(({ name }) => name === "nurse (own)");
  assert.ok(nurse);
  off.forgets = nurse.id;
  try {
    const cells = cellsOf(world, true).filter(
      ({ subject, standing, route }) =>
        subject === nurse && standing === "no consent to a kind" && routes[route].method === "GET",
    );
    const found = telling([...(await runRefused(world, cells)), ...(await runPermitted(world, cells))]);
    for (const route of ["streams", "newestReadings", "limits"])
      assert.ok(
        found.some((one) => one.startsWith(`${route} as nurse (own): no consent`) && one.includes("told the value")),
        `${route}: ${found.join("\n")}`,
      );
    assert.ok(found.some((one) => /^rawReadings as nurse.*200 in place of 404/.test(one)));
  } finally {
    off.forgets = null;
  }
});

test("with the server's own checks off, the rows of the database tell nobody of others", async (t) => {
  let own = 0;
  let asked = 0;
  const some = world.subjects.filter(({ name }) =>
    /^(nurse|patient|researcher) \((own|no grant|expired)\)$/.test(name),
  );
  assert.equal(some.length, 9);
  off.views = true;
  try {
    for (const [route, policy] of Object.entries(policies) as [RouteName, (typeof policies)[RouteName]][]) {
      if (!calls[route].isAbout && policy.shows.length === 0) continue;
      // Memory is read through a view and nothing else; an office reads the whole organisation as the house.
      if (policy.isMeasured || policy.tells === "emergency" || policy.tells === "office") continue;
      const { allow } = routes[route] as Route;
      off.role = allow === "public" ? null : (allow[0] ?? null);
      await inParallel(
        some.flatMap((subject) =>
          [...subject.targets].map(([standing, target]): Cell => ({ route, subject, standing, target })),
        ),
        async (cell) => {
          const question = questionOf(cell, calls[route].ask(cell.target, world));
          const answer = await world.server.ask(question);
          asked++;
          const sees =
            cell.standing === "own" && cell.subject.role !== null ? new Set([cell.target.key]) : new Set<string>();
          if (sees.size > 0 && answer.status < 300) own++;
          // Here the grant alone says who is seen, whatever the role is.
          const found = leaks(
            world,
            { ...cell, subject: { ...cell.subject, role: off.role, sees: grantedTo(cell) } },
            question,
            answer,
          );
          assert.deepEqual(telling(found), [], nameOf(cell));
        },
      );
    }
  } finally {
    off.views = false;
    off.role = null;
  }
  assert.ok(own > 50, `${own} answers about one's own patients`);
  t.diagnostic(`${asked} requests, ${own} of them about patients who were granted`);
});

const grantedTo = ({ subject }: Cell) =>
  new Set([...(subject.name.endsWith("(own)") ? ["own"] : []), ...subject.keeps.keys()]);

test("a view that shows one patient too many is found", async () => {
  const nurse = world.subjects.find(({ name }) => name === "nurse (own)");
  assert.ok(nurse);
  off.alsoSees = { who: nurse.id, whom: world.known.other.id };
  try {
    const cells = cellsOf(world, true).filter(
      ({ subject, standing, route }) =>
        subject === nurse && standing === "other patient" && routes[route].method === "GET",
    );
    const found = telling(await runRefused(world, cells));
    assert.ok(
      found.some((one) => /^streams as nurse.*told the value of "other" \(200\)/.test(one)),
      found.join("\n"),
    );
    assert.ok(found.some((one) => /^limits as nurse.*200 in place of 404/.test(one)));
  } finally {
    off.alsoSees = null;
  }
});

test("a role that is let through where it must not be is found", async () => {
  off.role = "nurse";
  try {
    const cells = cellsOf(world, true).filter(
      ({ subject, route }) => subject.name === "researcher (own)" && route === "wards",
    );
    assert.match(
      telling(await runRefused(world, cells)).join(),
      /wards as researcher \(own\): own: 200 in place of 403/,
    );
  } finally {
    off.role = null;
  }
});

/** Everything that the tables hold of these patients, but for what is sealed meanwhile. */
async function rowsOf(...patientIds: string[]): Promise<Record<string, string>> {
  const { owner } = world.server.foundation.database;
  const { rows: tables } = await owner.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'patient_id'
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('audit_event', 'block', 'day_block', 'rollup')`,
  );
  const found: Record<string, string> = {};
  for (const { name } of tables) {
    // A device that has been silent since the world began raises an alarm by itself; nobody has answered it.
    const byPeople = name === "alarm_revision" ? "AND acknowledged_by IS NOT NULL" : "";
    const { rows } = await owner.query<{ hash: string }>(
      `SELECT md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) AS hash FROM ${name} t WHERE patient_id = ANY ($1::uuid[]) ${byPeople}`,
      [patientIds],
    );
    found[name] = rows[0]?.hash ?? "";
  }
  return found;
}
