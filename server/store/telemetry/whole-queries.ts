import type { StreamQueries } from "./queries.ts";
import type { Recovery } from "./recovery.ts";

/** The same questions, answered when the journal has been read. What streams there are is known before. */
export function wholeQueries(queries: StreamQueries, recovery: Recovery): StreamQueries {
  async function* afterwards<T>(begin: () => AsyncGenerator<T>): AsyncGenerator<T> {
    await recovery.wait();
    yield* begin();
  }
  const generated = <T>(begin: () => AsyncGenerator<T>) => (recovery.isWhole ? begin() : afterwards(begin));

  return {
    known: queries.known,
    newest(...asked) {
      recovery.check();
      return queries.newest(...asked);
    },
    columns: (...asked) => generated(() => queries.columns(...asked)),
    waveforms: (...asked) => generated(() => queries.waveforms(...asked)),
    async trends(...asked) {
      await recovery.wait();
      return queries.trends(...asked);
    },
    async distribution(...asked) {
      await recovery.wait();
      return queries.distribution(...asked);
    },
    async line(...asked) {
      await recovery.wait();
      return queries.line(...asked);
    },
    async overview(...asked) {
      await recovery.wait();
      return queries.overview(...asked);
    },
  };
}
