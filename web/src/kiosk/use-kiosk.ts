import type { AlarmBody } from "@openward/api";
import { startAuthentication } from "@simplewebauthn/browser";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ask, type Body } from "../app/api.ts";
import { monitor } from "../app/monitor.ts";

type AuthenticationOptions = Parameters<typeof startAuthentication>[0]["optionsJSON"];
type Shown = Body<"kioskAcknowledge">["by"];

const WHOLE_MS = 3_600_000;
/** While it is refused: a server that could not answer for a moment lets it in again. */
const REFUSED_MS = 5_000;

/** What this screen is; its time begins anew each time that it asks. */
export function useKiosk(isRefused: boolean) {
  return useQuery({
    queryKey: ["kiosk"],
    queryFn: async ({ signal }) => {
      const kiosk = await ask("kiosk", { signal });
      monitor.observe(kiosk.serverTime);
      return kiosk;
    },
    retry: false,
    refetchInterval: ({ state }) => (isRefused || state.status === "error" ? REFUSED_MS : WHOLE_MS),
    refetchIntervalInBackground: true,
  });
}

export function useEnrol() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (code: string) => ask("enrolKiosk", { body: { code } }),
    onSuccess: (kiosk) => queries.setQueryData(["kiosk"], kiosk),
  });
}

/** An answer to an alarm, at the revision that was looked at, and who gives it. */
export function useAnswer(alarm: AlarmBody) {
  return useMutation({
    mutationFn: (by: Shown) =>
      ask("kioskAcknowledge", { params: { id: alarm.id }, body: { revision: alarm.revision, by } }),
  });
}

export async function showPasskey(): Promise<Shown> {
  const { passkey } = await ask("kioskPasskey");
  if (!passkey) throw new Error("nobody can have a passkey at this address");
  const response = await startAuthentication({ optionsJSON: passkey as unknown as AuthenticationOptions });
  return { response: { ...response } };
}
