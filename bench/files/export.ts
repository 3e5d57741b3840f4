import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

const KINDS = [
  ["HeartRate", "count/min", 40, 140],
  ["StepCount", "count", 1, 900],
  ["ActiveEnergyBurned", "kcal", 1, 40],
  ["DistanceWalkingRunning", "km", 0, 1],
  ["OxygenSaturation", "%", 0, 1],
  ["BasalEnergyBurned", "kcal", 1, 30],
] as const;
const DEVICE =
  "&lt;&lt;HKDevice: 0x282a45810&gt;, name:Apple Watch, manufacturer:Apple, model:Watch, hardware:Watch2,4, software:4.3.1&gt;";

/** Writes an export.xml of at least so many bytes, the same for the same seed; gives how many records each kind has. */
export async function writeExport(path: string, bytes: number, seed: number): Promise<Record<string, number>> {
  const file = createWriteStream(path);
  const counts: Record<string, number> = {};
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let written = 0;
  let at = Date.UTC(2019, 0, 1);
  const write = async (text: string) => {
    written += Buffer.byteLength(text);
    if (!file.write(text)) await once(file, "drain");
  };
  await write(
    `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [\n<!ELEMENT HealthData (Record*)>\n]>\n<HealthData locale="en_GB">\n`,
  );
  while (written < bytes) {
    let text = "";
    for (let i = 0; i < 500; i++) {
      const [kind, unit, low, high] = KINDS[Math.floor(random() * KINDS.length)] as (typeof KINDS)[number];
      counts[kind] = (counts[kind] ?? 0) + 1;
      at += 1000 + Math.floor(random() * 60_000);
      const time = new Date(at).toISOString();
      const shown = `${time.slice(0, 10)} ${time.slice(11, 19)} +0000`;
      const value = (low + random() * (high - low)).toFixed(kind === "HeartRate" ? 0 : 4);
      text += ` <Record type="HKQuantityTypeIdentifier${kind}" sourceName="Watch" sourceVersion="9.1" device="${DEVICE}" unit="${unit}" creationDate="${shown}" startDate="${shown}" endDate="${shown}" value="${value}">\n  <MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="1"/>\n </Record>\n`;
    }
    await write(text);
  }
  await write("</HealthData>\n");
  file.end();
  await finished(file);
  return counts;
}
