import { codecs } from "@openward/codecs/raw";
import { QUALITY } from "@openward/model";
import { Message } from "node-hl7-client";
import { type Row, thousands } from "./support.ts";

const AT = Date.UTC(2026, 2, 14, 9, 16);
const INPUTS = 2_048;
const ROUNDS = 8;
const TIMES = 7;
const OBSERVATIONS = 10;

const context = {
  item: 0,
  at: AT,
  atQuality: QUALITY.timeFromGateway,
  utcOffsetMinutes: null,
  timeZone: "Europe/Oslo",
  session: {},
};

const METRICS = [
  "147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|$|264864^MDC_DIM_BEAT_PER_MIN^MDC^/min^^UCUM",
  "150456^MDC_PULS_OXIM_SAT_O2^MDC|1.2.1.1|$|262688^MDC_DIM_PERCENT^MDC^%^^UCUM",
  "149530^MDC_PULS_OXIM_PULS_RATE^MDC|1.2.1.2|$|264864^MDC_DIM_BEAT_PER_MIN^MDC^/min^^UCUM",
  "150021^MDC_PRESS_BLD_NONINV_SYS^MDC|1.3.1.1|$|266016^MDC_DIM_MMHG^MDC^mm[Hg]^^UCUM",
  "150022^MDC_PRESS_BLD_NONINV_DIA^MDC|1.3.1.2|$|266016^MDC_DIM_MMHG^MDC^mm[Hg]^^UCUM",
];

/** A bedside monitor's report with ten observations, whose values differ from message to message. */
function messageOf(n: number): string {
  const rows = Array.from({ length: OBSERVATIONS }, (_, i) => {
    const metric = (METRICS[i % METRICS.length] ?? "").replace("$", String(60 + ((n + i) % 40)));
    return `OBX|${i + 2}|NM|${metric}|50-120|N|||R|||20260314101530+0100`;
  });
  return [
    `MSH|^~\\&|FERNWARD_GW^0200000000000A01^EUI-64|EAST|CORE|HUB|20260314101530+0100||ORU^R01^ORU_R01|FW-${n}|P|2.6|||AL|NE||UNICODE UTF-8|EN^English^ISO639||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO`,
    "PID|1||T-90017^^^EASTHOSP^MR||Quill^Marisol^^^^^L||19580609|F",
    "PV1|1|I|4E^407^B^EASTHOSP",
    "OBR|1|FW-481|FW-481|182777000^monitoring of patient^SCT|||20260314101500+0100|20260314101530+0100",
    "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||M77^FERNWARD M2^0200000000000B17^EUI-64",
    ...rows,
    "",
  ].join("\r");
}

/** Messages a second of one core, from bytes to readings; beside a parser of npm that gives texts and no readings. */
export function hl7Rows(): Row[] {
  const codec = codecs.find(({ name }) => name === "hl7v2/pcd01");
  if (!codec) throw new Error("no codec hl7v2/pcd01");
  const texts = Array.from({ length: INPUTS }, (_, n) => messageOf(n));
  const inputs = texts.map((text) => new TextEncoder().encode(text));
  let readings = 0;
  const ours = fastest(ROUNDS, () => {
    readings = 0;
    for (const bytes of inputs) readings += codec.decode(bytes, context).readings.length;
  });
  if (readings !== INPUTS * OBSERVATIONS) throw new Error(`${readings} readings of ${INPUTS} messages`);
  let rows = 0;
  const theirs = fastest(1, () => {
    rows = 0;
    for (const text of texts) {
      new Message({ text }).get("OBX").forEach((obx) => {
        const [code, value, unit] = ["OBX.3.1", "OBX.5", "OBX.6.1"].map((path) => obx.get(path).toString());
        if (code && (value || !unit)) rows++;
      });
    }
  });
  if (rows !== INPUTS * (OBSERVATIONS + 1)) throw new Error(`${rows} rows of ${INPUTS} messages`);
  return [
    {
      what: `hl7v2/pcd01, ${OBSERVATIONS} observations, ${inputs[0]?.length} bytes`,
      "messages/s": thousands(ours),
      "readings/s": thousands(ours * OBSERVATIONS),
    },
    {
      what: "node-hl7-client 4.0.0, code, value and unit of each row as texts",
      "messages/s": thousands(theirs),
      "readings/s": "-",
    },
  ];
}

/** Messages a second of the fastest of some runs: others work on the machine. */
function fastest(rounds: number, run: () => void): number {
  let best = 0;
  for (let time = 0; time < TIMES; time++) {
    const began = performance.now();
    for (let round = 0; round < rounds; round++) run();
    best = Math.max(best, (INPUTS * rounds * 1000) / (performance.now() - began));
  }
  return best;
}
