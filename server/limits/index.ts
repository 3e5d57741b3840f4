/** How often, and how soon again. README.md says what is where. */

export { type GateDeps, limitRequests } from "./gate.ts";
export { createGuesses, delayBehind, type Guess, type Guesses } from "./guesses.ts";
export { sourceOf } from "./sources.ts";
export { type Allowance, createSpending, type Spending } from "./spending.ts";
