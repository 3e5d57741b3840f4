import { seededRandom } from "@openward/runtime/manual";
import { frozenRuntime } from "./frozen.ts";
import type { Answer, Known } from "./marks.ts";
import { type House, newDevice, newKnown } from "./patients.ts";
import { MADE, randomQuestion } from "./random-questions.ts";
import { type Question, startTestServer, type TestServer } from "./server.ts";

const URL_OF_BOTH = "http://ward.example";
const NOW = MADE - 1;
const HIDDEN = ["hide", "veil"] as const;

/** Who asks: none of them sees the hidden record. */
export interface Asker {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Looks after devices: what a device says of itself is theirs, whoever wears it. */
  readonly isOfFleet: boolean;
}

interface Twin {
  readonly server: TestServer;
  readonly seen: readonly Known[];
  readonly hidden: readonly Known[];
  readonly askers: readonly Asker[];
  /** What time it is there. */
  moveTo(ms: number): void;
}

export interface Difference {
  readonly n: number;
  readonly asker: string;
  readonly question: string;
  readonly without: string;
  readonly with: string;
}

/** The same requests against two servers that differ in what nobody who asks may see. @returns where the answers differ */
export async function compareTwins(
  count: number,
  seed: number,
  most = 20,
  plant: ((twin: TestServer) => (question: Question) => Promise<Answer>) | undefined = undefined,
): Promise<{ differences: Difference[]; asked: number; refused: number }> {
  const twins: Twin[] = [];
  try {
    // One after the other: making ids takes its turn in a process.
    for (const isHidden of [false, true]) twins.push(await startTwin(isHidden));
    const [without, withIt] = twins as [Twin, Twin];
    const askWith = plant?.(withIt.server) ?? withIt.server.ask;
    const random = seededRandom(seed);
    const differences: Difference[] = [];
    let refused = 0;
    const hidden = withIt.hidden;
    for (let n = 0; n < count && differences.length < most; n++) {
      const asker = pick(random, without.askers);
      for (const twin of twins) twin.moveTo(NOW + 1 + n);
      const question = randomQuestion(random, { asker, seen: without.seen, hidden });
      const headers = { ...question.headers, host: "ward.example", "x-test-name": `request ${n}` };
      const own = (twin: Twin) => twin.askers.find(({ name }) => name === asker.name)?.headers;
      const [one, two] = await Promise.all([
        without.server.ask({ ...question, headers: { ...own(without), ...headers } }),
        askWith({ ...question, headers: { ...own(withIt), ...headers } }),
      ]);
      if (one.status >= 400) refused++;
      const [a, b] = [tellingOf(one), tellingOf(two)];
      if (a !== b) {
        const asked = `${question.method} ${question.path} ${JSON.stringify(question.body ?? "")}`;
        differences.push({ n, asker: asker.name, question: asked, ...around(a, b) });
      }
    }
    return { differences, asked: count, refused };
  } finally {
    for (const { server } of twins) await server.close();
  }
}

export function pick<T>(random: { float(): number }, all: readonly T[]): T {
  return all[Math.floor(random.float() * all.length)] as T;
}

/** Status, headers and bytes. Date is the machine's, and how the connection goes on is between Node and Node. */
function tellingOf({ status, headers, bytes }: Answer): string {
  const told = headers.replaceAll(/^(date|connection|keep-alive)\n.*$\n?/gim, "");
  return `${status}\n${told}\n\n${bytes.toString("latin1")}`;
}

function around(a: string, b: string): { without: string; with: string } {
  // A length is what follows from it.
  const [one, two] = [a, b].map((text) => text.replace(/content-length\n\d+/, "")) as [string, string];
  let at = 0;
  while (one[at] === two[at] && at < one.length) at++;
  return { without: one.slice(Math.max(0, at - 200), at + 300), with: two.slice(Math.max(0, at - 200), at + 300) };
}

