import type { Mark, RouteName } from "@openward/api";
import { categories } from "@openward/signals/categories";
import { type Answer, type Known, withheldMarks } from "./marks.ts";
import { bearer, type House, send } from "./patients.ts";
import { json } from "./server.ts";
import type { Subject } from "./world.ts";

/** What a patient keeps back from who asks, though a grant shows the patient: by what it would be known, and what stays. */
export interface Keeping {
  readonly hides: readonly Mark[];
  /** Is the kind that the patient shares (their oxygen) still there? */
  readonly isOpen: boolean;
  /** Messages of /live that do not come any more. */
  readonly unheard: readonly string[];
}

export const KEEPINGS = {
  /** The heart. */
  kind: { hides: ["value", "stream", "raw"], isOpen: true, unheard: ["waveform"] },
  /** All but breathing, which is what was shared. */
  rest: { hides: ["value", "stream", "raw", "alarm"], isOpen: true, unheard: ["waveform", "alarm"] },
  /** All that can be kept back; a call for help and the device cannot. */
  everything: { hides: ["value", "stream", "raw"], isOpen: false, unheard: ["waveform", "numerics"] },
} as const satisfies Record<string, Keeping>;

/** Routes that name something of the heart: as if there were none. */
export const OF_THE_HEART: ReadonlySet<RouteName> = new Set([
  "confirmExpectation",
  "rawReadings",
  "streamTrend",
  "waveformPieces",
  "waveformExtremes",
  "amend",
  "withdrawAmendment",
  "quarantined",
  "claim",
  "dismiss",
]);

/** Of a patient whom a grant shows what is not told all the same: to this role, and by this patient's wish. */
export const hiddenMarks = ({ role, keeps }: Subject, { key }: Known): readonly Mark[] => [
  ...withheldMarks(role),
  ...(keeps.get(key)?.hides ?? []),
];

/** Of what a route shows, what is there of this patient: amendments are of the heart, the standby is of the oxygen. */
export function shownOf(subject: Subject, known: Known, route: RouteName, shows: readonly Mark[]): readonly Mark[] {
  const keeping = subject.keeps.get(known.key);
  if (!keeping) return shows;
  if (route === "amendments") return [];
  return !keeping.isOpen && (route === "standby" || shows.includes("stream")) ? [] : shows;
}

/** What is wrong about the one kind that is shared: told where all is kept back, or not there where streams are shown. */
export function wrongOfShared(subject: Subject, known: Known, answer: Answer, isShown: boolean): string | undefined {
  const keeping = subject.keeps.get(known.key);
  if (!keeping) return;
  const text = `${answer.headers}\n${answer.bytes.toString("latin1")}`;
  const isThere = [known.openId, known.openId.replaceAll("-", "")].some((id) => text.includes(id));
  if (isThere && !keeping.isOpen) return `told of the oxygen of "${known.key}" (${answer.status})`;
  if (!isThere && keeping.isOpen && isShown) return `does not show the oxygen of "${known.key}": ${text.slice(-200)}`;
  return;
}

const OVER = 120;

/** An alarm about the heart too; and of the marks only the heart's are those of values and streams. */
export async function withHeartAlarm(house: House, known: Known): Promise<Known> {
  const value = Number(known.marks.get("value")?.[0]) + OVER;
  await send(house, known, "readings", { at: Date.now(), values: { "heart-rate": value } });
  const alarmId = await limitAlarmOf(house, known);
  const bare = (uuid: string) => uuid.replaceAll("-", "");
  const heart = [known.streamId, known.waveformId];
  return {
    ...known,
    marks: new Map<Mark, readonly string[]>([
      ...known.marks,
      ["value", [...(known.marks.get("value") ?? []), value.toFixed(4)]],
      // As the log of the house has it: what happened to a stream, without its values.
      ["stream", [...heart.flatMap((id) => [id, bare(id)]), alarmId]],
    ]),
  };
}

async function limitAlarmOf({ server }: House, { id, streamId }: Known): Promise<string> {
  const { owner } = server.foundation.database;
  for (
    const end = performance.now() + 120_000;
    performance.now() < end;
    await new Promise((go) => setTimeout(go, 10))
  ) {
    const { rows } = await owner.query<{ id: string }>(
      "SELECT alarm_id AS id FROM alarm_revision WHERE patient_id = $1 AND stream_id = $2 AND rule = 'limit-high' LIMIT 1",
      [id, streamId],
    );
    if (rows[0]) return rows[0].id;
  }
  throw new Error("waited two minutes for: the alarm about the heart");
}

/**
 * From these the heart, from these everything; to these for care, and to who does research, their breathing. Nobody is meant
 * by "everybody": the many accounts that calls make for themselves would all be asked about it.
 */
export async function keepBack(
  house: House,
  { id }: Known,
  who: Readonly<Record<"heart" | "everything" | "breathing" | "tokens", readonly string[]>>,
): Promise<void> {
  const say = (body: object) =>
    json(house.server, {
      method: "POST",
      path: `/api/patients/${id}/consents`,
      headers: bearer(house.token),
      body: { purpose: null, confirm: true, ...body },
    });
  const named = (kind: "person" | "token", ids: readonly string[]) => ids.map((one) => ({ kind, id: one }));
  const all = categories.filter(({ isSafety }) => !isSafety).map(({ key }) => key);
  const role = (one: string) => ({ kind: "role", role: one });
  const heart = [...named("person", who.heart), ...named("token", who.tokens), role("integration")];
  await say({ decision: "deny", categories: ["heart"], actors: heart });
  await say({ decision: "deny", categories: all, actors: named("person", who.everything) });
  await say({ decision: "permit", categories: ["breathing"], purpose: "care", actors: named("person", who.breathing) });
  await say({ decision: "permit", categories: ["breathing"], purpose: "research", actors: [role("researcher")] });
}
