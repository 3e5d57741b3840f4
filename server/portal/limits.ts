import { RefusedInput } from "@openward/errors";
import { ageGroupOf, type Limits } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Call, Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { PatientLimits, Patients, Screens, Watch } from "./ports/index.ts";
import { limitsBody, limitsRevision } from "./present.ts";

type LimitRoutes = "limits" | "setLimits" | "chooseProfile";

export function limitHandlers(deps: {
  watch: Pick<Watch, "limitsOf" | "setLimits" | "chooseProfile">;
  patients: Pick<Patients, "find">;
  screens: Screens;
  names: Names;
  clock: Clock;
}): Pick<Handlers, LimitRoutes> {
  const { watch, patients, screens, names, clock } = deps;
  const inTurn = createTurns();

  async function bodyOf({ profile, limits }: PatientLimits) {
    await names.learn(limits.map(({ setBy }) => setBy));
    return { profile, limits: limits.map((one) => limitsBody(one, names)) };
  }

  return {
    async limits({ params, view }) {
      return bodyOf(await watch.limitsOf(await view(), params.id));
    },

    async setLimits({ params, body, view, signedIn }) {
      const seen = await view();
      // Looked at and replaced in one turn: of two who saw the same limits the second is told.
      const set = await inTurn(params.id, async () => {
        checkSeen(body.limits, (await watch.limitsOf(seen, params.id)).limits);
        return watch.setLimits(
          seen,
          params.id,
          body.limits.map(({ seen: _, ...limits }) => limits),
        );
      });
      screens.patientChanged(params.id, signedIn.organisation.id);
      return bodyOf(set);
    },

    async chooseProfile({ params, body: { ageGroup, confirm }, view, signedIn }) {
      const record = await patients.find(signedIn.principal, params.id);
      const known = record ? ageGroupOf(record.patient, clock.now()) : null;
      if (known !== null && known !== ageGroup && !confirm) {
        throw new RefusedInput("AGE_GROUP_DIFFERS", {
          at: "confirm",
          expected: `true, for the limits of "${ageGroup}" on a patient whose age says "${known}"`,
        });
      }
      const seen = await view();
      const chosen = await inTurn(params.id, async () => watch.chooseProfile(seen, params.id, ageGroup));
      screens.patientChanged(params.id, signedIn.organisation.id);
      return bodyOf(chosen);
    },
  };
}

/**
 * What a person replaces must be what they looked at. Without `seen` only what no person has set is replaced.
 *
 * @throws RefusedInput CONFLICT
 */
function checkSeen(changes: Call<"setLimits">["body"]["limits"], present: readonly Limits[]): void {
  const bySignal = new Map(present.map((limits) => [limits.signal, limits]));
  changes.forEach(({ signal, seen }, i) => {
    const limits = bySignal.get(signal);
    const revision = limits ? limitsRevision(limits) : null;
    const isSeen = seen === undefined ? (revision?.startsWith("profile ") ?? true) : seen === revision;
    if (isSeen) return;
    throw new RefusedInput("CONFLICT", {
      at: `limits[${i}].seen`,
      expected: `a look at the limits of ${signal} that somebody has set meanwhile`,
    });
  });
}

/** Work for one key is done one after the other. */
function createTurns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, turn);
    const forget = () => last.get(key) === turn && last.delete(key);
    turn.then(forget, forget);
    return turn;
  };
}
