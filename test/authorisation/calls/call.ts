import type { RouteName } from "@openward/api";
import type { Known } from "../marks.ts";
import { bearer } from "../patients.ts";
import { json } from "../server.ts";
import type { Subject, World } from "../world.ts";

/** How some of the routes are asked. */
export type Calls = Partial<Readonly<Record<RouteName, Call>>>;

/** One request, about one patient where the route has one. */
export interface Request {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** What must stand in the answer, where it is not about the one who was asked for. */
  readonly shows?: readonly string[];
}

export interface Call {
  /** Of whom it asks can be told from the request: for who may not see them it must be as if there were none. */
  readonly isAbout: boolean;
  ask(target: Known, world: World): Request;
  /** For who may: what has to be there first, so that it can be done; left out: `ask` as it is. */
  ready?(world: World, subject: Subject, target: Known): Promise<Request>;
  /** Kinds that are refused for another reason than their role. */
  readonly isForPeople?: boolean;
  /** This world has nothing to do it with (no provider outside): it is refused, and its own test does it. */
  readonly isRefusedHere?: boolean;
}

export const about = (ask: Call["ask"], ready?: Call["ready"]): Call => ({
  isAbout: true,
  ask,
  ...(ready ? { ready } : {}),
});
export const plain = (request: Request = {}, ready?: Call["ready"]): Call => ({
  isAbout: false,
  ask: () => request,
  ...(ready ? { ready } : {}),
});
export const span = { from: Date.now() - 2 * 3_600_000, to: Date.now() + 3_600_000 };
export const ofPatient = (more: Request = {}) => about(({ id }) => ({ params: { id }, ...more }));
export const NOBODY = "00000000-0000-7000-8000-000000000001";

/** The house does it, as an administrator's token that sees everybody. */
export const house = <T = { id: string }>({ server, home }: World, method: string, path: string, body?: unknown) =>
  json<T>(server, {
    method,
    path: `/api${path}`,
    headers: bearer(home.token),
    ...(body === undefined ? {} : { body }),
  });

/** Something is done to a patient who is there for that alone. */
export const toSpare =
  (
    request: (id: string) => Request,
    first: (world: World, id: string) => Promise<Request | undefined> = async () => undefined,
  ) =>
  async (world: World, subject: Subject): Promise<Request> => {
    const { id } = await world.spare(subject);
    const more = await first(world, id);
    const { params, ...rest } = request(id);
    return { shows: [id], ...rest, ...more, params: { ...params, ...more?.params } };
  };
export const bed = () => `b-${Math.random().toString(36).slice(2, 12)}`;

export const reasonOf = (known: Known) => known.marks.get("reason")?.[0] ?? "";

/** What a patient may say; and then says otherwise, or takes back. */
export const WISH = {
  decision: "deny",
  categories: ["glucose"],
  purpose: null,
  actors: [{ kind: "role", role: "researcher" }],
} as const;
