import { startAuthentication, startRegistration } from "@simplewebauthn/browser";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Answer, ask } from "../app/api.ts";

type RegistrationOptions = Parameters<typeof startRegistration>[0]["optionsJSON"];
type AuthenticationOptions = Parameters<typeof startAuthentication>[0]["optionsJSON"];

export function useAbout() {
  return useQuery({ queryKey: ["about"], queryFn: ({ signal }) => ask("about", { signal }) });
}

export function usePasskeys() {
  return useQuery({ queryKey: ["passkeys"], queryFn: ({ signal }) => ask("passkeys", { signal }) });
}

export function useSessions() {
  return useQuery({ queryKey: ["sessions"], queryFn: ({ signal }) => ask("sessions", { signal }) });
}

export function useAddPasskey() {
  const queries = useQueryClient();
  return useMutation({
    async mutationFn(name: string) {
      // What WebAuthn is given and gives back is its own JSON, of which the contract says no more.
      const optionsJSON = (await ask("enrolPasskey")) as unknown as RegistrationOptions;
      const response = await startRegistration({ optionsJSON });
      return ask("addPasskey", { body: { name, response: { ...response } } });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["passkeys"] }),
  });
}

export function useRemovePasskey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask("removePasskey", { params: { id } }),
    onSettled: () =>
      Promise.all(["passkeys", "sessions", "session"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
}

export function useOwnApplications() {
  return useQuery({ queryKey: ["own-applications"], queryFn: ({ signal }) => ask("ownApplications", { signal }) });
}

export function useEndApplication() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask("endApplication", { params: { id } }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["own-applications"] }),
  });
}

export function useEndSession() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ask("endSession", { params: { id } }),
    onSettled: () => Promise.all(["sessions", "session"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
}

export async function signInWithPasskey(): Promise<Answer<"signInWithPasskey">> {
  const optionsJSON = (await ask("passkeyChallenge")) as unknown as AuthenticationOptions;
  const response = await startAuthentication({ optionsJSON });
  return ask("signInWithPasskey", { body: { response: { ...response } } });
}

export function useCodeSignIn() {
  return useQuery({ queryKey: ["codes"], queryFn: ({ signal }) => ask("codeSignIn", { signal }) });
}

export function useRemoveCodes() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => ask("removeCodeSignIn"),
    onSettled: () =>
      Promise.all(["codes", "sessions", "session"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
}

/** With what one can show that it is oneself: as the server has it. */
export async function proveWithPasskey(options: NonNullable<Answer<"proofChallenge">["passkey"]>): Promise<void> {
  const response = await startAuthentication({ optionsJSON: options as unknown as AuthenticationOptions });
  await ask("prove", { body: { response: { ...response } } });
}

export async function unlockWithPasskey(options: NonNullable<Answer<"unlockWays">["passkey"]>): Promise<void> {
  const response = await startAuthentication({ optionsJSON: options as unknown as AuthenticationOptions });
  await ask("unlock", { body: { response: { ...response } } });
}

/** One sentence for a person, where the browser and not the server said no. */
export function authenticatorText(error: unknown): string | null {
  if (!(error instanceof Error) || error.name === "ApiProblem") return null;
  if (error.name === "NotAllowedError") return "It was cancelled, or took too long.";
  if (error.name === "InvalidStateError") return "This device has a passkey of yours already.";
  return "This browser could not use a passkey here.";
}
