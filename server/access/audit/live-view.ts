import type { IncomingMessage } from "node:http";
import type { Runtime } from "@openward/runtime";
import type { WebSocket } from "ws";
import type { WebSocketRoute } from "../../http/index.ts";
import { type Because, reasonOf } from "./because.ts";
import type { Recorder } from "./ports.ts";
import type { AuditRecord, Who } from "./record.ts";
import { newSeen, seenIn } from "./seen.ts";

interface Viewer {
  readonly principal: {
    readonly kind: Who["kind"];
    readonly id: string;
    readonly display: string;
    readonly role: string;
    readonly organisationId: string;
  };
}

interface Filter {
  readonly wardId?: string | undefined;
  readonly patients?: readonly string[] | undefined;
}

export interface LiveAuditDeps<V> {
  readonly recorder: Recorder;
  readonly runtime: Pick<Runtime, "clock" | "ids">;
  /** Whom a screen that watches this begins with. */
  readonly shownTo: (viewer: V, filter: Filter) => Promise<readonly string[]>;
  /** What lets them see a patient. */
  readonly becauseOf: (viewer: V, patientId: string) => Because | undefined;
  readonly report: (error: unknown, doing: string) => void;
}

/**
 * A live view in the log: a record when a screen begins to watch, before it is shown anything, and one at its end with
 * everybody whom it showed. A screen is not refused because a record could be kept nowhere: alarms are on it.
 */
export function recordedLive<V extends Viewer>(
  route: WebSocketRoute<V | undefined>,
  deps: LiveAuditDeps<V>,
): WebSocketRoute<V | undefined> {
  const { recorder, runtime, report } = deps;
  const common = (request: IncomingMessage) => ({
    id: runtime.ids.uuid(),
    at: runtime.clock.now(),
    entity: "Ward",
    via: "GET /live",
    address: request.socket.remoteAddress,
  });
  const refused = (request: IncomingMessage): AuditRecord => ({
    ...common(request),
    organisationId: null,
    who: { kind: "unknown", id: null, display: "", role: null },
    action: "R",
    code: "live.open",
    patients: [],
    outcome: "refused",
    refusal: "NOT_SIGNED_IN",
  });
  const append = (record: AuditRecord) =>
    recorder.append(record).then(
      () => {},
      (error: unknown) => report(error, "recording a live view"),
    );

  return {
    ...route,
    authorise: (request) =>
      seenIn(newSeen(), async () => {
        try {
          return await route.authorise?.(request);
        } catch (error) {
          await append(refused(request));
          throw error;
        }
      }),
    onConnection(socket, request, viewer) {
      if (!viewer) {
        void append(refused(request));
        return route.onConnection(socket, request, viewer);
      }
      const { organisationId, ...principal } = viewer.principal;
      const mine = () => ({ ...common(request), organisationId, who: principal, outcome: "allowed" as const });
      const shown = new Set<string>();
      let opened: string | undefined;
      const whyOf = (patients: Iterable<string>) => {
        const { purpose, basis } = reasonOf([...patients], (id) => deps.becauseOf(viewer, id));
        return { purpose, basis };
      };

      /** Resolves when what is watched from now on is recorded. */
      const begin = async (filter: Filter) => {
        let patients: readonly string[] = [];
        try {
          patients = await deps.shownTo(viewer, filter);
        } catch (error) {
          report(error, "asking whom a screen shows");
        }
        for (const id of patients) shown.add(id);
        const record: AuditRecord = {
          ...mine(),
          action: "R",
          code: "live.open",
          patients: [...patients].sort(),
          ...whyOf(patients),
          entityId: filter.wardId,
          opened,
        };
        opened ??= record.id;
        await append(record);
      };
      const end = () => {
        if (opened === undefined) return;
        void append({ ...mine(), action: "E", code: "live.close", patients: [...shown].sort(), opened });
      };

      socket.on("close", end);
      route.onConnection(recordedSocket(socket, { begin, shown }), request, viewer);
    },
  };
}

const TILE = /^\{"type":"(?:snapshot|patient)"/;
const PATIENT = /"patient":\{"id":"([0-9a-f-]{36})"/g;

/** The same socket: what a screen asks for waits until that is recorded, and whom it is shown is noted. */
function recordedSocket(
  socket: WebSocket,
  { begin, shown }: { begin(filter: Filter): Promise<void>; shown: Set<string> },
): WebSocket {
  let turn = Promise.resolve();
  return new Proxy(socket, {
    get(target, name) {
      if (name === "send") {
        return (text: string, ...rest: []) => {
          if (TILE.test(text)) for (const [, id] of text.matchAll(PATIENT)) shown.add(id as string); // the group is not optional
          target.send(text, ...rest);
        };
      }
      if (name === "on") {
        return (event: string, listener: (...args: unknown[]) => void) => {
          if (event !== "message") return target.on(event, listener);
          return target.on("message", (data, isBinary) => {
            const filter = filterOf(String(data));
            if (filter) turn = turn.then(() => begin(filter));
            void turn.then(() => listener(data, isBinary));
          });
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const ID = /^[0-9a-f-]{36}$/;

/** undefined: it is no wish to watch, or one that will be refused. */
function filterOf(text: string): Filter | undefined {
  try {
    const { type, wardId, patients } = JSON.parse(text) as { type?: unknown; wardId?: unknown; patients?: unknown };
    if (type !== "watch") return undefined;
    return {
      wardId: typeof wardId === "string" && ID.test(wardId) ? wardId : undefined,
      patients: Array.isArray(patients) ? patients.filter((id) => typeof id === "string" && ID.test(id)) : undefined,
    };
  } catch {
    return undefined;
  }
}
