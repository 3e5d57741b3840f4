import type { Reprocessed } from "@openward/api";

type Stream = Reprocessed["streams"][number];
type Example = Stream["examples"][number];

const BECAUSE: Record<Stream["byHand"][number]["because"], string> = {
  event: "events are not amended",
  waveform: "samples are not corrected: give the span entered in error on the patient page",
  patient: "by today's associations it is another patient's: give the span to that patient on the patient page",
  quality: "only what is said of its quality is otherwise",
};

const AMENDED: Record<Stream["leftAlone"][number]["kind"], string> = {
  "entered-in-error": "entered in error",
  corrected: "corrected",
  "re-attributed": "given to another patient",
  withdrawn: "put back to what was received, against an earlier run,",
};

/** @param numbers record numbers of patients by id */
export function reprocessLines(answer: Reprocessed, numbers: ReadonlyMap<string, string>): string[] {
  const { messages, skipped, same, added, changed, missing, byHand, leftAlone, code, applied } = answer;
  const nameOf = (patientId: string | null) => (patientId === null ? "nobody" : (numbers.get(patientId) ?? patientId));
  const lines = [
    `${messages} messages were run again (${skipped} are not compared): ${same} readings, pieces and events are as they are read today,`,
    `${added} are new, ${changed} come out otherwise, ${missing} do not come out any more; ${leftAlone} were amended by people and are left alone.`,
  ];
  if (answer.streams.length > 0) lines.push("", ...tableOf(answer.streams, nameOf));
  if (answer.streamsLeftOut > 0) lines.push(`and ${answer.streamsLeftOut} differences of further streams`);
  for (const stream of answer.streams) lines.push("", ...detailsOf(stream, nameOf));
  if (answer.refused.length + answer.faults.length > 0) lines.push("");
  for (const { code: why, field, places } of answer.refused)
    lines.push(`refused today too: ${why} ${field} (${places})`);
  for (const fault of answer.faults) lines.push(`CANNOT BE READ: ${fault.in} at ${fault.position}: ${fault.code}`);
  if (answer.unreadable > answer.faults.length) lines.push(`and ${answer.unreadable} parts in all cannot be read`);
  if (applied) {
    const claims = applied.resolved > 0 ? `; ${applied.resolved} messages have left the quarantine` : "";
    lines.push("", `applied: ${applied.added} were added, ${applied.amended} amended${claims}.`);
  }
  if (byHand > 0) lines.push("", `${byHand} cannot be amended by this command, and nothing was done about them.`);
  if (!applied && added + changed + missing > byHand)
    lines.push("", `Nothing was changed. To add and amend as shown: --apply --confirm ${code} --reason TEXT`);
  return lines;
}

function tableOf(streams: readonly Stream[], nameOf: (patientId: string | null) => string): string[] {
  const head = ["device", "patient", "signal", "unit", "new", "otherwise", "no more", "left alone", "from", "until"];
  const rows = streams.map((stream) => [
    stream.deviceId,
    nameOf(stream.patientId),
    stream.signal,
    stream.unit ?? "",
    ...[stream.added, stream.changed, stream.missing, sum(stream.leftAlone)].map(String),
    timeText(stream.from),
    timeText(stream.to),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] as string).length)));
  const isNumber = (i: number) => i >= 4 && i <= 7;
  return [head, ...rows].map((row) =>
    row
      .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
      .join("  ")
      .trimEnd(),
  );
}

function detailsOf(stream: Stream, nameOf: (patientId: string | null) => string): string[] {
  const lines = [`${stream.signal} of ${stream.deviceId} on ${nameOf(stream.patientId)}:`];
  for (const example of stream.examples) {
    const { before, after } = example;
    const [left, right] = [textOf(before, before, nameOf), textOf(after, before, nameOf)];
    lines.push(`  ${timeText((before ?? after)?.time ?? 0)}  ${left} -> ${right}  ${fateText(example)}`);
  }
  for (const { by, kind, count } of stream.leftAlone) lines.push(`  ${count} ${AMENDED[kind]} by ${by}: left alone`);
  for (const { because, count } of stream.byHand) lines.push(`  ${count} to be seen to by hand: ${BECAUSE[because]}`);
  return lines;
}

function fateText({ fate, amendedBy }: Example): string {
  switch (fate) {
    case "add":
      return "to be added";
    case "correct":
      return "to be corrected";
    case "enter in error":
      return "to be entered in error";
    case "withdraw":
      return "what was said of it by an earlier run is to be withdrawn";
    case "replace":
      return "to be entered in error, and added as it comes out";
    case "leave":
      return `amended by ${amendedBy}, left alone`;
    case "by hand":
      return "to be seen to by hand";
  }
}

/** @param other of which it tells what is otherwise there */
function textOf(
  body: Example["before"],
  other: Example["before"],
  nameOf: (patientId: string | null) => string,
): string {
  if (!body) return "nothing";
  const { time, value, unit, patientId, samples } = body;
  const event = unit === null ? "event" : "nothing";
  const what = value !== null ? `${value} ${unit ?? ""}`.trim() : samples !== null ? `${samples} samples` : event;
  const when = other && other.time !== time ? ` at ${timeText(time)}` : "";
  const whose = other && other.patientId !== patientId ? ` on ${nameOf(patientId)}` : "";
  return `${what}${when}${whose}`;
}

const sum = (counted: readonly { readonly count: number }[]) => counted.reduce((all, { count }) => all + count, 0);
const timeText = (time: number) => (Number.isFinite(time) ? new Date(time).toISOString() : "");
