import { parseTime } from "@openward/codecs";
import { RefusedInput } from "@openward/errors";
import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { addCredentialCommands } from "./device-credentials.ts";
import { addGatewaySettings } from "./gateway.ts";
import { print } from "./output.ts";
import { type Registry, withRegistry } from "./registry.ts";

interface AddOptions {
  type: string;
  display?: string;
  patient?: string;
  from?: string;
  tokenOnly?: boolean;
  organisation?: string;
  json?: boolean;
}

export function addDeviceCommands(program: Command): void {
  const device = program.command("device").description("devices and who wears them");
  device
    .command("add [id]")
    .description("add a device; its token is printed once and kept only as a hash")
    .option("--type <type>", "device type; `openward device types` lists them", "generic")
    .option("--display <name>", "name on screens")
    .option("--patient <patient>", "put it on this patient at once (id or record number)")
    .option(
      "--from <time>",
      "with --patient: since when it has been there, for recordings and buffered data; now when left out",
    )
    .option("--token-only", "print the token and nothing else, for scripts")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object: id, token")
    .action(addDevice);
  device
    .command("assign <device> <patient>")
    .description("put a device on a patient (id or record number); ends the association before")
    .option("--from <time>", "since when it has been there, for recordings and buffered data; now when left out")
    .option("--organisation <name>", "needed only where there are several")
    .option("--json", "print one JSON object")
    .action(assignDevice);
  device
    .command("types")
    .description("the device types that are known")
    .option("--json", "print one JSON object")
    .action(listTypes);
  addCredentialCommands(device);
  addGatewaySettings(device);
}

async function addDevice(id: string | undefined, options: AddOptions): Promise<void> {
  const { drivers } = await import("@openward/drivers");
  if (!drivers.some((type) => type.key === options.type)) {
    throw new RefusedInput("FIELD_INVALID", {
      at: "--type",
      expected: drivers.map((type) => type.key).join(", "),
      received: options.type,
    });
  }
  if (options.from !== undefined && options.patient === undefined)
    throw new RefusedInput("FIELD_INVALID", { at: "--from", expected: "--patient with it" });
  const from = parseFrom(options.from);
  await withRegistry(options.organisation, async (registry) => {
    const { devices, organisation } = registry;
    const patientId = options.patient === undefined ? null : await findPatient(registry, options.patient);
    const { device, token } = await devices.create(
      organisation.id,
      {
        ...(id === undefined ? {} : { id }),
        type: options.type,
        display: options.display ?? id ?? options.type,
        manufacturer: null,
        model: null,
        serial: null,
      },
      "command line",
    );
    if (patientId) await devices.assign(organisation.id, device.id, patientId, from ?? Date.now(), "command line");
    if (options.tokenOnly) {
      process.stdout.write(`${token}\n`);
      return;
    }
    const { mqttPort } = readConfig(process.env);
    print(options.json ?? false, { id: device.id, token }, [
      `device ${device.id}`,
      `token  ${token}   (shown once)`,
      `try    mosquitto_pub -h 127.0.0.1 -p ${mqttPort} -u ${device.id} -P '${token}' -q 1 -t devices/${device.id}/readings -m '{"values":{"heart-rate":72}}'`,
    ]);
  });
}

async function assignDevice(
  deviceId: string,
  patient: string,
  options: { from?: string; organisation?: string; json?: boolean },
): Promise<void> {
  const from = parseFrom(options.from);
  await withRegistry(options.organisation, async (registry) => {
    const patientId = await findPatient(registry, patient);
    const association = await registry.devices.assign(
      registry.organisation.id,
      deviceId,
      patientId,
      from ?? Date.now(),
      "command line",
    );
    print(options.json ?? false, { id: association.id, device: deviceId, patient: patientId, from: association.from }, [
      `${deviceId} is on ${patient} from ${from === undefined ? "now" : new Date(from).toISOString()}.`,
    ]);
  });
}

/** @throws RefusedInput FIELD_INVALID; a time without an offset could be anybody's */
function parseFrom(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(/^\d+$/.test(text) ? Number(text) : text);
  if (!Number.isNaN(time)) return time;
  const expected = "a time with its offset such as 2026-11-22T06:00:00Z, or milliseconds UTC";
  throw new RefusedInput("FIELD_INVALID", { at: "--from", expected, received: text });
}

async function listTypes(options: { json?: boolean }): Promise<void> {
  const { drivers } = await import("@openward/drivers");
  print(
    options.json ?? false,
    { types: drivers.map(({ identity: _patterns, ...type }) => type) },
    drivers.map((type) => `${type.key.padEnd(24)} ${type.display}`),
  );
}

/** By id, or by record number. */
async function findPatient({ patients, organisation }: Registry, given: string): Promise<string> {
  const all = await patients.list(organisation.id, { all: true });
  const found = all.find(({ patient }) => patient.id === given || patient.mrn === given);
  if (!found)
    throw new RefusedInput("NOT_FOUND", {
      at: "patient",
      expected: "the id or record number of a patient",
      received: given,
    });
  return found.patient.id;
}
