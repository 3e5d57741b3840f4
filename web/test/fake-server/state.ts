/** What is set from the command line and the terminal. */
export const port = Number(process.argv[2] ?? 8080);
export const isDemo = process.env.FAKE_DEMO !== "0";
export const role = (process.env.FAKE_ROLE ?? "administrator") as "nurse" | "administrator" | "clinical-engineer";
export const state: {
  storage: "ok" | "damaged" | "low" | "spooling" | "full" | "failed";
  isSilent: boolean;
  isSignedIn: boolean;
} = { storage: "ok", isSilent: false, isSignedIn: process.env.FAKE_SIGNED_OUT !== "1" };
