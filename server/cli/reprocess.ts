import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { OutsideTrouble, type RefusalCode, RefusedInput } from "@openward/errors";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { EXIT, print } from "./output.ts";
import { withRegistry } from "./registry.ts";

interface Options {
  from: string;
  to: string;
  device?: string;
  patient?: string;
  apply?: boolean;
  reason?: string;
  confirm?: string;
  by: string;
  url?: string;
  organisation?: string;
  json?: boolean;
}

/** Of `POST /api/reprocess`: what is shown of it here. */
interface Answer {
  readonly code: string;
  readonly messages: number;
  readonly skipped: number;
  readonly same: number;
  readonly added: number;
  readonly changed: number;
  readonly missing: number;
  readonly needAmendment: number;
  readonly streams: readonly {
    readonly deviceId: string;
    readonly patientId: string | null;
    readonly signal: string;
    readonly added: number;
    readonly changed: number;
    readonly missing: number;
    readonly examples: readonly {
      readonly difference: string;
      readonly before: Stored | null;
      readonly after: Stored | null;
    }[];
  }[];
  readonly streamsLeftOut: number;
  readonly refused: readonly { readonly code: string; readonly field: string; readonly places: number }[];
  readonly unreadable: number;
  readonly faults: readonly { readonly position: number; readonly in: string; readonly code: string }[];
  readonly applied: { readonly added: number; readonly amended: number; readonly resolved: number } | null;
}

interface Stored {
  readonly time: number;
  readonly value: number | null;
  readonly unit: string | null;
  readonly patientId: string | null;
  readonly samples: number | null;
}

/** The token is for this one question. */
const TOKEN_MS = 10 * 60_000;

export function addReprocessCommand(program: Command): void {
  program
    .command("reprocess")
    .description("run what devices sent in a span through today's codecs, and show the differences to what is stored")
    .requiredOption("--from <time>", "when the input came, e.g. 2026-11-22T06:00:00Z")
    .requiredOption("--to <time>", "until before this time")
    .option("--device <id>", "only what this device sent")
    .option("--patient <number>", "only what tells of this patient: record number or id")
    .option(
      "--apply",
      "add what is new to the patients' records; what is stored otherwise is listed, never overwritten",
    )
    .option("--reason <text>", "why, with --apply; it stays in the audit log")
    .option("--confirm <code>", "with --apply: the code that showing the differences printed")
    .option("--by <name>", "who does it; it stays in the audit log", "command line")
    .option("--url <address>", "where the server is; this machine's when left out")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const from = parseTime(options.from, "--from");
  const to = parseTime(options.to, "--to");
  if (!(from < to)) throw new RefusedInput("FIELD_INVALID", { at: "--to", expected: "a time after --from" });
  const apply = options.apply
    ? { reason: need(options.reason, "--reason"), confirm: need(options.confirm, "--confirm") }
    : null;
  const url = options.url ?? `http://127.0.0.1:${readConfig(process.env).httpPort}`;
  await withRegistry(options.organisation, async ({ access, organisation, patients }) => {
    const patientId =
      options.patient === undefined ? null : await findPatient(patients, organisation.id, options.patient);
    // The running server does it: memory, keys and the journal are its own. It asks who we are as it asks anybody.
    const { token } = await access.issueToken(organisation.id, "clinical-engineer", options.by, TOKEN_MS, options.by);
    const answer = await post(url, token, { from, to, deviceId: options.device ?? null, patientId, apply });
    print(options.json ?? false, { from, to, ...answer }, linesOf(answer, apply !== null));
    if (answer.unreadable > 0) process.exitCode = EXIT.failed;
  });
}

function parseTime(text: string, at: string): number {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new RefusedInput("FIELD_INVALID", { at, expected: "a time such as 2026-11-22T06:00:00Z", received: text });
}

function need(text: string | undefined, at: string): string {
  const given = text?.trim() ?? "";
  if (given !== "") return given;
  const expected = at === "--reason" ? "why, in a few words" : "the code that the command prints without --apply";
  throw new RefusedInput("FIELD_INVALID", { at, expected });
}

