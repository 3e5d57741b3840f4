import { Button } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { IconUrgent } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useNow } from "../app/hooks.ts";
import { Confirm } from "../parts/confirm.tsx";
import { formatCountdown, formatWhen } from "../parts/format.ts";
import classes from "./access.module.css";
import { useBrokenGlass, useEndBreakGlass } from "./use-break-glass.ts";

/** On every tab of the patient: that they are seen by an emergency, for how long still, and the way to end it. */
export function GlassMarker({ patient }: { readonly patient: PatientBody }) {
  const now = useNow();
  const navigate = useNavigate();
  const end = useEndBreakGlass();
  const [isEnding, setEnding] = useState(false);
  const running = (useBrokenGlass().data ?? []).filter(
    ({ reach, to }) => reach.kind === "patient" && reach.patientId === patient.id && to !== null && to > now,
  );
  const [last] = running.toSorted((a, b) => (b.to ?? 0) - (a.to ?? 0));
  if (!last || last.to === null) return null;
  const endAll = async () => {
    for (const { id } of running) await end.mutateAsync(id);
    await navigate({ to: "/patients" });
  };
  return (
    <section className={`${classes.notice} ${classes.running} ${classes.inHeader}`} aria-label="Emergency access">
      <IconUrgent size={24} aria-hidden />
      <div className={classes.text}>
        <b>Emergency access.</b> You see this patient because you said: “{last.reason}”. It ends by itself at{" "}
        {formatWhen(last.to, now, patient.timeZone)}, and is looked at by the privacy officer.
      </div>
      <output aria-label="Time left">{formatCountdown(last.to - now)} left</output>
      <Button size="xs" variant="default" onClick={() => setEnding(true)}>
        End now
      </Button>
      <Confirm
        isOpen={isEnding}
        onClose={() => setEnding(false)}
        title="End emergency access"
        action="End now"
        isPending={end.isPending}
        error={end.error}
        onConfirm={() => void endAll().catch(() => {})} // told by `end.error`
      >
        You no longer see <b>{patient.name}</b>, unless another permission shows them to you. Breaking the glass again
        needs a new reason.
      </Confirm>
    </section>
  );
}
