import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { OutsideTrouble, type RefusalCode, RefusedInput } from "@openward/errors";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { print } from "./output.ts";
import { withRegistry } from "./registry.ts";

interface Options {
  to: string;
  reason: string;
  by: string;
  url?: string;
  organisation?: string;
  json?: boolean;
}

/** The token is for this one archive, and ends with it; a large one takes hours. */
const TOKEN_MS = 12 * 3_600_000;

export function addPatientExport(patient: Command): void {
  patient
    .command("export <patient>")
    .description("everything about a patient as one archive: FHIR, amendments, alarms, who looked; the server must run")
    .requiredOption("--to <folder>", "where the archive is written; it is not encrypted")
    .requiredOption("--reason <text>", "on whose request; it stays in the audit log, and the patient sees it")
    .option("--by <name>", "who does it; it stays in the audit log", "command line")
    .option("--url <address>", "where the server is; this machine's when left out")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object: id, file, bytes")
    .action(run);
}

async function run(wanted: string, options: Options): Promise<void> {
  const url = options.url ?? `http://127.0.0.1:${readConfig(process.env).httpPort}`;
  await withRegistry(options.organisation, async ({ access, organisation, patients }) => {
    const all = await patients.list(organisation.id, { all: true });
    const found = all.find(({ patient }) => patient.mrn === wanted || patient.id === wanted);
    if (!found) throw new RefusedInput("NOT_FOUND", { at: "patient" });
    const { id } = found.patient;
    await mkdir(options.to, { recursive: true, mode: 0o700 });
    // The running server does it: memory and keys are its own. It asks who we are as it asks anybody.
    const issued = await access.issueToken(organisation.id, "privacy-officer", options.by, TOKEN_MS, options.by);
    const part = join(options.to, `${id}.zip.part`);
    try {
      const file = join(options.to, await download({ url, token: issued.token, id, reason: options.reason, part }));
      await rename(part, file);
      const { size } = await stat(file);
      print(options.json ?? false, { id, file, bytes: size }, [`${file}, ${size} bytes; it is not encrypted`]);
    } finally {
      await rm(part, { force: true });
      await access.revokeToken(organisation.id, issued.id, options.by);
    }
  });
}

/** Into a file that has its own name only when it is whole. @returns that name */
async function download(wanted: {
  url: string;
  token: string;
  id: string;
  reason: string;
  part: string;
}): Promise<string> {
  const { url, token, id, reason, part } = wanted;
  const target = new URL(`/api/rights/patients/${id}/export`, url);
  const { request: send } = target.protocol === "https:" ? await import("node:https") : await import("node:http");
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const request = send(target, { method: "POST", headers }, (response) => {
      if (response.statusCode !== 200) {
        refusalOf(response).then(reject, reject);
        return;
      }
      const name = /filename="([A-Za-z0-9._-]+)"/.exec(response.headers["content-disposition"] ?? "")?.[1];
      pipeline(response, createWriteStream(part, { mode: 0o600 })).then(
        () => resolve(name ?? `${id}.zip`),
        (cause: unknown) => reject(new OutsideTrouble("EXPORT_CUT", true, { at: url }, { cause })),
      );
    });
    request.on("error", (cause) =>
      reject(
        new OutsideTrouble(
          "SERVER_UNREACHABLE",
          true,
          { at: url, expected: "a running server, or its --url" },
          { cause },
        ),
      ),
    );
    request.end(JSON.stringify({ reason }));
  });
}

/** Problem details as the refusal that they tell of. */
async function refusalOf(response: AsyncIterable<Buffer>): Promise<Error> {
  let text = "";
  for await (const piece of response) text += piece;
  const { code, field, expected } = JSON.parse(text) as { code?: RefusalCode; field?: string; expected?: string };
  const facts = { ...(field !== undefined && { at: field }), ...(expected !== undefined && { expected }) };
  return new RefusedInput(code ?? "UNEXPECTED", facts);
}
