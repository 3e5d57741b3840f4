import { day } from "./day.ts";
import { readOptions, USAGE } from "./options.ts";
import { profile } from "./profile.ts";
import { scale } from "./scale.ts";
import { sustained } from "./sustained.ts";
import { storeTable } from "./table.ts";

const parts = { table: storeTable, sustained, day, scale, profile } as const;
const USUAL = ["table", "sustained", "day"];

/** `npm run bench -- store ...`: prints as it goes, since the whole takes long. */
export async function store(args: readonly string[], say: (line: string) => void): Promise<void> {
  const { parts: wanted, options } = readOptions(args);
  for (const name of wanted) if (!Object.hasOwn(parts, name)) throw new Error(`unknown: ${name}\n${USAGE}`);
  for (const name of wanted.length > 0 ? wanted : USUAL) {
    say(`running store ${name} ...`);
    const run = parts[name as keyof typeof parts];
    console.log(`## store ${name}\n\n${await run(options, say)}\n`);
  }
}
