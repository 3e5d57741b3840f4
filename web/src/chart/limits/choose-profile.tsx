import { Button, Group } from "@mantine/core";
import type { LimitsBody, PatientBody } from "@openward/api";
import { useState } from "react";
import { useNow } from "../../app/hooks.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { formatAge, formatBirthDate } from "../../parts/format.ts";
import { Problem } from "../../parts/problem.tsx";
import { longName } from "../../parts/signal-display.ts";
import { type AgeGroup, ageGroups, ageGroupWord } from "../../patients/age-groups.ts";
import { useChooseProfile } from "../use-chart.ts";
import { boundsText } from "./bounds-text.ts";

export interface ChooseProfileProps {
  readonly patient: PatientBody;
  readonly profile: AgeGroup | null;
  readonly set: readonly LimitsBody[];
}

/** Whose default limits are watched. Where something is lost or does not fit the age, a person says so twice. */
export function ChooseProfile({ patient, profile, set }: ChooseProfileProps) {
  const choose = useChooseProfile(patient.id);
  const now = useNow();
  const [asked, setAsked] = useState<AgeGroup | null>(null);
  const byHand = set.filter((l) => !l.isDefault);
  const isOther = asked !== null && patient.ageGroup !== null && asked !== patient.ageGroup;
  const age = formatAge(patient.birthDate, now, patient.timeZone);
  const take = (group: AgeGroup) => {
    // Nothing to lose, and no age that could speak against it.
    if (profile === null && patient.ageGroup === null && byHand.length === 0) choose.mutate({ ageGroup: group });
    else setAsked(group);
  };
  const close = () => {
    setAsked(null);
    choose.reset();
  };
  return (
    <>
      <Group gap="xs" mt={profile === null ? "sm" : 0}>
        {ageGroups
          .filter((g) => g.value !== profile)
          .map((g) => (
            <Button
              key={g.value}
              size={profile === null ? "md" : "xs"}
              variant={profile === null ? "filled" : "default"}
              loading={choose.isPending && choose.variables?.ageGroup === g.value}
              onClick={() => take(g.value)}
            >
              {profile === null ? g.label : `Use limits of: ${g.label}`}
            </Button>
          ))}
      </Group>
      {asked === null && <Problem error={choose.error} />}
      <Confirm
        isOpen={asked !== null}
        onClose={close}
        title={asked === null ? "" : `Limits of: ${ageGroupWord(asked)}`}
        action={asked === null ? "" : `Use limits of: ${ageGroupWord(asked)}`}
        isDangerous={isOther}
        isPending={choose.isPending}
        error={choose.error}
        onConfirm={() => asked && choose.mutate({ ageGroup: asked, confirm: true }, { onSuccess: close })}
      >
        <p style={{ marginTop: 0 }}>
          <b>{patient.name}</b>, {patient.mrn}: born {formatBirthDate(patient.birthDate)}
          {age && `, ${age}`}.{profile !== null && ` Watched now with the limits of: ${ageGroupWord(profile)}.`}
        </p>
        {isOther && asked && patient.ageGroup && (
          <p role="alert">
            <b>
              By age this patient is: {ageGroupWord(patient.ageGroup)}. Limits of: {ageGroupWord(asked)} can miss what
              is dangerous at this age.
            </b>
          </p>
        )}
        {byHand.length > 0 && (
          <>
            <p style={{ marginBottom: 0 }}>These limits were set by hand and will be lost:</p>
            <ul style={{ margin: 0 }}>
              {byHand.map((l) => (
                <li key={l.signal}>
                  {longName(l.signal)}: {boundsText(l)}, by {l.setBy}
                </li>
              ))}
            </ul>
          </>
        )}
      </Confirm>
    </>
  );
}
