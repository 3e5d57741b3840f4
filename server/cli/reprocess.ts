import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Reprocessed } from "@openward/api";
import { OutsideTrouble, type RefusalCode, RefusedInput } from "@openward/errors";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { EXIT, print } from "./output.ts";
import { withRegistry } from "./registry.ts";
import { reprocessLines } from "./reprocess-table.ts";

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

/** The token is for this one question. */
const TOKEN_MS = 10 * 60_000;

export function addReprocessCommand(program: Command): void {
  program
    .command("reprocess")
    .description(
      "run what devices sent in a span through today's codecs, and show the differences to what is read today",
    )
    .requiredOption("--from <time>", "when the input came, e.g. 2026-11-22T06:00:00Z")
    .requiredOption("--to <time>", "until before this time")
    .option("--device <id>", "only what this device sent")
    .option("--patient <number>", "only what tells of this patient: record number or id")
    .option(
      "--apply",
      "add what is new, and lay amendments over what is stored otherwise; what people have amended is left alone",
    )
    .option("--reason <text>", "why, with --apply; it stays in the audit log and with each amendment")
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
    print(
      options.json ?? false,
      { from, to, ...answer },
      reprocessLines(answer, await numbersOf(patients, organisation.id)),
    );
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

interface Patients {
  list(
    organisationId: string,
    options: { all: boolean; q?: string },
  ): Promise<readonly { patient: { id: string; mrn: string } }[]>;
}

/** Record numbers by id. */
async function numbersOf(patients: Patients, organisationId: string): Promise<ReadonlyMap<string, string>> {
  const all = await patients.list(organisationId, { all: true });
  return new Map(all.map(({ patient }) => [patient.id, patient.mrn]));
}

async function findPatient(patients: Patients, organisationId: string, wanted: string): Promise<string> {
  const all = await patients.list(organisationId, { all: true });
  const found = all.find(({ patient }) => patient.mrn === wanted || patient.id === wanted);
  if (!found) throw new RefusedInput("NOT_FOUND", { at: "--patient" });
  return found.patient.id;
}

/** However long it takes: a long span is read row by row before the answer begins. */
function post(url: string, token: string, body: object): Promise<Reprocessed> {
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
