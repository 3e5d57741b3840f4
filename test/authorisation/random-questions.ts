import { policies, type RouteName, routes } from "@openward/api";
import { calls } from "./calls.ts";
import { fhirQuestions } from "./fhir.ts";
import type { Asker } from "./interference.ts";
import type { Known } from "./marks.ts";
import { questionOf } from "./matrix.ts";
import type { Question } from "./server.ts";
import type { World } from "./world.ts";

/** A moment after the worlds were made (interference.ts). */
export const MADE = Date.UTC(2026, 10, 22, 9) + 1;

interface Chance {
  float(): number;
}
interface Among {
  readonly asker: Asker;
  readonly seen: readonly Known[];
  readonly hidden: readonly Known[];
}

/** What is not asked, and why the two may differ there. */
const LEFT_OUT: Readonly<Partial<Record<RouteName, string>>> = {
  system: "ports and free room of the machine",
  feeds: "the port of the machine",
  addFeed: "a secret of its own, and a feed that would go on by itself",
  applicationFeeds: "the port of the machine",
  addApplicationFeed: "a secret of its own, and a feed that would go on by itself",
  signOut: "ends who asks",
  signOutEverywhere: "ends who asks",
  endSession: "ends who asks",
  breakGlass: "tells who is there by its whole number, by design; each try is reviewed",
  merge: "would take away one of the two who are seen",
  discharge: "would take away one of the two who are seen",
  issueCertificate: "a key and a serial number are drawn anew each time",
  newClaimCode: "a code is drawn anew each time",
  assign: "a device on somebody whom one may not see looks free, and is moved (ADR 28)",
};

const names = (Object.keys(routes) as RouteName[]).filter(
  (name) => !(name in LEFT_OUT) && policies[name].tells !== "office",
);
/** What devices say of themselves is told to who looks after them. */
const OF_DEVICES = new Set<RouteName>([
  "devices",
  "device",
  "rotateToken",
  "revokeDevice",
  "describeDevice",
  "decideClock",
]);

export function randomQuestion(random: Chance, { asker, seen, hidden }: Among): Question {
  const whom = [...seen, ...hidden, ...hidden];
  const target = pick(random, whom);
  const dice = random.float();
  if (dice < 0.45) return ofFhir(random, target, pick(random, whom));
  if (dice < 0.55)
    return { method: "GET", path: `/api/patients?all=true&q=${encodeURIComponent(part(random, target))}` };
  const name = pick(random, names);
  if (asker.isOfFleet && OF_DEVICES.has(name)) return { method: "GET", path: "/api/alarms" };
  const known = { own: seen[0], other: hidden[0], glass: hidden[1], foreign: hidden[0] };
  const request = calls[name].ask(target, { known } as unknown as World); // calls look at nothing else of it
  const question = questionOf({ route: name, subject: { headers: {} }, target } as never, request); // and this at no more
  // What was before comes from the making of the world, where order and ids are the background's.
  if (name === "accessHistory") return { ...question, path: `${question.path}?from=${MADE}` };
  return vary(random, question, pick(random, whom));
}

function pick<T>(random: Chance, all: readonly T[]): T {
  return all[Math.floor(random.float() * all.length)] as T;
}

/** A piece of something by which a patient is known. */
function part(random: Chance, known: Known): string {
  const text = pick(random, [...known.marks.values()].flat());
  const from = Math.floor(random.float() * text.length);
  return random.float() < 0.5 ? text : text.slice(from, from + 3) || text;
}

/** Lists of several, other orders, pages. */
function vary(random: Chance, question: Question, other: Known): Question {
  const { path } = question;
  if (question.method !== "GET" || random.float() < 0.5) return question;
  if (path.includes("stream=") && !path.includes("/patients/")) {
    const more = path.includes("overview") || path.includes("waveform") ? "" : `%2C${other.streamId}`;
    return {
      ...question,
      path: `${path.replace(/(stream=[0-9a-f-]{36})/, `$1${more}`)}${random.float() < 0.5 ? "&limit=7" : ""}`,
    };
  }
  if (path.includes("patient="))
    return { ...question, path: path.replace(/(patient=[0-9a-f-]{36})/, `$1%2C${other.id}`) };
  if (path.startsWith("/api/quarantine")) return { ...question, path: `/api/quarantine?before=${other.quarantineId}` };
  if (path.startsWith("/api/streams")) return { ...question, headers: { accept: "application/cbor" } };
  return question;
}

function ofFhir(random: Chance, target: Known, other: Known): Question {
  const own = fhirQuestions(target).map(({ url }) => url);
  const all = [...own, ...fhirQuestions(other).map(({ url }) => url)].filter((url) => !url.startsWith("AuditEvent"));
  const one = pick(random, all);
  if (random.float() < 0.1) {
    const entry = Array.from({ length: 5 }, () => ({ request: { method: "GET", url: pick(random, all) } }));
    return { method: "POST", path: "/fhir", body: { resourceType: "Bundle", type: "batch", entry } };
  }
  if (!one.includes("?")) return { method: "GET", path: `/fhir/${one}` };
  // Another condition of the same type, and how the answer is cut.
  const type = one.split("?")[0];
  const second = pick(
    random,
    all.filter((url) => url.startsWith(`${type}?`)),
  );
  const more = random.float() < 0.4 ? `&${second.split("?")[1]?.replace(/&_count=.*/, "")}` : "";
  const cut = pick(random, [
    "",
    "&_count=3",
    "&_total=accurate",
    "&_summary=count",
    "&_count=2&_total=accurate",
    "&_elements=id",
  ]);
  return { method: "GET", path: `/fhir/${one.replace(/&_count=.*/, "")}${more}${cut}` };
}