async function startTwin(isHidden: boolean): Promise<Twin> {
  const frozen = frozenRuntime(NOW);
  const server = await startTestServer({ runtime: frozen.runtime, publicUrl: URL_OF_BOTH, onFastify: frozen.follow });
  try {
    const twin = await frozen.as("world", () => seed(server, isHidden, frozen.as));
    await linked(server);
    frozen.freeze();
    return { server, ...twin, moveTo: frozen.moveTo };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Changes are linked into the log within a second; when time stands still those that were not never would be. */
async function linked({ foundation }: TestServer): Promise<void> {
  const { owner } = foundation.database;
  for (
    const end = performance.now() + 120_000;
    performance.now() < end;
    await new Promise((go) => setTimeout(go, 50))
  ) {
    const { rows } = await owner.query<{ left: string }>(
      "SELECT count(*) AS left FROM audit_event e WHERE NOT EXISTS (SELECT FROM audit_record r WHERE r.event_position = e.position)",
    );
    if (Number(rows[0]?.left) === 0) return;
  }
  throw new Error("waited two minutes for: every change in the log");
}

type As = <T>(name: string, work: () => T) => T;

async function seed(opened: TestServer, isHidden: boolean, name: As): Promise<Omit<Twin, "server" | "moveTo">> {
  // What is asked over HTTP says as whose part it is.
  let part = { name: "world", count: 0 };
  const server: TestServer = {
    ...opened,
    ask: (question) =>
      opened.ask({ ...question, headers: { ...question.headers, "x-test-name": `${part.name} ${part.count++}` } }),
  };
  const as: As = (called, work) => {
    part = { name: called, count: 0 };
    return name(called, work);
  };
  const { access, wards, people, relations } = server.foundation;
  const organisation = await wards.createOrganisation("Twin hospital", false);
  const ward = await as("ward", () => wards.create(organisation.id, "Ward 1", "Europe/Oslo", "test"));
  const closed = await as("closed ward", () => wards.create(organisation.id, "Ward 2", "Europe/Oslo", "test"));
  const { token } = await as("house", () =>
    access.issueToken(organisation.id, "administrator", "house", 3_600_000, "test"),
  );
  const { token: writer } = await as("writer", () =>
    access.issueToken(organisation.id, "integration", "writer", 3_600_000, "test"),
  );
  const house: House = {
    server,
    organisationId: organisation.id,
    wardId: ward.id,
    token,
    writer,
    now: () => NOW,
    readings: 8,
    as: (what, work) => name(`${part.name}: ${what}`, work),
  };
  const there: House = { ...house, wardId: closed.id };
  const hidden: Known[] = [];
  // Before and between the others, so that whatever is counted is counted on. Devices and accounts are there in both.
  const hide = async (i: 0 | 1) => {
    const key = HIDDEN[i];
    if (isHidden) hidden.push(await as(key, () => newKnown(there, key, 5 + i)));
    else
      await as(key, async () => {
        await name(`${key}: device`, () => newDevice(there, `dev-zq${key}${5 + i}`));
        await name(`${key}: kin`, () => people.create(organisation.id, `Kin of ${key}`, "family", "test"));
      });
  };
  await hide(0);
  const first = await as("first", () => newKnown(house, "first", 1));
  await hide(1);
  const second = await as("second", () => newKnown(house, "second", 2));

  const askers: Asker[] = [];
  const patientGrant = (id: string, patientId: string) =>
    ({
      grantee: { kind: "person", id },
      reach: { kind: "patient", patientId },
      purpose: "care",
      basis: "care-team",
    }) as const;
  for (const role of [
    "nurse",
    "physician",
    "clinical-engineer",
    "administrator",
    "integration",
    "patient",
    "researcher",
  ] as const) {
    await as(role, async () => {
      const person = await people.create(organisation.id, role, role, "test");
      const { token: link } = await access.issueLink(person.id, "test");
      const { cookie } = await access.signIn(link);
      const headers = { cookie: cookie.slice(0, cookie.indexOf(";")), origin: URL_OF_BOTH };
      askers.push({ name: role, headers, isOfFleet: role === "clinical-engineer" || role === "administrator" });
      if (role === "patient") {
        const how = { personId: person.id, relation: "self", reason: "as the register says" } as const;
        await relations.relate(organisation.id, first.id, how, "test");
        return;
      }
      const grants = [
        patientGrant(person.id, first.id),
        ...(role === "nurse" ? [patientGrant(person.id, second.id)] : []),
      ];
      await access.grants.add(organisation.id, grants, "test");
    });
  }
  return { seen: [first, second], hidden, askers };
}
