import { OutsideTrouble } from "@openward/errors";
import type { Untaken, UntakenFilling } from "@openward/fhir/store";
import type { Amendment, AmendmentRecord, Organisation, PatientView, Principal, Stream } from "@openward/model";
import type { Timers } from "@openward/runtime";
import type { RecordContext } from "../context.ts";
import { readingId } from "../observation-id.ts";
import type { Report } from "../repository.ts";
import { FORMAT } from "./ports.ts";
import { settling } from "./settling.ts";

export interface CatchUpDeps extends Omit<RecordContext, "organisation" | "view" | "app" | "base" | "strict"> {
  readonly timers: Timers;
  readonly report: Report;
  /** Where this server is reached: "https://ward.example/fhir". */
  readonly baseOf: () => string;
  readonly amendments: RecordContext["amendments"] & {
    ofPatient(view: PatientView, patientId: string): readonly AmendmentRecord[];
    onAmended(listener: (amendment: Amendment) => void): void;
  };
}

/** What was written and is not in telemetry after this long is taken once more. */
const AGAIN_MS = 30_000;
/** Amendments of the time before the stop are looked at once more: the server may have stopped between the two. */
const LOOK_BACK_MS = 24 * 3_600_000;
const PAGE = 1_000;

export interface InLine {
  /** What an earlier process left has been looked at. */
  readonly caughtUp: Promise<void>;
  /** Resolves when everything that was begun is done. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Keeps texts and readings in line where something came between: what was written when the server stopped becomes a reading,
 * and what somebody amends in a portal is told in the text.
 */
export function keepInLine(deps: CatchUpDeps): InLine {
  const { written, intake, timers, report, clock, amendments } = deps;
  if (!written || !intake) return { caughtUp: Promise.resolve(), settled: async () => {}, close: async () => {} };
  const { overlays, forms } = written;
  let isClosed = false;
  let working: Promise<void> = Promise.resolve();

  const contextOf = (organisationId: string): RecordContext => ({
    ...deps,
    organisation: { id: organisationId, name: "", isDemo: false } satisfies Organisation,
    view: viewOfAll(organisationId),
    base: deps.baseOf(),
    strict: false,
  });

  const takeAgain = async (one: Untaken) => {
    const { organisationId, deviceId, body, resourceId, id } = one;
    const context = contextOf(organisationId);
    try {
      if (body !== null)
        await intake.accept({ organisationId, deviceId, format: FORMAT, body: new TextEncoder().encode(body) });
      else if (resourceId !== null) {
        // What is needed for it is loaded when it is: most servers start with nothing to catch up with.
        const { settle } = await import("./settle.ts");
        await settle(context, resourceId);
      }
    } catch (error) {
      if (error instanceof OutsideTrouble) throw error;
      // It is kept as it was written; that it is no reading is for somebody to look at.
      report(error);
    }
    overlays.taken(id);
  };

  const takeAll = async (before: number) => {
    for (const one of await overlays.untaken()) if (one.at <= before && !isClosed) await takeAgain(one);
    const filled = await forms.untaken(before);
    // Those that come together share a commit.
    for (let i = 0; i < filled.length && !isClosed; i += PAGE)
      await Promise.all(filled.slice(i, i + PAGE).map(fillAgain));
    if (!isClosed) forms.caughtUp(before);
  };

  const fillAgain = async ({ organisationId, deviceId, id, content, isSuperseded }: UntakenFilling) => {
    try {
      const body = new TextEncoder().encode(`[${content}]`);
      await intake.accept({ organisationId, deviceId, format: FORMAT, body });
      if (!isSuperseded) return;
      const { settle } = await import("./settle.ts");
      await settle(contextOf(organisationId), id);
    } catch (error) {
      if (error instanceof OutsideTrouble) throw error;
      report(error);
    }
  };

  /** One after the other: two amendments of one text are two versions of it. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    working = working.then(async () => {
      if (isClosed) return;
      try {
        await work();
      } catch (error) {
        report(error);
      }
    });
    return working;
  };

  const amended = async (amendment: Amendment) => {
    const { tellInText } = await import("./tell.ts");
    const context = contextOf(amendment.organisationId);
    for (const stream of await streamsOf(context, amendment)) {
      if (overlays.isBare(stream.id)) continue;
      for (const id of await textsOver(context, amendment, stream))
        if (!settling.has(id)) await tellInText(context, id);
    }
  };

  amendments.onAmended((amendment) => void inTurn(() => amended(amendment)));
  const timer = timers.every(AGAIN_MS, () => void inTurn(() => takeAll(clock.now() - AGAIN_MS)));
  const caughtUp = inTurn(async () => {
    await takeAll(Number.POSITIVE_INFINITY);
    const since = clock.now() - LOOK_BACK_MS;
    for (const { organisationId, patientId } of await overlays.patients()) {
      const { view } = contextOf(organisationId);
      const recent = amendments.ofPatient(view, patientId).filter(({ amendment }) => amendment.at > since);
      for (const { amendment } of recent.toReversed()) await amended(amendment);
    }
  });
  return {
    caughtUp,
    settled: () => working,
    async close() {
      isClosed = true;
      timer.cancel();
      await working;
    },
  };
}

async function streamsOf({ telemetry, view }: RecordContext, amendment: Amendment): Promise<Stream[]> {
  const { streamId, patientId, deviceId } = amendment;
  const all = (await telemetry.streams(view, patientId)).map(({ stream }) => stream);
  return all.filter((stream) => (streamId === null ? stream.deviceId === deviceId : stream.id === streamId));
}

/** Ids of the texts over what an amendment is about. */
async function textsOver(
  context: RecordContext,
  { from, to, reading }: Amendment,
  stream: Stream,
): Promise<Set<string>> {
  const { telemetry, view, written, organisation } = context;
  const found = new Set<string>();
  if (!written) return found;
  const look = async (ids: readonly string[], begin: number, end: number) => {
    const asked = { ids, patientId: stream.patientId, streamIds: [stream.id], from: begin, to: end };
    const { ids: own, places } = await written.overlays.over(view.principal, asked, ALL, []);
    for (const id of own) found.add(id);
    for (const place of places) {
      const at = { patientId: stream.patientId, streamId: stream.id, from: place.from };
      for (const id of await written.overlays.resourceAt(organisation.id, at)) found.add(id);
    }
  };
  if (reading || stream.kind === "waveform") {
    await look(reading ? [readingId(stream.id, from, reading.ordinal)] : [], from, to);
    return found;
  }
  for (let at = from; at < to; ) {
    const page = await telemetry.readings(view, {
      patientId: stream.patientId,
      streamIds: [stream.id],
      from: at,
      to,
      order: "ascending",
      limit: PAGE,
      withErrors: true,
    });
    const last = page.at(-1);
    if (!last) break;
    await look(
      page.map(({ time, ordinal }) => readingId(stream.id, time, ordinal)),
      at,
      last.time + 1,
    );
    if (page.length < PAGE) break;
    at = last.time + 1;
  }
  return found;
}

const ALL = { isWithoutPatients: false, onlyPatients: undefined, withoutPatients: [] };

/** The house itself: it looks for everybody and answers nobody. */
function viewOfAll(organisationId: string): PatientView {
  const principal: Principal & { readonly isHouse: true } = {
    kind: "system",
    id: "system",
    display: "Openward",
    organisationId,
    role: "integration",
    isHouse: true,
  };
  return { principal, has: () => true, patientIds: () => [], recordsOf: (id) => [id], hiddenOf: () => undefined };
}
