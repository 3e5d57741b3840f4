import type { Timers } from "@openward/runtime";
import type { Tables } from "../registry/transaction.ts";

/** Noted a little later, for many at once: after a crash some are taken once more, which changes nothing. */
const NOTE_MS = 500;

/** What was kept by one transaction after the other, and is on its way to telemetry. */
interface Group {
  readonly organisations: Set<string>;
  /** The greatest change of it. */
  last: number;
  waitsFor: number;
  /** It was looked at once more, and has come there. */
  isTaken: boolean;
  /** ms UTC; undefined: it is being kept. */
  endedAt: number | undefined;
}

/** What was looked at once more. */
export interface Looked {
  readonly organisationIds: readonly string[];
  /** The greatest change of it; 0: there was none. */
  readonly last: number;
  /** ms UTC: what was kept before then was looked at. */
  readonly at: number;
}

/** Up to which change everything has come to telemetry, in memory and, somewhat later, in the database. */
export function createTaken({ tables, timers }: { readonly tables: Tables; readonly timers: Timers }) {
  const groups: Group[] = [];
  const organisations = new Set<string>();
  let through = 0;
  let timer: { cancel(): void } | undefined;
  let noting: Promise<void> = Promise.resolve();

  const note = () => {
    timer = undefined;
    const [ids, last] = [[...organisations], through];
    organisations.clear();
    noting = tables
      .everywhere((tx) =>
        tx.run(
          `INSERT INTO observation_taken (organisation_id, through) SELECT o, $2 FROM unnest($1::uuid[]) AS g (o)
           ON CONFLICT (organisation_id) DO UPDATE SET through = greatest(observation_taken.through, excluded.through)`,
          [ids, last],
        ),
      )
      .then(
        () => {},
        // They are taken once more at the next start.
        () => {},
      );
  };

  const settle = () => {
    for (let head = groups[0]; head?.endedAt !== undefined && (head.isTaken || head.waitsFor === 0); head = groups[0]) {
      groups.shift();
      through = Math.max(through, head.last);
      for (const id of head.organisations) organisations.add(id);
    }
    if (organisations.size > 0) timer ??= timers.after(NOTE_MS, note);
  };

  return {
    /** Groups begin and end one after the other. */
    begin() {
      const group: Group = { organisations: new Set(), last: 0, waitsFor: 0, isTaken: false, endedAt: undefined };
      groups.push(group);
      return {
        add(organisationId: string, last: number) {
          if (last === 0) return;
          group.organisations.add(organisationId);
          group.last = Math.max(group.last, last);
        },
        /** Something of it may have been kept, or not: it is looked at once more. */
        unknown() {
          group.waitsFor++;
        },
        /** @returns what to call when a part of it has come to telemetry */
        waitFor() {
          group.waitsFor++;
          let isDone = false;
          return () => {
            if (isDone) return;
            isDone = true;
            group.waitsFor--;
            settle();
          };
        },
        end(at: number) {
          group.endedAt = at;
          settle();
        },
      };
    },

    /** Everything that was kept up to then has come there, and of an earlier process up to a change. */
    caughtUp(before: number, looked: Looked) {
      if (groups.length === 0) {
        through = Math.max(through, looked.last);
        for (const id of looked.organisationIds) organisations.add(id);
      }
      for (const group of groups) if (group.endedAt !== undefined && group.endedAt <= before) group.isTaken = true;
      settle();
    },

    async close() {
      timer?.cancel();
      if (organisations.size > 0) note();
      await noting;
    },
  };
}
