import assert from "node:assert/strict";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createGunzip } from "node:zlib";
import { addBeds, fhirOf, type RunningWard, removeDataDir, root, startWard } from "./support/ward.ts";

const DATA = join(root, "../shared/data/ecg");
const skip = existsSync(join(DATA, "mitdb")) ? false : "the recordings of ../shared/data are not on this machine";
const RECORDS = ["100", "208"];
const BIDMC = ["01", "12"];

interface Observation {
  resourceType: string;
  effectivePeriod?: { start: string };
  effectiveDateTime?: string;
  valueQuantity?: { value: number };
  valueSampledData?: { origin: { value: number }; period: number; factor?: number; data: string };
}
interface Bundle {
  entry?: { resource: Observation }[];
  link?: { relation: string; url: string }[];
}

let ward: RunningWard;
let beds: Awaited<ReturnType<typeof addBeds>>;

before(async () => {
  if (skip) return;
  ward = await startWard();
  beds = await addBeds(ward, RECORDS.length + BIDMC.length);
});

after(async () => {
  if (skip) return;
  await ward.stop();
  removeDataDir(ward.dataDir);
});

for (const [index, record] of RECORDS.entries()) {
  test(`MIT-BIH ${record}, replayed by MQTT, is read back through FHIR sample by sample`, { skip }, async () => {
    const bed = beds[index];
    assert.ok(bed);
    const report = await ward.json(
      "replay",
      join(DATA, "mitdb", `${record}.hea`),
      "--device",
      bed.deviceId,
      "--token",
      bed.token,
      "--speed",
      "max",
    );
    assert.ok(report);
    const header = readFileSync(join(DATA, "mitdb", `${record}.hea`), "utf8").split("\n");
    const channels = await format212(join(DATA, "mitdb", `${record}.dat.gz`));
    const signals = header.slice(1, 3).map((line) => line.trim().split(/\s+/).at(-1) ?? "");
    for (const [channel, name] of signals.entries()) {
      const code = SIGNAL_OF[name];
      assert.ok(code, `no signal for channel ${name}`);
      const pieces = await sampledData(bed.patientId, code);
      const read = pieces.flatMap((piece) => piece.data);
      const wanted = channels[channel] ?? [];
      assert.equal(read.length, wanted.length, `${name}: number of samples`);
      const firstWrong = read.findIndex((sample, i) => sample !== wanted[i]);
      assert.equal(
        firstWrong,
        -1,
        `${name}: sample ${firstWrong} is ${read[firstWrong]}, the file has ${wanted[firstWrong]}`,
      );
      for (const piece of pieces) {
        // (ADC - 1024) / 200 mV, as the headers of these records say.
        assert.ok(Math.abs(piece.factor - 1 / 200) < 1e-12);
        assert.ok(Math.abs(piece.origin + 1024 / 200) < 1e-9);
      }
    }
  });
}

for (const [index, patient] of BIDMC.entries()) {
  test(`the numerics of BIDMC ${patient}, replayed by MQTT, are read back through FHIR value by value`, {
    skip,
  }, async () => {
    const bed = beds[RECORDS.length + index];
    assert.ok(bed);
    const path = join(DATA, "bidmc", `bidmc_${patient}_Numerics.csv`);
    await ward.json("replay", path, "--device", bed.deviceId, "--token", bed.token, "--speed", "max");
    const [head, ...lines] = readFileSync(path, "utf8").trim().split("\n");
    const names = (head ?? "").split(",").map((name) => name.trim());
    for (const [name, signal] of Object.entries(COLUMNS)) {
      const column = names.indexOf(name);
      if (column < 0) continue;
      const wanted = lines
        .map((line) => line.split(",")[column]?.trim() ?? "")
        .filter((cell) => cell !== "" && Number.isFinite(Number(cell)))
        .map(Number);
      const read: (number | undefined)[] = (
        await all(`Observation?patient=${bed.patientId}&code=${signal}&_sort=date&_count=500`)
      ).map((o) => o.valueQuantity?.value);
      assert.deepEqual(read, wanted, `${name} of ${patient}`);
    }
  });
}

/** MDC codes: exact to the signal, where LOINC's heart rate is shared by several. */
const MDC = (code: number) => encodeURIComponent(`urn:iso:std:iso:11073:10101|${code}`);
const SIGNAL_OF: Record<string, string> = {
  MLII: MDC(131330),
  V1: MDC(131331),
  V2: MDC(131332),
  V5: MDC(131335),
};
const COLUMNS: Record<string, string> = { HR: MDC(147842), PULSE: MDC(149530), RESP: MDC(151562), SpO2: MDC(150456) };

async function sampledData(patientId: string, code: string) {
  const observations = await all(`Observation?patient=${patientId}&code=${code}&_sort=date&_count=50`);
  return observations.map(({ valueSampledData }) => {
    assert.ok(valueSampledData);
    return {
      origin: valueSampledData.origin.value,
      factor: valueSampledData.factor ?? 1,
      data: valueSampledData.data.split(" ").map((sample) => (sample === "E" ? null : Number(sample))),
    };
  });
}

async function all(path: string): Promise<Observation[]> {
  const fhir = await fhirOf(ward);
  const found: Observation[] = [];
  let next: string | undefined = path;
  while (next) {
    const bundle: Bundle = await fhir<Bundle>(next);
    for (const { resource } of bundle.entry ?? []) if (resource.resourceType === "Observation") found.push(resource);
    next = bundle.link?.find((link) => link.relation === "next")?.url;
  }
  return found;
}

/** Format 212, decoded here once more so that the reader under test does not check itself. */
async function format212(path: string): Promise<number[][]> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path).pipe(createGunzip())) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const channels: number[][] = [[], []];
  const signed = (value: number) => (value & 0x800 ? value - 0x1000 : value);
  for (let at = 0; at + 2 < bytes.length; at += 3) {
    const [low, middle, high] = [bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
    channels[0]?.push(signed(low | ((middle & 0x0f) << 8)));
    channels[1]?.push(signed(high | ((middle & 0xf0) << 4)));
  }
  return channels;
}
