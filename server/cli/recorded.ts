import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OutsideTrouble } from "@openward/errors";
import type { Organisation } from "@openward/model";
import { systemRuntime } from "@openward/runtime/system";
import type { Command } from "commander";
// Not through the door: what else stands behind it takes longer to read than most commands run.
import { createAuditTable } from "../access/audit/table.ts";
import { openWriter } from "../access/audit/writer.ts";
import { createLog } from "../log.ts";
import type { Database } from "../store/database/ports.ts";
import { statement } from "../store/registry/index.ts";

let running = "";

/** The one hook before every command: what it is called, for the audit log. */
export function noteCommands(program: Command): void {
  program.hook("preAction", (_program, command) => {
    const names: string[] = [];
    for (let at: Command | null = command; at?.parent; at = at.parent) names.unshift(at.name());
    running = names.join(" ");
  });
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Records that this command runs in the organisation, and the patients that it names, in a chain of the command lines of this
 * data directory. It is durable when this resolves; there is no command without it.
 */
export async function recordCommand(
  organisation: Organisation,
  { worker, dataDir }: { worker: Database["worker"]; dataDir: string },
): Promise<void> {
  const named = process.argv.filter((word) => UUID.test(word));
  const patients = await statement<{ id: string }>(
    worker,
    "SELECT id FROM patient WHERE organisation_id = $1 AND id = ANY ($2::uuid[]) ORDER BY id",
    [organisation.id, named],
  );
  const path = join(dataDir, "audit", "node");
  const node = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  const writer = await openWriter({
    node: `${node}.command`,
    table: createAuditTable({ rows: (sql, values) => statement(worker, sql, values) }),
    spool: noSpool,
    runtime: systemRuntime,
    log: createLog("silent"),
  });
  const { clock, ids } = systemRuntime;
  await writer.append({
    id: ids.uuid(),
    at: clock.now(),
    organisationId: organisation.id,
    who: { kind: "system", id: "command line", display: "command line", role: null },
    action: "E",
    code: `command.${running.replaceAll(" ", "-")}`,
    patients: patients.map(({ id }) => id),
    entity: "Command",
    via: `openward ${running}`,
    outcome: "allowed",
  });
  await writer.close();
}

/** A command has the database or does not run. */
const noSpool = {
  bytes: 0,
  open: async () => {},
  append: () => Promise.reject(new OutsideTrouble("DATABASE_UNREACHABLE", true)),
  rotate: async () => [],
  read: async () => [],
  done: async () => {},
  close: async () => {},
};
