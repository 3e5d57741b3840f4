import type { Command } from "commander";

export function addGatewayCommand(program: Command): void {
  program
    .command("gateway")
    .description("run a gateway at the bedside or at home; settings are OPENWARD_GATEWAY_*, see docs/guides/gateway.md")
    .action(async () => (await import("../../gateway/main.ts")).main());
}
