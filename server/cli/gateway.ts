import { readFileSync } from "node:fs";
import type { GatewaySettings } from "@openward/api";
import { changedGatewaySettings, GATEWAY_DEFAULTS, gatewayFaults } from "@openward/api/gateway-settings";
import { RefusedInput } from "@openward/errors";
import type { Command } from "commander";
import { print } from "./output.ts";
import { withRegistry } from "./registry.ts";

export function addGatewayCommand(program: Command): void {
  program
    .command("gateway")
    .description("run a gateway at the bedside or at home; settings are OPENWARD_GATEWAY_*, see docs/guides/gateway.md")
    .action(async () => (await import("../../gateway/main.ts")).main());
}

// Read when it is needed: the whole contract takes longer to read than to add a device.
const readSchema = async () => (await import("@openward/api")).gatewaySettings;

/** `openward device gateway`: what one works by, and how it said last that it is. */
export function addGatewaySettings(device: Command): void {
  device
    .command("gateway <gateway>")
    .description("what a gateway works by and told last of itself; with --settings, set it")
    .option("--settings <file>", `JSON: ${Object.keys(GATEWAY_DEFAULTS).join(", ")}`)
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object")
    .action(async (id: string, options: { settings?: string; organisation?: string; json?: boolean }) => {
      const gatewaySettings = await readSchema();
      const given = options.settings === undefined ? undefined : await readGatewaySettings(options.settings);
      await withRegistry(options.organisation, async ({ gateways, devices, organisation }) => {
        const before = await gateways.settingsOf(organisation.id, id);
        if (given) {
          const [fault] = gatewayFaults(given, await devices.inCharge(organisation.id, id));
          if (fault) throw new RefusedInput("FIELD_INVALID", fault);
          const changed = changedGatewaySettings(gatewaySettings.parse(before?.settings ?? {}), given);
          await gateways.configure(organisation.id, id, given, before?.revision ?? 0, "command line", { changed });
        }
        const set = await gateways.settingsOf(organisation.id, id);
        const report = await gateways.reportOf(organisation.id, id);
        const settings = gatewaySettings.parse(set?.settings ?? {});
        print(options.json ?? false, { settings, revision: set?.revision ?? 0, report: report ?? null }, [
          `settings, revision ${set?.revision ?? 0}:`,
          JSON.stringify(settings, null, 2),
          report ? `last report, ${new Date(report.receivedAt).toISOString()}:` : "it has told nothing of itself",
          ...(report ? [JSON.stringify(report.detail, null, 2)] : []),
        ]);
      });
    });
}

/** @throws RefusedInput FILE_UNREADABLE, FIELD_INVALID naming the field */
async function readGatewaySettings(path: string): Promise<GatewaySettings> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new RefusedInput(
      "FILE_UNREADABLE",
      { at: "--settings", expected: "a file of JSON", received: path },
      { cause },
    );
  }
  const checked = (await readSchema()).safeParse(parsed);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new RefusedInput("FIELD_INVALID", {
    at: issue?.path.join(".") || "--settings",
    expected: issue?.message ?? "",
  });
}
