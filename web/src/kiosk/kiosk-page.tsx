import { Button, Stack, TextInput } from "@mantine/core";
import { IconDeviceTv } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { ApiProblem } from "../app/api.ts";
import { useLive, useTitle } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { Loading } from "../app/pages.tsx";
import { Problem } from "../parts/problem.tsx";
import classes from "../sign-in/sign-in.module.css";
import { KioskWall } from "./kiosk-wall.tsx";
import { useEnrol, useKiosk } from "./use-kiosk.ts";

/** A screen on the wall of a ward, or the browser that is to become one. */
export function KioskPage() {
  const { refused } = useLive(monitor.ward);
  const [code] = useState(codeInAddress);
  const kiosk = useKiosk(refused !== null);
  const isNobody = kiosk.error instanceof ApiProblem && kiosk.error.status === 401;
  const { data, dataUpdatedAt, refetch } = kiosk;
  const knownAtRefusal = useRef<number | null>(null);
  useTitle(data?.name ?? "Screen");

  useEffect(() => {
    if (!refused) knownAtRefusal.current = null;
    else if (knownAtRefusal.current === null) {
      knownAtRefusal.current = dataUpdatedAt;
      void refetch();
    } else if (dataUpdatedAt > knownAtRefusal.current && !isNobody) {
      // It is let in again: the server could not say who it is, or a new code was used here.
      monitor.ward.reconnect();
    }
  }, [refused, dataUpdatedAt, isNobody, refetch]);

  if (isNobody) return <Enrol givenCode={code} hasEnded={data !== undefined} />;
  if (!data) return kiosk.error ? <Unknown error={kiosk.error} /> : <Loading what="Asking what this screen is" />;
  return <KioskWall kiosk={data} isRefused={refused !== null} />;
}

function Unknown({ error }: { readonly error: unknown }) {
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <h1>Not connected</h1>
        <p role="status">
          <b>NOT MONITORING.</b> It tries again by itself.
        </p>
        <Problem error={error} />
      </div>
    </main>
  );
}

/** The code out of a link, which then stands in no address any more. */
function codeInAddress(): string {
  const code = /^#code=([A-Za-z0-9-]{1,40})$/.exec(location.hash)?.[1] ?? "";
  if (code !== "") history.replaceState(null, "", location.pathname);
  return code;
}

function Enrol({ givenCode, hasEnded }: { readonly givenCode: string; readonly hasEnded: boolean }) {
  const [code, setCode] = useState(hasEnded ? "" : givenCode);
  const enrol = useEnrol();
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <IconDeviceTv size={44} aria-hidden />
        <h1>{hasEnded ? "This screen has ended" : "A screen for a ward"}</h1>
        <p role="status">
          <b>NOT MONITORING.</b> An administrator makes a code for this screen under Administration, Screens.
        </p>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            enrol.mutate(code.trim());
          }}
        >
          <Stack gap="md">
            <TextInput
              label="Code"
              size="lg"
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              placeholder="XXXX-XXXX-XXXX"
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              data-autofocus
            />
            {enrol.error instanceof ApiProblem && enrol.error.code === "LINK_EXPIRED" ? (
              <Problem error={new ApiProblem(410, { detail: "The code is wrong, has been used or has expired." })} />
            ) : (
              <Problem error={enrol.error} />
            )}
            <Button type="submit" size="lg" loading={enrol.isPending} disabled={code.trim() === ""}>
              Make this browser the screen
            </Button>
          </Stack>
        </form>
      </div>
    </main>
  );
}
