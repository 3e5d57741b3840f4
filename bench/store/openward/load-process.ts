import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { seededRandom } from "@openward/runtime/manual";
import { openHttpSocket } from "../../load/http-socket.ts";
import { createWorkload, type Workload } from "../workload.ts";
import { columnsBody, ingestHead } from "./bodies.ts";
import type { LoadPlan, LoadResult } from "./load.ts";

/** Beds walk through one of so many patients' day, each from a place of its own: values are cheap, readings distinct. */
const TEMPLATES = 16;
const TEMPLATE_ROWS = 1 << 16;
const ACCEPTED = /^\{"accepted":(\d+),"quarantined":\[\]\}$/;

const [plan] = (await once(process, "message")) as [LoadPlan];
const result = await load(plan);
process.send?.(result);
// Not before it was heard: what is on its way to nobody is lost.
await once(process, "disconnect");

async function load(plan: LoadPlan): Promise<LoadResult> {
  const { beds, vitals, seed, rows, connections } = plan;
  const templates = createWorkload({ seed, vitals, patients: TEMPLATES, rows: TEMPLATE_ROWS, start: 0 });
  const random = seededRandom(seed + 1);
  const offsets = beds.map(() => Math.floor(random.float() * TEMPLATE_ROWS));
  const sent = new Array<number>(beds.length).fill(0);
  const rowsOf = new Array<number>(beds.length).fill(0);
  const answeredAt: number[] = [];
  const tookMs: number[] = [];
  let accepted = 0;
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const until = plan.seconds === undefined ? Number.POSITIVE_INFINITY : began + plan.seconds * 1000;
  const readingsEach = rows * vitals.length;
  const pauseMs = plan.rate === undefined ? 0 : (readingsEach * connections * 1000) / plan.rate;

  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const socket = await openHttpSocket(plan.port);
      const mine = beds.map((bed, i) => ({ bed, i })).filter(({ i }) => i % connections === connection);
      const body = columnsBody(vitals, rows);
      const heads = new Map<number, string>();
      let due = performance.now() + (pauseMs * connection) / connections;
      for (let turn = 0; performance.now() < until && mine.length > 0; turn++) {
        const one = mine[turn % mine.length];
        if (!one) break;
        const { bed, i } = one;
        const first = sent[i] ?? 0;
        if (first >= (plan.rowsPerBed ?? Number.POSITIVE_INFINITY)) break;
        sent[i] = first + rows;
        fill(body, templates, plan, i, first, offsets[i] ?? 0);
        let head = heads.get(i);
        if (head === undefined) {
          head = ingestHead(bed, "readings", "application/cbor", body.bytes.length);
          heads.set(i, head);
        }
        if (pauseMs > 0) {
          const early = due - performance.now();
          if (early > 1) await wait(early);
          due += pauseMs;
        }
        const at = performance.now();
        const answer = await socket.send(head, body.bytes);
        const got = answer.status === 200 ? ACCEPTED.exec(answer.body.toString())?.[1] : undefined;
        if (Number(got) !== readingsEach) throw new Error(`${answer.status}: ${answer.body.toString().slice(0, 300)}`);
        accepted += readingsEach;
        rowsOf[i] = first + rows;
        answeredAt.push(Date.now());
        tookMs.push(performance.now() - at);
      }
      socket.close();
    }),
  );
  const cpu = process.cpuUsage(cpuBefore);
  return {
    accepted,
    seconds: (performance.now() - began) / 1000,
    rowsOf,
    answeredAt,
    tookMs,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
  };
}

function fill(
  body: ReturnType<typeof columnsBody>,
  templates: Workload,
  { start, rows, vitals }: LoadPlan,
  bed: number,
  first: number,
  offset: number,
): void {
  for (let row = 0; row < rows; row++) body.setTime(row, start + (first + row) * 1000);
  // A message does not run over the template's end: it begins anew a little earlier.
  const from = Math.min((offset + first) % TEMPLATE_ROWS, TEMPLATE_ROWS - rows);
  const values = templates.values[bed % TEMPLATES];
  for (let vital = 0; vital < vitals.length; vital++) body.fill(vital, values?.[vital] ?? new Uint16Array(), from);
}