async function findPatient(
  patients: {
    list(
      organisationId: string,
      options: { all: boolean; q?: string },
    ): Promise<readonly { patient: { id: string; mrn: string } }[]>;
  },
  organisationId: string,
  wanted: string,
): Promise<string> {
  const all = await patients.list(organisationId, { all: true });
  const found = all.find(({ patient }) => patient.mrn === wanted || patient.id === wanted);
  if (!found) throw new RefusedInput("NOT_FOUND", { at: "--patient" });
  return found.patient.id;
}

/** However long it takes: a long span is read row by row before the answer begins. */
function post(url: string, token: string, body: object): Promise<Answer> {
  const target = new URL("/api/reprocess", url);
  const send = target.protocol === "https:" ? httpsRequest : httpRequest;
  const unreachable = (cause?: unknown) =>
    new OutsideTrouble("SERVER_UNREACHABLE", true, { at: url, expected: "a running server, or its --url" }, { cause });
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const request = send(target, { method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.on("error", (error) => reject(unreachable(error)));
      response.on("end", () => {
        try {
          const answer = JSON.parse(text);
          if (response.statusCode === 200) resolve(answer);
          else reject(refusalOf(answer));
        } catch (error) {
          reject(unreachable(error));
        }
      });
    });
    request.on("error", (error) => reject(unreachable(error)));
    request.end(JSON.stringify(body));
  });
}

/** Problem details as the refusal that they tell of. */
function refusalOf({ code, field, expected }: { code?: RefusalCode; field?: string; expected?: string }): Error {
  const facts = { ...(field !== undefined && { at: field }), ...(expected !== undefined && { expected }) };
  return new RefusedInput(code ?? "UNEXPECTED", facts);
}

function linesOf(answer: Answer, isApplied: boolean): string[] {
  const { messages, skipped, same, added, changed, missing, code, applied } = answer;
  const lines = [
    `${messages} messages were run again (${skipped} are not compared): ${same} readings, pieces and events are as stored,`,
    `${added} are new, ${changed} are stored otherwise, ${missing} are stored and do not come out any more.`,
  ];
  for (const stream of answer.streams) {
    const { deviceId, signal, patientId } = stream;
    const counts = `${stream.added} new, ${stream.changed} otherwise, ${stream.missing} no more`;
    lines.push(`  ${signal} of ${deviceId} on ${patientId ?? "nobody"}: ${counts}`);
    for (const { difference, before, after } of stream.examples)
      lines.push(`    ${difference}: ${textOf(before)} -> ${textOf(after)}`);
  }
  if (answer.streamsLeftOut > 0) lines.push(`  and ${answer.streamsLeftOut} differences of further streams`);
  for (const { code: why, field, places } of answer.refused)
    lines.push(`  refused today too: ${why} ${field} (${places})`);
  for (const fault of answer.faults) lines.push(`  CANNOT BE READ: ${fault.in} at ${fault.position}: ${fault.code}`);
  if (answer.unreadable > answer.faults.length) lines.push(`  and ${answer.unreadable} parts in all cannot be read`);
  if (applied) {
    const claims = applied.resolved > 0 ? `; ${applied.resolved} messages have left the quarantine` : "";
    lines.push(`applied: ${applied.added} were added${claims}.`);
  }
  if (answer.needAmendment > 0)
    lines.push(
      `${answer.needAmendment} need an amendment: what is stored is not overwritten, and nothing was done about them.`,
    );
  if (!isApplied && added + changed + missing > 0)
    lines.push(`Nothing was changed. To add what is new: --apply --confirm ${code} --reason TEXT`);
  return lines;
}

function textOf(stored: Stored | null): string {
  if (!stored) return "nothing";
  const { time, value, unit, patientId, samples } = stored;
  const what = value !== null ? `${value} ${unit ?? ""}`.trim() : samples !== null ? `${samples} samples` : "event";
  return `${what} at ${new Date(time).toISOString()} on ${patientId ?? "nobody"}`;
}
