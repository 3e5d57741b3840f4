import { Button } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { IconEyeOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useMay, useNow, useWards } from "../app/hooks.ts";
import { count, formatWhen } from "../parts/format.ts";
import classes from "./access.module.css";
import { GrantDialog } from "./grant-dialog.tsx";
import { useUnwatched } from "./use-grants.ts";

/** On the ward: in which beds somebody lies whom nobody watches. */
export function UnwatchedOnWard({ wardId }: { readonly wardId: string }) {
  const unwatched = (useUnwatched().data ?? []).filter((one) => one.wardId === wardId);
  const zone = useWards().data?.find((one) => one.id === wardId)?.timeZone ?? "UTC";
  const mayAssign = useMay("admin");
  const [isAssigning, setAssigning] = useState(false);
  if (unwatched.length === 0) return null;
  return (
    <section className={`${classes.notice} ${classes.onWard}`} aria-label="Watched by nobody">
      <IconEyeOff size={22} aria-hidden />
      <div className={classes.text} role="alert">
        <b>Nobody watches {count(unwatched.length, "patient")}:</b>{" "}
        <ul>
          {unwatched.map((one) => (
            <li key={one.patientId}>
              <Link to="/patients/$patientId" params={{ patientId: one.patientId }} search={{ tab: "access" }}>
                bed {one.bed}
              </Link>
            </li>
          ))}
        </ul>
        {!mayAssign && ". Call an administrator, who assigns somebody."}
      </div>
      {mayAssign && (
        <Button size="xs" onClick={() => setAssigning(true)}>
          Assign somebody
        </Button>
      )}
      {isAssigning && (
        <GrantDialog wardId={wardId} purpose="monitoring" zone={zone} onClose={() => setAssigning(false)} />
      )}
    </section>
  );
}

/** On the patient's page, on every tab. */
export function UnwatchedPatient({ patient }: { readonly patient: PatientBody }) {
  const since = useUnwatched().data?.find((one) => one.patientId === patient.id)?.since;
  const now = useNow();
  const mayAssign = useMay("admin");
  const [isAssigning, setAssigning] = useState(false);
  if (since === undefined) return null;
  return (
    <section className={`${classes.notice} ${classes.inHeader}`} aria-label="Watched by nobody">
      <IconEyeOff size={22} aria-hidden />
      <div className={classes.text} role="alert">
        <b>Nobody watches this patient</b> since {formatWhen(since, now, patient.timeZone)}.{" "}
        {mayAssign ? "Nobody is there to answer their alarms." : "Call an administrator, who assigns somebody."}
      </div>
      {mayAssign && (
        <Button size="xs" onClick={() => setAssigning(true)}>
          Assign somebody
        </Button>
      )}
      {isAssigning && (
        <GrantDialog
          patient={patient}
          purpose="monitoring"
          zone={patient.timeZone}
          onClose={() => setAssigning(false)}
        />
      )}
    </section>
  );
}
