import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Where tests stand; what is of a browser or a server is told by its name. */
const FOLDERS = ["packages", "server", "gateway", "simulator", "web", "bench", "validate", "models", "test"];

/** At most so many files share a process: what one of them leaves behind goes with it, and the last process is not long. */
const FILES_IN_ONE = 16;

/** Longer than this is no handful of pure tests; its process is worth its start. */
const SHARED_BYTES_MAX = 16_000;

/**
 * What a file does to the process that it runs in, or to each test in it: hooks outside of a test are those of all tests of
 * the process, a memory measured is everybody's.
 */
const TOUCHES_ITS_PROCESS = [
  /\b(before|after|beforeEach|afterEach)\(/,
  /\bprocess\.(on|once|exit|exitCode|chdir|kill|memoryUsage)\b/,
  /\bprocess\.env(\.\w+|\[[^\]]+\]) = /,
  /\bmock\./,
  /\bsetFlagsFromString\b/,
  /\bglobalThis\.\w+ =[^=]/,
  /\bnew Worker\b/,
  /\bawait wait\(|\bsetTimeout\b|node:timers\/promises/,
  /\b(spawn|exec|fork)\w*\(/,
];

/** By name: tests of what takes its time, each in a process of its own. */
const ALONE = [/\.int\.test\.ts$/, /^web\/e2e\//, /^test\//, /^bench\//];

export function testFiles(root: string): string[] {
  return FOLDERS.flatMap((folder) =>
    globSync(`${folder}/**/*.test.ts`, { cwd: root, exclude: (name) => name === "node_modules" }),
  ).sort();
}

export interface Plan {
  /** Each in a process of its own, in the order in which they begin. */
  readonly alone: readonly string[];
  /** Each list in one process. */
  readonly together: readonly (readonly string[])[];
}

/**
 * Which test files share a process. A process costs a third of a second and most pure tests take a hundredth: two hundred starts
 * were a minute and a half of what a run took.
 *
 * @param files paths below `root`
 */
export function planOf(root: string, files: readonly string[]): Plan {
  const shared = files.filter((file) => canShare(file, readFileSync(join(root, file), "utf8")));
  const alone = files.filter((file) => !shared.includes(file));
  return { alone: spread(root, alone), together: batches(shared) };
}

export function canShare(file: string, text: string): boolean {
  if (ALONE.some((pattern) => pattern.test(file)) || text.length > SHARED_BYTES_MAX) return false;
  return !TOUCHES_ITS_PROCESS.some((pattern) => pattern.test(text));
}

/** Neighbours share a process: they read the same modules. */
function batches(files: readonly string[]): string[][] {
  const rooms = Map.groupBy(files, (file) => file.split("/").slice(0, 2).join("/"));
  const full: string[][] = [];
  let open: string[] = [];
  for (const room of [...rooms.values()]) {
    for (const file of room) {
      open.push(file);
      if (open.length < FILES_IN_ONE) continue;
      full.push(open);
      open = [];
    }
  }
  return open.length > 0 ? [...full, open] : full;
}

/**
 * The longest first, so that the last to end is short; a browser's files among the others, as several browsers at once take each
 * other's time. A file's length in bytes is how much it does, near enough.
 */
function spread(root: string, files: readonly string[]): string[] {
  const bySize = files.toSorted((a, b) => statSync(join(root, b)).size - statSync(join(root, a)).size);
  const kinds = [
    bySize.filter((file) => file.startsWith("web/e2e/")),
    bySize.filter((file) => file.endsWith(".int.test.ts")),
    bySize.filter((file) => !file.startsWith("web/e2e/") && !file.endsWith(".int.test.ts")),
  ];
  const places = kinds.flatMap((kind) => kind.map((file, i) => ({ file, at: (i + 0.5) / kind.length })));
  return places.sort((a, b) => a.at - b.at).map(({ file }) => file);
}
