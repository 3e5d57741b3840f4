import { type DueEnding, type Ending, keyOfDueEnding } from "@openward/model";
import type { Runtime } from "@openward/runtime";

interface Registry {
  list(organisationId: string, ahead: number, behind: number): Promise<readonly Ending[]>;
  told(organisationId: string, due: readonly DueEnding[]): Promise<ReadonlySet<string>>;
  tell(organisationId: string, due: readonly DueEnding[], at: number): Promise<void>;
  addresses(organisationId: string): Promise<readonly string[]>;
}

const DAY_MS = 86_400_000;
const AHEAD_MS = 90 * DAY_MS;
const BEHIND_MS = 30 * DAY_MS;
const LOOK_EVERY_MS = 3_600_000;
/** Told so many days before; 0: when it has ended. */
const STEPS = [0, 7, 30] as const;

/** The step that is due: the nearest; undefined: there is time. */
export function stepOf(endsAt: number, now: number): (typeof STEPS)[number] | undefined {
  return STEPS.find((days) => endsAt - now <= days * DAY_MS);
}

/** Certificates and tokens that end by themselves, those of the server itself too; engineers are told of them in time. */
export function createEndings(deps: {
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  readonly registry: Registry;
  readonly organisations: () => Promise<readonly { readonly id: string }[]>;
  /** Of the server itself. */
  readonly ownEndings: () => Promise<
    readonly { readonly kind: "server-certificate" | "authority"; readonly display: string; readonly endsAt: number }[]
  >;
  /** null: nobody can be written to. */
  readonly send: ((to: string, what: { readonly soon: number; readonly ended: number }) => Promise<void>) | null;
  readonly log: { warn(facts: object, text: string): void };
  readonly report: (error: unknown, doing: string) => void;
}) {
  const { runtime, registry, log, report } = deps;
  const { clock, timers } = runtime;

  async function list(organisationId: string): Promise<Ending[]> {
    const now = clock.now();
    const [stored, own] = await Promise.all([registry.list(organisationId, AHEAD_MS, BEHIND_MS), deps.ownEndings()]);
    const ofServer = own
      .filter(({ endsAt }) => endsAt < now + AHEAD_MS)
      .map(
        ({ kind, display, endsAt }): Ending => ({
          kind,
          subject: display,
          deviceId: null,
          isGateway: false,
          display,
          endsAt,
          isCovered: false,
          isInUse: true,
        }),
      );
    return [...stored, ...ofServer].sort((a, b) => a.endsAt - b.endsAt);
  }

  async function lookAt(organisationId: string): Promise<void> {
    const now = clock.now();
    const due = (await list(organisationId)).flatMap(({ kind, subject, endsAt, isCovered }): DueEnding[] => {
      const daysBefore = isCovered ? undefined : stepOf(endsAt, now);
      return daysBefore === undefined ? [] : [{ kind, subject, endsAt, daysBefore }];
    });
    if (due.length === 0) return;
    const told = await registry.told(organisationId, due);
    const fresh = due.filter((each) => !told.has(keyOfDueEnding(each)));
    if (fresh.length === 0) return;
    const ended = fresh.filter(({ daysBefore }) => daysBefore === 0).length;
    const what = { soon: fresh.length - ended, ended };
    log.warn({ organisationId, ...what }, "certificates or tokens end: see the Devices page");
    // Whom the mail does not reach now is written to with the next round.
    if (deps.send) for (const to of await registry.addresses(organisationId)) await deps.send(to, what);
    await registry.tell(organisationId, fresh, now);
  }

  async function look(): Promise<void> {
    try {
      for (const { id } of await deps.organisations()) await lookAt(id);
    } catch (error) {
      report(error, "telling what ends");
    }
  }

  let looking = Promise.resolve();
  const again = () => {
    looking = looking.then(look);
  };
  const timer = timers.every(LOOK_EVERY_MS, again);
  const first = timers.after(60_000, again);
  return {
    list: async (organisationId: string) => (await list(organisationId)).map(({ subject: _, ...told }) => told),
    async stop() {
      timer.cancel();
      first.cancel();
      await looking;
    },
  };
}
