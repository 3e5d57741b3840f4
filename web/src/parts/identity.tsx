import type { PatientBody } from "@openward/api";
import { formatAge, formatBirthDate, sexWord } from "./format.ts";

/** An identifier is not broken across lines. */
const whole = { display: "inline-block", whiteSpace: "pre" } as const;

/** The second line of who it is: birth date, age, sex, record number. Two identifiers stand wherever values stand. */
export function Identity({
  patient,
  now,
  withSex = true,
}: {
  readonly patient: PatientBody;
  readonly now: number;
  readonly withSex?: boolean;
}) {
  const age = formatAge(patient.birthDate, now, patient.timeZone);
  return (
    <>
      <span style={whole}>
        {formatBirthDate(patient.birthDate)}
        {age && ` · ${age}`}
        {withSex && patient.sex !== "unknown" && ` · ${sexWord[patient.sex]}`}
        {" · "}
      </span>
      <span style={whole}>
        <abbr title="Record number">MRN</abbr> {patient.mrn}
      </span>
    </>
  );
}
