import { send } from "../patients.ts";
import { json } from "../server.ts";
import type { Subject, World } from "../world.ts";
import { about, type Calls, house, NOBODY, plain, span } from "./call.ts";

async function entry(world: World): Promise<string> {
  const device = await world.spareDevice();
  await send(world.home, device, "readings", { at: Date.now(), values: { "heart-rate": 70 } });
  const [found] = await house<{ id: string }[]>(world, "GET", `/quarantine?device=${device.deviceId}`);
  return found?.id ?? "";
}
/** The subject does it: a run is of who began it. */
const asked = <T = { id: string }>({ server }: World, subject: Subject, method: string, path: string, body?: unknown) =>
  json<T>(server, { method, path: `/api${path}`, headers: subject.headers, ...(body === undefined ? {} : { body }) });

async function phaseOf(world: World, subject: Subject, id: string, phase: string): Promise<void> {
  for (let n = 0; n < 600; n++) {
    const state = await asked<{ phase: string }>(world, subject, "GET", `/quarantine/runs/${id}`);
    if (state.phase === phase) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the run did not come to be ${phase}`);
}

async function lookedRun(world: World, subject: Subject): Promise<{ id: string }> {
  const { id } = await asked(world, subject, "POST", "/quarantine/runs", { device: "nobody-zq" });
  await phaseOf(world, subject, id, "looked");
  return { id };
}

/** What could not be placed, and looking again at what came. */
export const quarantineCalls = {
  quarantine: plain({ query: { state: "open" } }),
  quarantineCounts: plain(),
  quarantineRuns: plain(),
  startQuarantineRun: plain({ body: { device: "nobody-zq" } }),
  quarantineRun: plain({ params: { id: NOBODY } }, async (world, subject) => ({
    params: await lookedRun(world, subject),
  })),
  applyQuarantineRun: plain({ params: { id: NOBODY }, body: { reason: "late" } }, async (world, subject) => ({
    params: await lookedRun(world, subject),
    body: { reason: "late" },
  })),
  undoQuarantineRun: plain({ params: { id: NOBODY }, body: { reason: "wrong" } }, async (world, subject) => {
    const params = await lookedRun(world, subject);
    await asked(world, subject, "POST", `/quarantine/runs/${params.id}/apply`, { reason: "late" });
    await phaseOf(world, subject, params.id, "applied");
    return { params, body: { reason: "wrong" } };
  }),
  quarantined: about(({ quarantineId }) => ({ params: { id: quarantineId } })),
  claim: about(
    ({ quarantineId, id }) => ({ params: { id: quarantineId }, body: { patientId: id } }),
    async (world, _subject, { id }) => ({ params: { id: await entry(world) }, body: { patientId: id } }),
  ),
  dismiss: about(
    ({ quarantineId }) => ({ params: { id: quarantineId }, body: { reason: "nobody's" } }),
    async (world) => {
      const id = await entry(world);
      return { params: { id }, body: { reason: "nobody's" }, shows: [id] };
    },
  ),
  reprocess: about(({ id }) => ({ body: { ...span, patientId: id } })),
} satisfies Calls;
