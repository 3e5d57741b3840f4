import type { QuarantineRunStateBody } from "@openward/api";
import type { QuarantineRunState } from "@openward/model";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { QuarantineRuns } from "./ports/index.ts";

type Routes =
  | "quarantineCounts"
  | "quarantineRuns"
  | "startQuarantineRun"
  | "quarantineRun"
  | "applyQuarantineRun"
  | "undoQuarantineRun";

/** Quarantined messages run again: shown, done with a reason, and undone. */
export function quarantineRunHandlers(deps: { quarantineRuns: QuarantineRuns; names: Names }): Pick<Handlers, Routes> {
  const { quarantineRuns: runs, names } = deps;
  const body = ({ stays, ...state }: QuarantineRunState): QuarantineRunStateBody => ({ ...state, stays: [...stays] });
  return {
    quarantineCounts: ({ signedIn }) => runs.counts(signedIn.principal),

    async quarantineRuns({ signedIn }) {
      const list = await runs.list(signedIn.principal);
      await names.learn(list.flatMap(({ startedBy, undoneBy }) => [startedBy, undoneBy]));
      return list.map((run) => ({
        ...run,
        startedBy: names.of(run.startedBy),
        undoneBy: names.ofMaybe(run.undoneBy),
      }));
    },

    async startQuarantineRun({ body: { device, ...filter }, view }) {
      return body(await runs.start(await view(), { deviceId: device, ...filter }));
    },

    async quarantineRun({ params, view }) {
      return body(runs.state(await view(), params.id));
    },

    async applyQuarantineRun({ params, body: { reason }, view }) {
      return body(await runs.apply(await view(), params.id, reason));
    },

    async undoQuarantineRun({ params, body: { reason }, view }) {
      return runs.undo(await view(), params.id, reason);
    },
  };
}
