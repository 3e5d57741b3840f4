import { Command, CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { addArchiveCommands } from "./archive.ts";
import { addAuditCommands } from "./audit.ts";
import { addBackupCommands } from "./backup.ts";
import { addClientCommands } from "./client.ts";
import { addDeviceCommands } from "./device.ts";
import { addDoctorCommand } from "./doctor.ts";
import { addEraseCommand } from "./erase.ts";
import { addExportCommand } from "./export.ts";
import { addGrantCommands } from "./grant.ts";
import { addHoldCommands } from "./hold.ts";
import { addKeysCommands } from "./keys.ts";
import { EXIT, fail, print } from "./output.ts";
import { addPatientCommands } from "./patient.ts";
import { addPersonCommands } from "./person.ts";
import { noteCommands } from "./recorded.ts";
import { addReplayCommand } from "./replay.ts";
import { addReprocessCommand } from "./reprocess.ts";
import { addRestoreCommand } from "./restore.ts";
import { addServeCommands } from "./serve.ts";
import { addStoreCommands } from "./store.ts";
import { addTokenCommands } from "./token.ts";

const program = new Command("openward")
  .description("The open virtual ward. Settings are environment variables OPENWARD_*; the README lists them.")
  .version(packageJson.version)
  .showHelpAfterError()
  // What stands behind a command is that command's: `backup verify --json` too.
  .enablePositionalOptions()
  .exitOverride();

noteCommands(program);
addServeCommands(program);
addPatientCommands(program);
addPersonCommands(program);
addDeviceCommands(program);
addTokenCommands(program);
addClientCommands(program);
addGrantCommands(program);
addReplayCommand(program);
addExportCommand(program);
addArchiveCommands(program);
addReprocessCommand(program);
addDoctorCommand(program);
addEraseCommand(program);
addHoldCommands(program);
addKeysCommands(program);
addBackupCommands(program);
addRestoreCommand(program);
addStoreCommands(program);
addAuditCommands(program);

const isJson = process.argv.includes("--json");
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = endOfParsing(error);
  else process.exitCode = fail(error, isJson);
}

/** Help and version are no fault; of wrong usage a person has read already, a program reads it here. */
function endOfParsing({ exitCode, message }: CommanderError): number {
  if (exitCode === 0) return EXIT.done;
  if (isJson) print(true, { error: { code: "USAGE", message: message.replace(/^error: /, "") } }, []);
  return EXIT.usage;
}
