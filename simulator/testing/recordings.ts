import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Real recordings for tests; null where they are not on this machine. */
export function sharedEcg(): string | null {
  const folder = fileURLToPath(new URL("../../../shared/data/ecg/", import.meta.url));
  return existsSync(folder) ? folder : null;
}

/** A folder with the given files, gone when the test ends. */
export function folderWith(
  context: { after: (clean: () => void) => void },
  files: Readonly<Record<string, string | Uint8Array>>,
): string {
  const folder = mkdtempSync(join(tmpdir(), "openward-wfdb-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** Pack samples as format 212. */
export function pack212(samples: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < samples.length; i += 2) {
    const a = samples[i]! & 0xfff;
    const b = (samples[i + 1] ?? 0) & 0xfff;
    bytes.push(a & 0xff, (a >> 8) | ((b >> 8) << 4));
    if (i + 1 < samples.length) bytes.push(b & 0xff);
  }
  return Uint8Array.from(bytes);
}

export function pack16(samples: readonly number[]): Uint8Array {
  return new Uint8Array(Int16Array.from(samples).buffer);
}
