import { codecs } from "@openward/codecs/raw";
import { fuzz } from "./fuzz.ts";
import { udi, udiSeeds } from "./labels.ts";

/** What this thread has worked: on a machine that does other work too, the time that passes says little of a decoder. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** `npm run campaign:fuzz [-- codec inputs seed]`: every codec of the registry and the labels of devices ("udi"), a million inputs each. */
export async function campaignOfFuzzing(args: string[]): Promise<number> {
  const [name = "all", inputs = "1000000", seed = "1"] = args;
  const wanted = [...codecs, udi].filter(
    (codec) => name === "all" || codec.name === name || codec.name.startsWith(`${name}/`),
  );
  if (wanted.length === 0) {
    console.error(`no codec ${name}; there are ${codecs.map((codec) => codec.name).join(", ")}`);
    return 2;
  }
  const started = performance.now();
  let all = 0;
  for (const codec of wanted) {
    const before = performance.now();
    try {
      const { decoded, refused, slowestMs, most } = fuzz(
        codec,
        Number(inputs),
        Number(seed),
        cpuMs,
        codec === udi ? udiSeeds : [],
      );
      const codes = [...refused].map(([code, count]) => `${code} ${count}`).join(", ");
      const seconds = ((performance.now() - before) / 1000).toFixed(1);
      console.log(
        `${codec.name}: ${inputs} inputs in ${seconds} s, ${decoded} decoded, refused ${codes}; slowest ${slowestMs.toFixed(1)} ms, at most ${most} out of one`,
      );
      all += Number(inputs);
    } catch (error) {
      console.error(`seed ${seed}:`, error);
      return 1;
    }
  }
  console.log(
    `${wanted.length} codecs, ${all} inputs in ${((performance.now() - started) / 1000).toFixed(0)} s, seed ${seed}`,
  );
  return 0;
}
