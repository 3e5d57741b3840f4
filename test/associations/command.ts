import { live, noTally } from "./campaign.ts";

/** `npm run campaign:associations [-- histories seed]`; a history that failed alone: `-- 1 SEED`. */
export async function campaignOfAssociations(args: string[]): Promise<number> {
  const [histories = process.env.RUNS ?? "100000", from = process.env.SEED ?? "1"] = args;
  const tally = noTally();
  const started = performance.now();
  const lost: number[] = [];
  for (let i = 0; i < Number(histories); i++) {
    const seed = Number(from) + i;
    const before = { ...tally };
    await live(seed, tally);
    const isAllPlaced = tally.unambiguousPlaced - before.unambiguousPlaced === tally.unambiguous - before.unambiguous;
    if (tally.wrong === before.wrong && isAllPlaced) continue;
    if (lost.length < 10) console.error(`seed ${seed}: ${tally.wrong - before.wrong} on the wrong patient`);
    lost.push(seed);
  }
  const { delivered, unambiguous, unambiguousPlaced, wrong, putRight, quarantined, claimed } = tally;
  const percent = ((100 * unambiguousPlaced) / unambiguous).toFixed(4);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    `${tally.histories} histories from seed ${from} in ${seconds} s, ${delivered} readings delivered: ${wrong} on the wrong patient; ` +
      `${unambiguousPlaced} of ${unambiguous} unambiguous ones placed (${percent} %); ` +
      `${putRight} put right that came before a change was told; ${quarantined} quarantined, ${claimed} of them claimed`,
  );
  return wrong === 0 && unambiguousPlaced >= 0.999 * unambiguous ? 0 : 1;
}
