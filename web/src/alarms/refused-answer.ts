import { ApiProblem, problemText } from "../app/api.ts";

/** Why an answer to an alarm did not count. */
export function refusalText(error: unknown): string {
  if (error instanceof ApiProblem && error.status === 409) {
    return "The alarm has changed since you looked: look at it, and answer again.";
  }
  if (error instanceof ApiProblem && error.status === 404) return "The alarm is over.";
  return problemText(error);
}

function createAnswerProblem() {
  let text: string | null = null;
  const listeners = new Set<() => void>();
  const set = (next: string | null) => {
    text = next;
    for (const listener of listeners) listener();
  };
  return {
    text: () => text,
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    say: (what: string) => set(what),
    clear: () => set(null),
  };
}

/** The one that was refused last, for the page's alert. */
export const answerProblem = createAnswerProblem();
