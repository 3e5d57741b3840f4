import { Alert } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { IconEyeOff } from "@tabler/icons-react";
import { useNow } from "../app/hooks.ts";
import { formatWhen } from "../parts/format.ts";
import { useHidden } from "./use-hidden.ts";

/** What is missing by the patient's wish, and since when: what is not there is not taken for what was not measured. */
export function HiddenNotice({ patient }: { readonly patient: PatientBody }) {
  const { data } = useHidden(patient.id);
  const now = useNow();
  if (!data || data.hidden.length === 0) return null;
  return (
    <Alert variant="light" color="gray" icon={<IconEyeOff size={20} />} title="Not everything is shown" mb="xs">
      {data.hidden.map(({ category, consentId, words, since }) => (
        <p key={`${category} ${consentId}`} style={{ margin: "0.1rem 0" }}>
          {words}
          {since === null ? "." : `, since ${formatWhen(since, now, patient.timeZone)}.`}
        </p>
      ))}
    </Alert>
  );
}
