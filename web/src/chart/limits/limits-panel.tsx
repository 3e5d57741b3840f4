import { Alert, Group, Stack } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { IconAdjustmentsAlt } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { memo, useEffect } from "react";
import { useMay } from "../../app/hooks.ts";
import { Failed, Loading } from "../../app/pages.tsx";
import { ageGroupWord } from "../../patients/age-groups.ts";
import { useLimits } from "../use-chart.ts";
import { ChooseProfile } from "./choose-profile.tsx";
import { LimitsEditor } from "./limits-editor.tsx";

/**
 * The alarm limits of this patient. Where the age is not known, a person chooses first. Drawn anew when the patient
 * changes, not with every number: its fields are many.
 */
export const LimitsPanel = memo(function LimitsPanel({ patient }: { readonly patient: PatientBody }) {
  const limits = useLimits(patient.id);
  const mayChange = useMay("clinical");
  const queries = useQueryClient();
  // A new tile tells that somebody has changed something here.
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ["limits", patient.id] });
  }, [patient, queries]);
  if (limits.isPending) return <Loading what="Loading limits" />;
  if (limits.isError && !limits.data) return <Failed error={limits.error} retry={() => limits.refetch()} />;
  const { profile, limits: set } = limits.data;
  return (
    <Stack gap="md">
      {profile === null ? (
        <Alert icon={<IconAdjustmentsAlt size={22} />} variant="outline" color="gray" title="No limits are watched">
          The age of this patient is not known, and an adult's limits are never taken for a child. Choose whose limits
          to begin with:
          {mayChange && <ChooseProfile patient={patient} profile={null} set={set} />}
        </Alert>
      ) : (
        <Group justify="space-between">
          <span>
            Default limits of: <b>{ageGroupWord(profile)}</b>
          </span>
          {mayChange && <ChooseProfile patient={patient} profile={profile} set={set} />}
        </Group>
      )}
      {(profile !== null || set.length > 0) && (
        <LimitsEditor key={`${patient.id} ${profile}`} patient={patient} set={set} mayChange={mayChange} />
      )}
    </Stack>
  );
});
