import { Command, CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { EXIT, fail, print } from "./output.ts";
import { noteCommands } from "./recorded.ts";

type Add = (program: Command) => void;

/** In the order of the help. A command's code is read when it is the one that was asked for: most are run by scripts, one after another. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  serve: async () => (await import("./serve.ts")).addServeCommand,
  demo: async () => (await import("./serve.ts")).addDemoCommand,
  patient: async () => (await import("./patient.ts")).addPatientCommands,
  person: async () => (await import("./person.ts")).addPersonCommands,
  device: async () => (await import("./device.ts")).addDeviceCommands,
  token: async () => (await import("./token.ts")).addTokenCommands,
  client: async () => (await import("./client.ts")).addClientCommands,
  grant: async () => (await import("./grant.ts")).addGrantCommands,
  replay: async () => (await import("./replay.ts")).addReplayCommand,
  import: async () => (await import("./import.ts")).addImportCommand,
  export: async () => (await import("./export.ts")).addExportCommand,
  archive: async () => (await import("./archive.ts")).addArchiveCommands,
  reprocess: async () => (await import("./reprocess.ts")).addReprocessCommand,
  doctor: async () => (await import("./doctor.ts")).addDoctorCommand,
  erase: async () => (await import("./erase.ts")).addEraseCommand,
  hold: async () => (await import("./hold.ts")).addHoldCommands,
  keys: async () => (await import("./keys.ts")).addKeysCommands,
  backup: async () => (await import("./backup.ts")).addBackupCommands,
  restore: async () => (await import("./restore.ts")).addRestoreCommand,
  store: async () => (await import("./store.ts")).addStoreCommands,
  gateway: async () => (await import("./gateway.ts")).addGatewayCommand,
  audit: async () => (await import("./audit.ts")).addAuditCommands,
};

const program = new Command("openward")
  .description("The open virtual ward. Settings are environment variables OPENWARD_*; the README lists them.")
  .version(packageJson.version)
  .showHelpAfterError()
  // What stands behind a command is that command's: `backup verify --json` too.
  .enablePositionalOptions()
  .exitOverride();

noteCommands(program);
const [asked = ""] = process.argv.slice(2);
const wanted = Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
for (const name of wanted) (await COMMANDS[name]?.())?.(program);

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
