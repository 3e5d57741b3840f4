import type { Feed, OutboxPlace, PatientView, Principal } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Cursors } from "./cursor.ts";
import { type FeedEvent, hashOf, iso, type Teller, type Told } from "./events.ts";
import type { Outbox, Owners } from "./ports.ts";

export interface Batch {
  readonly told: readonly Told[];
  readonly from: OutboxPlace;
  readonly upTo: OutboxPlace;
  readonly at: number;
  readonly isAtEnd: boolean;
  readonly owner: Principal;
  readonly view: PatientView;
  /** Whom the owner sees now. */
  readonly sees: ReadonlySet<string>;
}

/** A page goes on until it has so many events; what is committed together stays together. */
const EVENTS_MAX = 500;
const LOOK_BACK_MS = 1_000;

/** What stands behind a place for one feed, as its owner may see it now. */
export function createFollower(deps: {
  readonly outbox: Outbox;
  readonly teller: Teller;
  readonly owners: Owners;
  readonly cursors: Pick<Cursors, "of">;
  readonly clock: Pick<Clock, "now">;
}) {
  const { outbox, teller, owners, cursors, clock } = deps;
  /** By feed: whom it saw when it was last looked at. */
  const seen = new Map<string, ReadonlySet<string>>();

  function patientsOf(feed: Feed, view: PatientView): Map<string, string> {
    const kept = feed.patientId === null ? view.patientIds() : [feed.patientId];
    const records = new Map<string, string>();
    for (const id of kept) {
      if (!view.has(id)) continue;
      const all = view.recordsOf(id);
      // A feed that names a record which was merged into another is of that one's person.
      for (const record of all.length > 0 ? all : [id]) records.set(record, id);
    }
    return records;
  }

  /** Whom the owner sees now and did not before, or no more: what came meanwhile was not told. */
  function accessChanges(feed: Feed, now: ReadonlySet<string>, after: OutboxPlace): Told[] {
    const before = seen.get(feed.id);
    if (!before) {
      seen.set(feed.id, now);
      return [];
    }
    const told = (patient: string, state: "granted" | "ended"): Told => ({
      event: {
        id: hashOf(feed.id, patient, state, cursors.of(feed.id, after)),
        type: "access",
        patient,
        cursor: cursors.of(feed.id, after),
        state,
        at: iso(clock.now()),
      },
      patientId: state === "granted" ? patient : null,
      signal: null,
      deviceId: null,
      stream: null,
    });
    return [
      ...[...now].filter((id) => !before.has(id)).map((id) => told(id, "granted")),
      ...[...before].filter((id) => !now.has(id)).map((id) => told(id, "ended")),
    ];
  }

  return {
    /**
     * @param reachedAt when what stands at `after` was written
     * @returns undefined: nobody in whose name it could be told
     */
    async next(feed: Feed, after: OutboxPlace, reachedAt: number): Promise<Batch | undefined> {
      const owner = await owners.principalOf(feed.owner, feed.organisationId);
      if (!owner) return undefined;
      const view = await owners.viewOf(owner);
      const records = patientsOf(feed, view);
      const sees = new Set(records.values());
      const told: Told[] = accessChanges(feed, sees, after);
      const held = await outbox.heldSince();
      if (held !== null && reachedAt < held - LOOK_BACK_MS) told.push(gapBetween(feed, reachedAt, held, after));
      const wanted = { organisationId: feed.organisationId, patientIds: [...records.keys()] };
      const page = await outbox.read(after, wanted);
      let upTo = page.upTo;
      let isCut = false;
      let last: OutboxPlace | undefined;
      for (const placed of page.changes) {
        const isNew =
          last === undefined || placed.place.position !== last.position || placed.place.number !== last.number;
        if (isNew && told.length >= EVENTS_MAX && last) {
          upTo = last;
          isCut = true;
          break;
        }
        last = placed.place;
        told.push(...(await teller.eventsOf(feed, view, placed, (id) => records.get(id))));
      }
      return {
        told,
        from: after,
        upTo,
        at: isCut ? reachedAt : page.at,
        isAtEnd: page.isAtEnd && !isCut,
        owner,
        view,
        sees,
      };
    },
    /** Its receiver has it. */
    took: (feed: Feed, { sees }: Pick<Batch, "sees">) => void seen.set(feed.id, sees),
    forget: (feedId: string) => void seen.delete(feedId),
  };

  function gapBetween(feed: Feed, from: number, to: number, after: OutboxPlace): Told {
    const event: FeedEvent = {
      id: hashOf("gap", from, to),
      type: "gap",
      patient: null,
      cursor: cursors.of(feed.id, after),
      from: iso(from),
      to: iso(to),
      reason: "older than what is kept to be told again; read it by FHIR",
    };
    return { event, patientId: null, signal: null, deviceId: null, stream: null };
  }
}

export type Follower = ReturnType<typeof createFollower>;
